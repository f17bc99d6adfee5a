"""When stored files expire, in order, without looking at the files: empty marker files in a folder per hour."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from actors.stores.durable import make_folder
from aigc.core.ids import AssetKey

BUCKET_S = 3600
_LAST_MS = 10**15 - 1
_HOUR = re.compile(r"\d{9}")
_MARKER = re.compile(r"(?P<at>\d{15})\+(?P<key>.+)")


class Marker(NamedTuple):
    """A reminder to look at a file. The file's own word counts: it may have been touched or deleted since."""

    path: Path
    key: AssetKey
    at_ms: int


class ExpiryIndex:
    """Markers `<folder>/<hour>/<milliseconds>+<key with + for />`, sorted by name within their hour.

    A file's old marker stays when its time changes; who meets it drops it. So nothing has to be found to be changed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, times: Mapping[AssetKey, float]) -> None:
        """Reminders of these keys at their times (seconds since the epoch).

        Not synced: where the file system has a journal, they are durable when what is synced next is. Where not, a
        power cut may cost a reminder, and leave a file that expires never rather than too early.
        """
        buckets: dict[Path, list[str]] = {}
        for key, expires_at in times.items():
            at_ms = milliseconds(expires_at)
            bucket = self._folder / f"{at_ms // (BUCKET_S * 1000):09d}"
            buckets.setdefault(bucket, []).append(f"{at_ms:015d}+{key.replace('/', '+')}")
        for bucket, names in buckets.items():
            while not self._entered(bucket, names):
                pass  # an empty bucket, removed by a sweep since it was made: once more

    def due(self, before: float) -> Iterator[Marker]:
        """Markers of times before that, soonest first. Empty hours go."""
        for hour in sorted(filter(_HOUR.fullmatch, os.listdir(self._folder))):
            if int(hour) * BUCKET_S >= before:
                return
            for name in sorted(os.listdir(self._folder / hour)):
                marker = _MARKER.fullmatch(name)
                if marker is None:
                    continue
                at_ms = int(marker["at"])
                if at_ms >= before * 1000:
                    return
                yield Marker(self._folder / hour / name, AssetKey(marker["key"].replace("+", "/")), at_ms)
            self._drop_empty(self._folder / hour)

    def drop(self, marker: Marker) -> None:
        """The reminder has served."""
        marker.path.unlink(missing_ok=True)

    def _entered(self, bucket: Path, names: Sequence[str]) -> bool:
        make_folder(bucket)
        try:
            for name in names:
                (bucket / name).touch()
        except FileNotFoundError:
            return False
        return True

    def _drop_empty(self, bucket: Path) -> None:
        try:
            bucket.rmdir()
        except OSError:
            return  # markers are left in it, or another sweep was quicker


def milliseconds(at: float) -> int:
    """A time as markers write it: whole milliseconds since the epoch."""
    return int(min(max(at, 0.0) * 1000, _LAST_MS))
