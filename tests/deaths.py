"""What the kernel knows of a process's end, so that a test can say in which order things end and needs no clock."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HANG_S = 120.0
"""So long a test waits before it says that something hangs. No claim about anything's speed."""


def alive(pid: int) -> bool:
    """It exists and has not ended (a zombie has)."""
    return _state(pid) not in ("", "Z", "X")


def pending(pid: int) -> set[int]:
    """The signals that it has got and not taken yet."""
    found = 0
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(("SigPnd:", "ShdPnd:")):
                found |= int(line.split()[1], 16)
    return {number for number in range(1, 65) if found >> (number - 1) & 1}


def is_dying(pid: int) -> bool:
    """It has ended, or has got the signal that nobody survives: the kernel alone is at work."""
    return signal.SIGKILL in pending(pid) or not alive(pid)


def reads_the_end(pid: int) -> bool:
    """Nobody holds the other end of the pipe on its standard input any more."""
    end = os.open(f"/proc/{pid}/fd/0", os.O_RDONLY | os.O_NONBLOCK)
    try:
        poll = select.poll()
        poll.register(end, 0)
        return any(told & select.POLLHUP for _, told in poll.poll(0))
    finally:
        os.close(end)


@contextmanager
def watched(pid: int) -> Iterator[int]:
    """A descriptor that stays with this process, whoever has its number later, and tells of its end."""
    handle = os.pidfd_open(pid)
    try:
        yield handle
    finally:
        os.close(handle)


def until_ended(handle: int) -> None:
    """It has ended, and this is the first that anybody could know of it."""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    assert poll.poll(HANG_S * 1000), "it is still there"


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """They do nothing meanwhile, and what they are sent waits for them."""
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        while any(_state(pid) not in ("T", "Z", "X", "") for pid in pids):
            os.sched_yield()
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
