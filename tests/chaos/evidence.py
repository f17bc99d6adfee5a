"""What was seen of a run, as plain values: what clients were told, what watchers heard, what is left in the end."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

FINAL = frozenset({"completed", "failed", "cancelled"})


class Told(Struct, frozen=True):
    """A client was told that its request is accepted."""

    key: str
    """The request's idempotency key."""
    job: str
    at: float = 0.0
    """Seconds since the run began, as everywhere here."""


class Wish(Struct, frozen=True):
    """A client wanted a job's end; empty words where it never heard what became of that."""

    job: str
    status: str = ""
    stage: str = ""
    at: float = 0.0


class Heard(Struct, frozen=True, omit_defaults=True):
    """One event, as one watcher heard it. Events stand in the order in which they were heard."""

    watcher: str
    connection: int
    """Counts a watcher's connections; it resumes after the last line that it heard."""
    job: str
    type: str
    seq: int = 0
    """0: passing news."""
    attempt: int = 0
    status: str = ""
    result: str = ""
    """sha256 of the main output, where the event tells one."""
    at: float = 0.0


class Sample(Struct, frozen=True):
    """A worker's memory as the server told it at one moment, in bytes."""

    worker: str
    usable: int
    reserved: int
    at: float = 0.0


class Line(Struct, frozen=True):
    """One line of a job's history."""

    seq: int
    kind: str


class File(Struct, frozen=True):
    """An output: as its record tells it, or as it was downloaded."""

    name: str
    bytes: int
    sha256: str


class Record(Struct, frozen=True, kw_only=True):
    """A job's record in the end."""

    job: str
    key: str
    fate: str
    """What its request was made to end in, see `requests`."""
    status: str
    seq: int
    attempt: int
    history: tuple[Line, ...]
    outputs: tuple[File, ...] = ()
    code: str = ""
    """Of the decisive failure."""
    strikes: tuple[str, ...] = ()
    """Codes of all failures."""


class Evidence(Struct, kw_only=True):
    """Everything that the checker looks at."""

    told: list[Told] = []
    unheard: list[str] = []
    """Keys of requests that no answer ever came to."""
    wishes: list[Wish] = []
    watched: list[tuple[str, str]] = []
    """Watchers and the jobs that they asked for."""
    expected: list[tuple[str, str]] = []
    """Watchers that hear everything, and the jobs that they were never told to ask for."""
    gaps: list[str] = []
    """Watchers that were told that more was missed than could be told."""
    heard: list[Heard] = []
    samples: list[Sample] = []
    records: list[Record] = []
    """As one gateway tells them."""
    elsewhere: list[tuple[str, str, int]] = []
    """Id, status and number of the last line, as the other gateway tells them."""
    downloads: dict[str, File | None] = {}
    """What was downloaded of each completed job; None: it could not be."""
    exits: dict[str, int] = {}
    """Exit codes of the processes that were asked to end in the end."""
    processes: list[str] = []
    """Those that are left after that."""
    files: list[str] = []
    """Those that are left, and that no record names."""
    complaints: list[str] = []
    """What went wrong in the run itself: it was not drained, a process did not come back."""

    def save(self, folder: Path) -> None:
        """Written down, a file for each part."""
        for name in self.__struct_fields__:
            part: Any = getattr(self, name)
            lines = [msgspec.json.encode(one) for one in (part.items() if isinstance(part, dict) else part)]
            (folder / f"{name}.jsonl").write_bytes(b"\n".join([*lines, b""]))
