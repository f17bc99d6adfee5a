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

_Opened = tuple[StrPath | int, int]
"""What is to be synced, and its open descriptor."""

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

    def all(self, things: Sequence[StrPath | int]) -> dict[StrPath | int, OSError]:
        """All these are durable, files by their open descriptors and folders by their paths, but for those that are
        returned, with the reason."""
        faults: dict[StrPath | int, OSError] = {}
        files: list[_Opened] = [(thing, thing) for thing in things if isinstance(thing, int)]
        folders: list[_Opened] = []
        try:
            for thing in things:
                if not isinstance(thing, int):
                    try:
                        folders.append((thing, os.open(thing, ONLY_LOOK)))
                    except OSError as error:
                        faults[thing] = error
            if len(files) > 1 and _begin is not None:
                # Else each file's wait would allocate its blocks, and so make a commit of the journal of its own.
                for _, descriptor in files:
                    _begin(descriptor, _FROM, _FROM, _WRITE)
            opened = files + folders
            # The first has the journal commit what all have changed, and is no measure of how long the others wait.
            _synced(opened[:1], faults)
            if len(opened) > 1:
                self._wait_s = self._shared(opened[1:], faults)
        finally:
            for _, descriptor in folders:
                os.close(descriptor)
        return faults

    def _shared(self, opened: Sequence[_Opened], faults: dict[StrPath | int, OSError]) -> float:
        """All are synced; returns the shortest wait in seconds."""
        is_slow = self._wait_s * len(opened) > WORTH_THREADS_S
        shares = min(SYNCS, len(opened)) if is_slow else 1
        others = [self._threads.submit(_synced, opened[first::shares], faults) for first in range(1, shares)]
        own_s = _synced(opened[::shares], faults)
        return min([own_s, *(other.result() for other in others)])


def _synced(share: Sequence[_Opened], faults: dict[StrPath | int, OSError]) -> float:
    waits = []
    at = time.monotonic()
    for thing, descriptor in share:
        try:
            os.fsync(descriptor)
        except OSError as error:
            faults[thing] = error
        before, at = at, time.monotonic()
        waits.append(at - before)
    return min(waits, default=0.0)
