"""Work on one document in a process of its own: forked from this warm one, capped in memory and time, without network (rows 80, 82).

A document that nobody can render costs its own child and nothing else. The fork runs no new program, so fonts and style sheets need not be read again.
"""

import ctypes
import errno
import gc
import json
import logging
import os
import resource
import select
import signal
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from billing_portal.kernel.errors import DomainError

log = logging.getLogger(__name__)
PIECE = 64 * 1024
LONGEST_REASON = 1_000
SHUT = ("socket.", "subprocess.", "urllib.", "smtplib.", "ftplib.", "os.exec", "os.posix_spawn", "os.fork", "os.system")
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
OUT_OF_MEMORY = b'{"memory": true}'
_forking = Lock()  # a second fork meanwhile would keep the first one's pipe open


class RenderingRefusedError(RuntimeError):
    """The document asked for something that is not in its bundle (row 80)."""


class ShutDoorError(RuntimeError):
    """Something in the child reached for the network or for another program."""


@dataclass(frozen=True)
class Caps:
    """What a child may use: bytes of memory above its parent's, seconds of one processor, seconds by the clock."""

    memory: int = 512 * 1024 * 1024
    cpu_seconds: int = 60
    wall_seconds: float = 150


CAPS = Caps()


def run(work: Callable[[], dict[str, Any]], caps: Caps = CAPS) -> dict[str, Any]:
    """What `work` answers, done in a child within the caps; the answer is plain JSON, files it makes are its own affair.

    Raises what the work raised if it is a DomainError, OSError or RenderingRefusedError, and `pdf_failed` with the reason for all else.
    """
    pid, reader = _fork(work, caps)
    try:
        told = _listen(reader, caps.wall_seconds)
    finally:
        os.close(reader)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)  # it has answered, or its time is over
        _pid, status = os.waitpid(pid, 0)
    if told is None:
        raise _failed(_("it was not done in %(seconds)s s") % {"seconds": caps.wall_seconds})
    return _answer(told, status, caps)


def _fork(work: Callable[[], dict[str, Any]], caps: Caps) -> tuple[int, int]:
    """The child's number, and where it tells what came of it."""
    with _forking:
        reader, writer = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _live(work, writer, parent, caps)
        os.close(writer)
    return pid, reader


def _listen(reader: int, seconds: float) -> bytes | None:
    """All that the child says until it ends; None when its time is over before."""
    deadline, pieces = time.monotonic() + seconds, b""
    ears = select.poll()
    ears.register(reader, select.POLLIN)
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not ears.poll(left * 1000):
            return None
        piece = os.read(reader, PIECE)
        if not piece:
            return pieces
        pieces += piece


def _answer(told: bytes, status: int, caps: Caps) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(told) if told else {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}
    match message:
        case {"done": dict(done)}:
            return done
        case {"domain": [code, text, field]}:
            raise DomainError(code, text, field)
        case {"system": [number, text]}:
            raise OSError(number, text)
        case {"refused": text}:
            raise RenderingRefusedError(text)
        case {"memory": True}:
            raise _failed(_("it needs more than %(size)d MiB of memory") % {"size": caps.memory // 1024**2})
        case {"other": text}:
            raise _failed(text)
        case {"signal": signal.SIGXCPU | signal.SIGKILL}:
            raise _failed(_("it needs more than %(seconds)d s of a processor") % {"seconds": caps.cpu_seconds})
    raise _failed(_("its process ended by signal %(number)s, most likely for want of memory") % {"number": message.get("signal")})


def _failed(reason: str) -> DomainError:
    return DomainError("pdf_failed", _("The PDF cannot be made: %(reason)s.") % {"reason": reason})


def _live(work: Callable[[], dict[str, Any]], writer: int, parent: int, caps: Caps) -> NoReturn:
    """The whole life of the child. It ends without clean-up: what it holds open belongs to its parent."""
    try:
        _shut_in(writer, parent, caps)
        os.write(writer, _told(work))
    finally:
        os._exit(0)


def _told(work: Callable[[], dict[str, Any]]) -> bytes:
    try:
        message: dict[str, Any] = {"done": work()}
    except MemoryError:
        return OUT_OF_MEMORY
    except DomainError as problem:
        message = {"domain": [problem.code, problem.message[:LONGEST_REASON], problem.field]}
    except OSError as problem:
        if problem.errno == errno.ENOMEM:
            return OUT_OF_MEMORY
        message = {"system": [problem.errno, str(problem.strerror)]}
    except RenderingRefusedError as problem:
        message = {"refused": str(problem)[:LONGEST_REASON]}
    except RecursionError:
        message = {"other": _("it is nested too deeply")}
    except Exception as problem:
        log.exception("A document could not be rendered")
        message = {"other": f"{type(problem).__name__}: {problem}"[:LONGEST_REASON]}
    return json.dumps(message).encode()


def _shut_in(writer: int, parent: int, caps: Caps) -> None:
    """Limits, no network, no other programs, no open connection of the parent; it dies with its parent."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)
        _cap(resource.RLIMIT_AS, _memory() + caps.memory)
    _cap(resource.RLIMIT_CPU, caps.cpu_seconds)
    _cap(resource.RLIMIT_CORE, 0)
    _close_sockets()
    sys.addaudithook(_shut)
    gc.disable()


def _cap(what: int, most: int) -> None:
    """Lower a limit; one that is lower already stays."""
    _soft, hard = resource.getrlimit(what)
    limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (limit, hard if what == resource.RLIMIT_CPU else limit))


def _memory() -> int:
    """The address space of this process in bytes, as the kernel counts it for RLIMIT_AS."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _close_sockets() -> None:
    for name in os.listdir("/dev/fd"):
        with suppress(OSError):  # the descriptor of the listing itself is gone by now
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                os.close(int(name))


def _shut(event: str, arguments: tuple[object, ...]) -> None:
    """Python asks here before it opens a socket or starts a program; a hook cannot be taken away again."""
    if event.startswith(SHUT):
        raise ShutDoorError(f"A document may not use {event}")
