"""The log's files as operators read them: whole lines from the end, of one process or of all of them together."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from actors.log_files import SUFFIX, remove
from aigc.core.errors import Conflict, NotFound

TAIL_BYTES = 1 << 19
"""Of each file no more than its end is looked at."""
FILES = 32
"""And no more than so many files, the newest, for the log of all processes."""

Line = dict[str, Any]


class LogFolder:
    """Reads and removes files of one folder; a name that is not in its listing leads nowhere. Everything here blocks.

    Args:
        folder: None where no files are kept: there are none then.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def files(self) -> dict[str, os.stat_result]:
        """What each file is, by its name, the newest first."""
        found = {}
        with suppress(OSError):
            for entry in os.scandir(self._folder) if self._folder else ():
                if entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                    with suppress(OSError):
                        found[entry.name] = entry.stat(follow_symlinks=False)
        return dict(sorted(found.items(), reverse=True))

    def lines(self, name: str = "") -> list[Line]:
        """The last lines of one file, or of all processes in the order of time. Raises NotFound."""
        files = list(self.files())
        if name and name not in files:
            raise _missing(name)
        found = [line for one in ([name] if name else files[:FILES]) for line in self._tail(one)]
        return sorted(found, key=lambda line: datetime.fromisoformat(line["timestamp"]))

    def remove(self, name: str) -> None:
        """The file is gone. Raises NotFound, or Conflict while a process writes it."""
        if self._folder is None or name not in self.files():
            raise _missing(name)
        try:
            remove(self._folder / name)
        except BlockingIOError:
            raise Conflict(f"{name} is being written", suggestion="delete one of a process that has ended") from None
        except OSError:
            raise _missing(name) from None

    def _tail(self, name: str) -> Iterator[Line]:
        assert self._folder is not None
        try:
            with open(self._folder / name, "rb") as file:
                start = max(os.fstat(file.fileno()).st_size - TAIL_BYTES, 0)
                file.seek(start)
                rows = file.read(TAIL_BYTES).split(b"\n")
        except OSError:
            return  # removed meanwhile
        process = name.removesuffix(SUFFIX).partition("-")[2]
        for raw in rows[1 if start else 0 : -1]:  # whole lines only
            line = _read(raw, process)
            if line is not None:
                yield line


def selected(lines: list[Line], count: int, *conditions: Callable[[Line], bool]) -> list[Line]:
    """The last `count` that every condition holds for."""
    return [line for line in lines if all(holds(line) for holds in conditions)][-count:]


def file_view(name: str, found: os.stat_result) -> dict[str, Any]:
    """A file as clients see it; by its name alone, since where it lies is the server's affair."""
    changed = datetime.fromtimestamp(found.st_mtime, UTC).isoformat().replace("+00:00", "Z")
    begun = datetime.fromtimestamp(found.st_ctime, UTC)
    with suppress(ValueError):
        begun = datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
    return {
        "name": name,
        "path": name,
        "size_bytes": found.st_size,
        "size_mb": round(found.st_size / (1 << 20), 2),
        "modified": changed,
        "created": begun.isoformat().replace("+00:00", "Z"),
    }


def _read(raw: bytes, process: str) -> Line | None:
    try:
        event = msgspec.json.decode(raw)
        text, level, at = str(event["event"]), str(event["level"]), str(event["timestamp"])
        datetime.fromisoformat(at)
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
        return None  # not a line of ours
    more = (f"{key}={value}" for key, value in event.items() if key not in ("event", "level", "timestamp", "logger"))
    return {
        "timestamp": at,
        "logger": event.get("logger") or text.partition(".")[0],
        "level": level.upper(),
        "message": " ".join((text, *more)),
        "process": process,
        "raw": raw.decode(errors="replace"),
    }


def _missing(name: str) -> NotFound:
    return NotFound(f"there is no log file {name[:80]!r}", suggestion="GET /api/v1/system/logs/files lists them")
