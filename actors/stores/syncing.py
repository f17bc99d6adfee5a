"""Many files and folders made durable at once, by as many threads as the disk is worth."""

import ctypes
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from actors.stores.durable import ONLY_LOOK, StrPath

SYNCS = 16
"""So many are under way at once, where the disk is slow."""
WORTH_THREADS_S = 0.005
"""A wait that would be shorter in all is waited for in one thread, which costs less CPU."""

_begin = getattr(ctypes.CDLL(None), "sync_file_range", None)  # Linux has it, and Python does not
_FROM, _WRITE = ctypes.c_int64(0), 2  # from the first byte to the last; begin, and do not wait


class Syncing:
    """Syncs side by side: a journal commits at once what is synced at once, and a disk empties its cache once for all
    who ask. Several threads may ask at once.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(SYNCS - 1, thread_name_prefix="assets-sync")
        self._wait_s = 0.0
        """The shortest of the last waits for the disk: the others may have been waits for a processor."""

    def close(self) -> None:
        """Its threads are gone."""
        self._threads.shutdown()

    def all(self, paths: Sequence[StrPath]) -> dict[StrPath, OSError]:
        """All these files and folders are durable, but for those that are returned, with the reason."""
        faults: dict[StrPath, OSError] = {}
        opened: list[tuple[StrPath, int]] = []
        try:
            for path in paths:
                try:
                    opened.append((path, os.open(path, ONLY_LOOK)))
                except OSError as error:
                    faults[path] = error
            if len(opened) > 1 and _begin is not None:
                # Else each file's wait would allocate its blocks, and so make a commit of the journal of its own.
                for _, descriptor in opened:
                    _begin(descriptor, _FROM, _FROM, _WRITE)
            # The first has the journal commit what all have changed, and is no measure of how long the others wait.
            _synced(opened[:1], faults)
            if len(opened) > 1:
                self._wait_s = self._shared(opened[1:], faults)
        finally:
            for _, descriptor in opened:
                os.close(descriptor)
        return faults

    def _shared(self, opened: Sequence[tuple[StrPath, int]], faults: dict[StrPath, OSError]) -> float:
        """All are synced; returns the shortest wait in seconds."""
        is_slow = self._wait_s * len(opened) > WORTH_THREADS_S
        shares = min(SYNCS, len(opened)) if is_slow else 1
        others = [self._threads.submit(_synced, opened[first::shares], faults) for first in range(1, shares)]
        own_s = _synced(opened[::shares], faults)
        return min([own_s, *(other.result() for other in others)])


def _synced(share: Sequence[tuple[StrPath, int]], faults: dict[StrPath, OSError]) -> float:
    waits = []
    at = time.monotonic()
    for path, descriptor in share:
        try:
            os.fsync(descriptor)
        except OSError as error:
            faults[path] = error
        before, at = at, time.monotonic()
        waits.append(at - before)
    return min(waits, default=0.0)
