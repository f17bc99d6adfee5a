"""Work that has to wait for the disk, several at a time: what they wait for is synced together.

A file system's journal commits at once what was changed until then, so the second wait of a group costs little.
"""

from collections.abc import Generator, Sequence
from typing import TypeVar

from actors.stores.durable import StrPath
from actors.stores.syncing import Syncing

T = TypeVar("T")

Work = Generator[Sequence[StrPath | int], None, T]
"""Yields files (open descriptors) and folders (paths) that must be durable before it goes on, and is told by an OSError
that one is not."""


def in_step(works: Sequence[Work[T]], syncing: Syncing) -> list[T | Exception]:
    """What each of the works returned or raised. They go on in turns, each when all have what they waited for."""
    outcomes: dict[int, T | Exception] = {}
    waiting: dict[int, Sequence[StrPath | int]] = {number: () for number in range(len(works))}
    while waiting:
        faults = syncing.all(tuple({path: None for paths in waiting.values() for path in paths}))
        for number, paths in tuple(waiting.items()):
            fault = next((faults[path] for path in paths if path in faults), None)
            try:
                waiting[number] = works[number].throw(fault) if fault else next(works[number])
                continue
            except StopIteration as end:
                outcomes[number] = end.value
            except Exception as error:  # noqa: BLE001 - it is the outcome of this one; the others go on
                outcomes[number] = error
            del waiting[number]
    return [outcomes[number] for number in range(len(works))]
