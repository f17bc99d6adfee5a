"""When stored files expire, in order, without looking at the files: empty marker files in a folder per hour.

Several processes may add and drop at once; nothing is found out from the absence of a marker.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from actors.stores.asset_key import segments
from actors.stores.durable import make_folder
from aigc.core.errors import InputInvalid
from aigc.core.ids import AssetKey

BUCKET_S = 3600
LATE_S = 3600.0
"""A marker whose file is not there, or says another time, is old when its own time was so long ago: before that the
file may just be on its way, from a host whose clock is slow."""

_LAST_MS = 10**15 - 1
_HOUR = re.compile(r"\d{9}")
_MARKER = re.compile(r"(?P<at>\d{15})\+(?P<key>.+)")


class Marker(NamedTuple):
    """A reminder to look at a file. The file's own word counts: it may have been touched or deleted since."""

    key: AssetKey
    at_ms: int
    """Milliseconds since the epoch."""

    def is_old(self, now: float) -> bool:
        """True if what is not as the marker says will not become so any more (`LATE_S`)."""
        return self.at_ms < (now - LATE_S) * 1000


class ExpiryIndex:
    """Markers `<folder>/<hour>/<milliseconds>+<key with + for />`, sorted by name within their hour.

    Who changes a file's time adds a marker before and drops the old one after, so that there is always one. Where
    that was cut short, an old marker stays until somebody meets it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._last: str | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, times: Mapping[AssetKey, float]) -> None:
        """Reminders of these keys at their times (seconds since the epoch).

        Not synced: where the file system has a journal, they are durable when what is synced next is. Where not, a
        power cut may cost a reminder, and leave a file that expires never rather than too early.
        """
        buckets: dict[str, list[str]] = {}
        for key, expires_at in times.items():
            hour, name = marker_name(key, milliseconds(expires_at))
            buckets.setdefault(f"{self._folder}/{hour}", []).append(name)
        for bucket, names in buckets.items():
            while not self._entered(bucket, names):
                pass  # the hour's first reminder, or a sweep has removed it since as empty: once more

    def due(self, before: float) -> Iterator[Marker]:
        """Markers of times before that, soonest first. Empty hours go."""
        for hour in due_hours(os.listdir(self._folder), before):
            bucket = f"{self._folder}/{hour}"
            try:
                names = sorted(os.listdir(bucket))
            except FileNotFoundError:
                continue  # another process found it empty
            for name in names:
                marker = parsed_marker(name)
                if marker is None:
                    continue
                if marker.at_ms >= before * 1000:
                    return
                yield marker
            self._drop_empty(bucket)

    def drop(self, key: AssetKey, at_ms: int) -> None:
        """The reminder has served."""
        hour, name = marker_name(key, at_ms)
        Path(self._folder, hour, name).unlink(missing_ok=True)

    def _entered(self, bucket: str, names: Sequence[str]) -> bool:
        try:
            for name in names:
                self._mark(f"{bucket}/{name}")
        except FileNotFoundError:
            make_folder(Path(bucket))
            return False
        return True

    def _mark(self, marker: str) -> None:
        # Another name for the empty file of the marker before: a fresh file costs ext4 thirty times as much.
        with suppress(OSError):  # there is none, it has gone, it has as many names as it may, or files have but one
            if self._last is not None:
                os.link(self._last, marker)
                return
        Path(marker).touch()
        self._last = marker

    def _drop_empty(self, bucket: str) -> None:
        try:
            os.rmdir(bucket)
        except OSError:
            return  # markers are left in it, or another sweep was quicker


def marker_name(key: AssetKey, at_ms: int) -> tuple[str, str]:
    """The hour under which a key's reminder lies, and its name there; names sort as their times do."""
    return f"{at_ms // (BUCKET_S * 1000):09d}", f"{at_ms:015d}+{key.replace('/', '+')}"


def parsed_marker(name: str) -> Marker | None:
    """The reminder of that name; None if it is none of ours."""
    found = _MARKER.fullmatch(name)
    if found is None:
        return None
    key = AssetKey(found["key"].replace("+", "/"))
    try:
        segments(key)
    except InputInvalid:
        return None
    return Marker(key, int(found["at"]))


def due_hours(names: Iterable[str], before: float) -> list[str]:
    """Those of the names that are hours which begin before that time, in order."""
    return sorted(hour for hour in names if _HOUR.fullmatch(hour) and int(hour) * BUCKET_S < before)


def milliseconds(at: float) -> int:
    """A time as markers write it: whole milliseconds since the epoch."""
    return int(min(max(at, 0.0) * 1000, _LAST_MS))
