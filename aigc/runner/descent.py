"""Which processes descend from which, and how to end them all. Linux only: it reads /proc."""

from __future__ import annotations

import os
import resource
import signal
import time
from contextlib import suppress
from pathlib import Path

MARK_VARIABLE = "AIGC_RUNNER_MARK"
"""Tells a guard in its environment which mark it is to wear."""

PAUSE_S = 0.01

_LISTS_CHILDREN = os.path.exists(f"/proc/self/task/{os.getpid()}/children")  # CONFIG_PROC_CHILDREN

# A mark is a limit of the time that a real-time process may compute, in microseconds: nothing of ours is one, 70,000
# years limit nobody, and a limit is what a process passes on to all that come of it, whatever they do to their
# environment, their session or their parents.
_LIMIT = resource.RLIMIT_RTTIME
_LIMIT_LINE = b"Max realtime timeout"
_BASE = 1 << 61
_FAMILY_BITS, _NUMBER_BITS = 40, 20


def family(name: int) -> range:
    """All marks of one family, of which `name` has the lowest 40 bits."""
    first = _BASE + ((name % (1 << _FAMILY_BITS)) << _NUMBER_BITS)
    return range(first, first + (1 << _NUMBER_BITS))


def wear_mark() -> None:
    """This process and all that will come of it carry the mark that the environment names, if it names one."""
    told = os.environ.get(MARK_VARIABLE, "")
    if told.isdigit():
        with suppress(ValueError, OSError):  # the host itself limits it: then the environment is all that tells
            resource.setrlimit(_LIMIT, (int(told), int(told)))


def marked(marks: range) -> list[int]:
    """Living processes that carry one of these marks."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and _mark(name) in marks and _lives(name)]


def kill_marked(marks: range, patience_s: float = 5.0) -> int:
    """Every process that carries one of these marks was killed and is gone; returns how many there were.

    For what comes of a guard that was itself killed. Blocks, `patience_s` at most; reads all of /proc.
    """
    killed: set[int] = set()
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        found = marked(marks)
        if not found:
            break
        for pid in found:
            _kill(pid)
        killed.update(found)
        time.sleep(PAUSE_S)
    return len(killed)


def children(pid: int) -> list[int]:
    """Process ids of the children of `pid`, dead ones that nobody has waited for included; none if it is gone."""
    if not _LISTS_CHILDREN:
        return _children_by_search(pid)
    found: list[int] = []
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except FileNotFoundError:
        return found
    for task in tasks:
        # A thread that ended meanwhile has left its children to another one.
        with suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return found


def descendants(pid: int) -> list[int]:
    """Children of `pid`, their children and so on, parents first."""
    found = children(pid)
    for child in found:
        found += children(child)
    return found


def kill_descendants(pid: int) -> list[int]:
    """Every descendant that was found has got SIGKILL; returns them. One forked meanwhile is found the next time."""
    found = descendants(pid)
    for each in found:
        _kill(each)
    return found


def _mark(name: str) -> int:
    """What process `name` carries; 0 if nothing, or if it is gone."""
    for line in _read(f"/proc/{name}/limits").splitlines():
        if line.startswith(_LIMIT_LINE):
            limit = line[len(_LIMIT_LINE) :].split()[0]
            if limit.isdigit() and int(limit) >= _BASE:
                return int(limit)
    # A guard that has not put it on yet, or could not.
    start = f"{MARK_VARIABLE}=".encode()
    told = (entry for entry in _read(f"/proc/{name}/environ").split(b"\0") if entry.startswith(start))
    value = next(told, start)[len(start) :]
    return int(value) if value.isdigit() else 0


def _lives(name: str) -> bool:
    """False for one that has ended, waited for or not."""
    return _stat(name)[:1] not in ([], [b"Z"], [b"X"])


def _stat(name: str) -> list[bytes]:
    # The second field is the command in parentheses and may hold anything; state and parent follow it.
    return _read(f"/proc/{name}/stat").rpartition(b")")[2].split()


def _children_by_search(pid: int) -> list[int]:
    wanted = str(pid).encode()
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and _stat(name)[1:2] == [wanted]]


def _read(path: str) -> bytes:
    """What a file of /proc says; nothing if its process is gone, or somebody else's."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
