"""Starting and stopping child processes so that none outlives its parent, however the parent ends."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class LocalError(Exception):
    """Something on this machine prevents the start; the message is one clear sentence for the person who started it."""


@dataclass
class Child:
    """A running child: its name as people read it, its log, and the signal it ends well on."""

    name: str
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals
    log_start: int = 0
    descriptors: tuple[int, ...] = ()
    restarts: list[float] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def output(self) -> str:
        """What the child has written to its log since it was started."""
        with self.log.open("rb") as file:
            file.seek(self.log_start)
            return file.read().decode(errors="replace")

    def tail(self, lines: int = 15) -> str:
        return "\n".join(self.output().splitlines()[-lines:])

    def ask_to_stop(self) -> None:
        if not self.ended:
            self.process.send_signal(self.stop_signal)

    def wait(self, until: float) -> None:
        """Wait for the end until the given monotonic time, then end the child's whole session."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, until - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    stop_signal: signal.Signals = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    user: str | None = None,
    descriptors: tuple[int, ...] = (),
) -> Child:
    """Start a child in a session of its own that gets `stop_signal` when this process dies. To be called from the main thread only."""
    parent = os.getpid()

    def follow_parent() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:
            os._exit(1)

    log.parent.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    with log.open("ab") as out:
        begin = out.tell()
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd=folder,
            start_new_session=True,
            preexec_fn=follow_parent,
            user=user,
            group=_group(user),
            extra_groups=None if user is None else [],
            pass_fds=descriptors,
        )
    return Child(name, words, log, process, stop_signal, begin, descriptors)


def stop(children: Sequence[Child], seconds: float = 15) -> None:
    """Ask all to stop, give them the time together, then end what is left of them."""
    for child in children:
        child.ask_to_stop()
    until = time.monotonic() + seconds
    for child in children:
        child.wait(until)


def run_as(user: str | None, command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a short command to its end as another user of the machine (or as ourselves), from the root folder."""
    words = [str(word) for word in command]
    env = None if environment is None else dict(environment)
    groups = None if user is None else list[str | int]()
    return subprocess.run(words, check=False, capture_output=True, text=True, cwd="/", env=env, user=user, group=_group(user), extra_groups=groups)


def _group(user: str | None) -> int | None:
    return None if user is None else pwd.getpwnam(user).pw_gid
