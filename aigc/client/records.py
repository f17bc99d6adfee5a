"""What the server says, as it says it: each record is the JSON object itself, with its parts also by name and type.

Keys that this client does not know yet are there like all others.
"""

from __future__ import annotations

from typing import Any

FINAL = frozenset({"completed", "failed", "cancelled"})
"""A job in one of these states stays in it."""


class Record(dict[str, Any]):
    """A JSON object."""

    def text(self, key: str) -> str:
        """What stands there; empty where nothing does."""
        return str(self.get(key) or "")

    def number(self, key: str) -> float | None:
        """What stands there; None where nothing does."""
        value = self.get(key)
        return float(value) if isinstance(value, (int, float)) else None

    def inner(self, key: str) -> Record:
        """The object that stands there; an empty one where none does."""
        value = self.get(key)
        return Record(value) if isinstance(value, dict) else Record()

    def rows(self, key: str) -> list[dict[str, Any]]:
        """The objects of a list; none where there is none."""
        return [row for row in self.get(key) or () if isinstance(row, dict)]


class Failure(Record):
    """Why an attempt at a job ended."""

    @property
    def code(self) -> str:
        """One word for programs: `input_invalid`, `out_of_memory`, `worker_lost`, …"""
        return self.text("code")

    @property
    def message(self) -> str:
        """What happened, for people."""
        return self.text("message")

    @property
    def suggestion(self) -> str:
        """What to do about it."""
        return self.text("suggestion")

    @property
    def is_retryable(self) -> bool:
        """The same job may succeed another time."""
        return bool(self.get("retryable"))

    @property
    def log_tail(self) -> str:
        """The last that the model's process said."""
        return self.text("log_tail")


class Output(Record):
    """One file of a job's result."""

    @property
    def name(self) -> str:
        """Its file name, which no other output of the job has."""
        return self.text("name")

    @property
    def role(self) -> str:
        """`model` for the main one, `thumbnail`, `part`, …"""
        return self.text("role")

    @property
    def format(self) -> str:
        """`glb`, `fbx`, `png`, …"""
        return self.text("format")

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self.get("bytes") or 0)

    @property
    def sha256(self) -> str:
        """In hexadecimal digits; empty where it is not known."""
        return self.text("sha256")

    @property
    def url(self) -> str:
        """Where it is fetched, below the server's address."""
        return self.text("url")

    @property
    def stats(self) -> dict[str, Any]:
        """Of a mesh: `triangles`, `vertices`, `bounds`, …"""
        return self.inner("stats")


class Upload(Record):
    """A file that the server has, to be named as an input."""

    @property
    def id(self) -> str:
        """Its name on the server."""
        return self.text("file_id")

    @property
    def filename(self) -> str:
        """What it was called."""
        return self.text("filename")


class Queue(Record):
    """Where a waiting job stands."""

    @property
    def position(self) -> int | None:
        """So many jobs are before it; None where nobody knows."""
        place = self.number("position")
        return None if place is None else int(place)

    @property
    def estimated_start_s(self) -> float | None:
        """Seconds from now until it begins."""
        return self.number("estimated_start_s")

    @property
    def estimated_done_s(self) -> float | None:
        """Seconds from now until it is done."""
        return self.number("estimated_done_s")

    @property
    def reason(self) -> str:
        """Why it waits."""
        return self.text("reason")


class Job(Record):
    """A job as it was when the server was asked."""

    @property
    def id(self) -> str:
        """By which it is asked for."""
        return self.text("id")

    @property
    def name(self) -> str:
        """What people call it: the name that it was given, else its text, else its file or the job that made that."""
        return self.text("name")

    @property
    def feature(self) -> str:
        """What was asked for."""
        return self.text("feature")

    @property
    def model(self) -> str:
        """Who does it."""
        return self.text("model")

    @property
    def status(self) -> str:
        """`queued`, `processing`, `completed`, `failed` or `cancelled`."""
        return self.text("status")

    @property
    def is_final(self) -> bool:
        """It stays as it is."""
        return self.status in FINAL

    @property
    def stage(self) -> str:
        """What is being done: `waiting`, `loading_model`, `sampling`, `texturing`, …"""
        return self.text("stage")

    @property
    def fraction(self) -> float:
        """How far the current attempt is, 0 to 1."""
        return self.inner("progress").number("fraction") or 0.0

    @property
    def estimated_left_s(self) -> float | None:
        """Seconds that it is expected to go on; None while it waits, and where nobody knows."""
        return self.inner("progress").number("estimated_left_s")

    @property
    def message(self) -> str:
        """What the model says about where it is."""
        return self.inner("progress").text("message")

    @property
    def queue(self) -> Queue:
        """Where it stands while it waits; empty otherwise."""
        return Queue(self.inner("queue"))

    @property
    def params(self) -> dict[str, Any]:
        """The model's parameters, defaults included."""
        return self.inner("params")

    @property
    def tags(self) -> list[str]:
        """Words to find it by."""
        return [str(tag) for tag in self.get("tags") or ()]

    @property
    def outputs(self) -> list[Output]:
        """The files of its result."""
        return [Output(row) for row in self.rows("outputs")]

    @property
    def main_output(self) -> Output | None:
        """The one that was asked for: of role `model`, else the first."""
        outputs = self.outputs
        return next((output for output in outputs if output.role == "model"), outputs[0] if outputs else None)

    @property
    def info(self) -> dict[str, Any]:
        """What the model tells of its work."""
        return self.inner("info")

    @property
    def warnings(self) -> list[str]:
        """What did not go as was asked."""
        return [str(warning) for warning in self.get("warnings") or ()]

    @property
    def error(self) -> Failure | None:
        """Why it failed."""
        return Failure(self.inner("error")) if self.get("error") else None

    @property
    def failures(self) -> list[Failure]:
        """Why its attempts ended, the last one included."""
        return [Failure(row) for row in self.rows("failures")]


class Page(Record):
    """Some of the jobs, newest first."""

    @property
    def jobs(self) -> list[Job]:
        """The jobs of this page."""
        return [Job(row) for row in self.rows("jobs")]

    @property
    def total(self) -> int | None:
        """How many there are on all pages."""
        count = self.number("total")
        return None if count is None else int(count)

    @property
    def next_cursor(self) -> str:
        """What to ask the next page by; empty on the last one."""
        return self.text("next_cursor")


class Event(Record):
    """Something that happened to a job. What it does not tell is None or empty."""

    @property
    def type(self) -> str:
        """`job.snapshot`, `job.progress`, `job.queue`, `job.completed`, …"""
        return self.text("type")

    @property
    def kind(self) -> str:
        """The type without what all have in common: `progress`, `completed`, …"""
        return self.type.removeprefix("job.")

    @property
    def job_id(self) -> str:
        """Whose event it is."""
        return self.text("job_id")

    @property
    def seq(self) -> int | None:
        """Its number among the durable ones, by which a stream resumes; None for what passes."""
        number = self.number("seq")
        return None if number is None else int(number)

    @property
    def job(self) -> Job | None:
        """The job after it, where the event brings it."""
        return Job(self.inner("job")) if self.get("job") else None

    @property
    def stage(self) -> str:
        """What is being done."""
        return self.text("stage") or self.inner("job").text("stage")

    @property
    def fraction(self) -> float | None:
        """How far the attempt is, 0 to 1."""
        return self._progress.number("fraction")

    @property
    def estimated_left_s(self) -> float | None:
        """Seconds that the attempt is expected to go on; None where nobody knows."""
        return self._progress.number("estimated_left_s")

    @property
    def message(self) -> str:
        """In the model's or the server's words."""
        return self._progress.text("message") or self.text("detail")

    @property
    def queue(self) -> Queue | None:
        """Where the job stands while it waits."""
        found = self.inner("queue") or self.inner("job").inner("queue")
        return Queue(found) if found else None

    @property
    def preview_url(self) -> str:
        """Where the latest picture of the work can be fetched, below the server's address."""
        return self._progress.text("preview_url")

    @property
    def is_final(self) -> bool:
        """Nothing more will happen to the job."""
        job = self.job
        return self.kind in FINAL or self.kind == "forgotten" or (job is not None and job.is_final)

    @property
    def _progress(self) -> Record:
        return self.inner("progress") or self.inner("job").inner("progress")


class Feature(Record):
    """Something that can be asked for."""

    @property
    def name(self) -> str:
        """By which it is asked for."""
        return self.text("name")

    @property
    def models(self) -> list[str]:
        """Who can do it; the default first."""
        return [str(model) for model in self.get("models") or ()]

    @property
    def inputs(self) -> dict[str, Any]:
        """What must be given: name -> `{"formats": [...]}`."""
        return self.inner("inputs")

    @property
    def optional_inputs(self) -> dict[str, Any]:
        """What may be given, likewise."""
        return self.inner("optional_inputs")

    @property
    def output_formats(self) -> list[str]:
        """What the result may be; the default first."""
        return [str(name) for name in self.get("output_formats") or ()]


class Model(Feature):
    """Who does it."""

    @property
    def id(self) -> str:
        """By which it is asked for."""
        return self.text("id")

    @property
    def feature(self) -> str:
        """What it can do."""
        return self.text("feature")

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of its parameters."""
        return self.inner("schema")


class Features(Record):
    """All that can be asked for."""

    @property
    def features(self) -> list[Feature]:
        """One by one."""
        return [Feature(row) for row in self.rows("features")]


class Models(Record):
    """All who can be asked."""

    @property
    def models(self) -> list[Model]:
        """Those that are served."""
        return [Model(row) for row in self.rows("models")]


class Worker(Record):
    """One device, and what is done there."""

    @property
    def id(self) -> str:
        """By which it is asked for."""
        return self.text("id")

    @property
    def device(self) -> dict[str, Any]:
        """What it computes on, with its memory in bytes."""
        return self.inner("device")


class Workers(Record):
    """All devices."""

    @property
    def workers(self) -> list[Worker]:
        """One by one."""
        return [Worker(row) for row in self.rows("workers")]


class Begun(Record):
    """What an operator's wish has begun: the `action`, and for each worker what happens there."""

    @property
    def workers(self) -> list[dict[str, Any]]:
        """`worker`, `begun` and `detail` of each."""
        return self.rows("workers")
