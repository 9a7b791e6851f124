"""A child for each document: capped, without network, and the only one that a bomb kills."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from mmap import mmap
from typing import Any

import pytest

from billing_portal.kernel.errors import DomainError
from invoicing.documents import child
from invoicing.documents.child import Caps

SMALL = Caps(memory=64 * 1024 * 1024, cpu_seconds=1, wall_seconds=20)


def failing(problem: Exception) -> Callable[[], dict[str, Any]]:
    def work() -> dict[str, Any]:
        raise problem

    return work


def reason(work: Callable[[], Any], caps: Caps = SMALL) -> str:
    with pytest.raises(DomainError, match="pdf_failed") as failed:
        child.run(work, caps)
    return failed.value.message


def test_what_the_child_answers_comes_back_and_the_parent_is_untouched() -> None:
    told: list[int] = []

    def work() -> dict[str, Any]:
        told.append(1)
        return {"pid": os.getpid()}

    answer = child.run(work)

    assert answer["pid"] != os.getpid()
    assert told == []


def test_no_child_is_left_behind() -> None:
    pid = child.run(lambda: {"pid": os.getpid()})["pid"]

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def in_pieces() -> dict[str, Any]:
    """200 MiB that nobody had before: what the parent once used and gave back would be taken first by a bytearray."""
    kept = [mmap(-1, 1024 * 1024) for _n in range(200)]
    return {"size": len(kept)}


def at_once() -> dict[str, Any]:
    return {"size": len(bytearray(64 * 1024**3))}


@pytest.mark.rel(82)
@pytest.mark.parametrize("bomb", [in_pieces, at_once])
def test_one_that_wants_too_much_memory_is_ended_with_the_reason(bomb: Callable[[], dict[str, Any]]) -> None:
    assert reason(bomb) == "The PDF cannot be made: it needs more than 64 MiB of memory."


@pytest.mark.rel(82)
def test_one_that_stays_below_its_cap_is_done() -> None:
    assert child.run(in_pieces, Caps(memory=400 * 1024 * 1024)) == {"size": 200}


@pytest.mark.rel(82)
def test_one_that_computes_for_ever_is_ended_with_the_reason() -> None:
    def bomb() -> dict[str, Any]:
        while True:
            pass

    assert reason(bomb) == "The PDF cannot be made: it needs more than 1 s of a processor."


@pytest.mark.rel(82)
def test_one_that_waits_for_ever_is_ended_by_the_clock() -> None:
    began = time.monotonic()

    assert reason(lambda: time.sleep(60), Caps(wall_seconds=0.3)) == "The PDF cannot be made: it was not done in 0.3 s."
    assert time.monotonic() - began < 10


@pytest.mark.rel(82)
def test_one_that_dies_is_told_by_its_signal() -> None:
    assert "its process ended by signal 10" in reason(lambda: os.kill(os.getpid(), signal.SIGUSR1))


def test_what_the_child_raises_is_raised_here() -> None:
    with pytest.raises(DomainError, match="document_too_large") as refused:
        child.run(failing(DomainError("document_too_large", "Too long.", "note")))
    assert (refused.value.message, refused.value.field) == ("Too long.", "note")
    with pytest.raises(OSError, match="No space left") as full:
        child.run(failing(OSError(28, "No space left on device")))
    assert full.value.errno == 28
    with pytest.raises(child.RenderingRefusedError, match="fetch x"):
        child.run(failing(child.RenderingRefusedError("may not fetch x")))
    assert reason(failing(ValueError("odd"))) == "The PDF cannot be made: ValueError: odd."
    assert reason(failing(RecursionError())) == "The PDF cannot be made: it is nested too deeply."


@pytest.mark.rel(80)
def test_the_child_reaches_nobody_and_starts_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = server.getsockname()

        assert "may not use socket." in reason(lambda: socket.create_connection(address))
        assert "may not use subprocess.Popen" in reason(lambda: subprocess.run(["true"], check=True))
        assert "may not use os.system" in reason(lambda: os.system("true"))
        with pytest.raises(TimeoutError):
            server.accept()
        server_number = server.fileno()
        with pytest.raises(OSError, match="Bad file descriptor"):
            child.run(lambda: {"size": os.fstat(server_number).st_size})
    with socket.socket():
        pass  # the doors are shut in the child alone


def test_it_dies_with_its_parent() -> None:
    reader, writer = os.pipe()

    def endless() -> dict[str, Any]:
        os.write(writer, str(os.getpid()).encode())
        time.sleep(60)
        return {}

    parent = os.fork()
    if parent == 0:
        os.close(reader)
        child.run(endless)
        os._exit(0)
    os.close(writer)
    grandchild = int(os.read(reader, 20))

    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)

    assert os.read(reader, 1) == b""  # its end of the pipe is closed: it is gone
    os.close(reader)
    assert grandchild != parent
