"""Which processes descend from which, and how to end them all. Linux only: it reads /proc."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

TOKEN_VARIABLE = "AIGC_RUNNER_TOKEN"  # noqa: S105 - the name of a variable
"""Set in the environment of every runner, so that what descends from it can be told when its parents are gone."""

PAUSE_S = 0.01

_LISTS_CHILDREN = os.path.exists(f"/proc/self/task/{os.getpid()}/children")  # CONFIG_PROC_CHILDREN


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


def kill_marked(token: str, patience_s: float = 5.0) -> int:
    """Every process of ours whose environment carries `token` was killed and is gone; returns how many there were.

    For the descendants of a guard that was itself killed. Blocks, `patience_s` at most; reads all of /proc.
    """
    killed: set[int] = set()
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        found = marked(token)
        if not found:
            break
        for pid in found:
            _kill(pid)
        killed.update(found)
        time.sleep(PAUSE_S)
    return len(killed)


def marked(token: str) -> list[int]:
    """Living processes whose environment carries `token`."""
    wanted = f"{TOKEN_VARIABLE}={token}".encode()
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            environment = Path(f"/proc/{name}/environ").read_bytes()
        except OSError:  # gone, or somebody else's
            continue
        if wanted in environment.split(b"\0"):
            found.append(int(name))
    return found


def _children_by_search(pid: int) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path(f"/proc/{name}/stat").read_bytes()
            except OSError:
                continue
            # The second field is the command in parentheses and may hold anything; state and parent follow it.
            if int(stat.rpartition(b")")[2].split()[1]) == pid:
                found.append(int(name))
    return found


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
