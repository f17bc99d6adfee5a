"""Errors that a person will read: what was wrong, where, and what to do about it.

AigcError
    InputInvalid        the request cannot be served as it stands (4xx)
        NotFound        what it names does not exist
        Conflict        it contradicts the present state
    NotAllowed          who asks is not known, or may not (401, 403)
    Unavailable         try again later (429, 503, 507), with `retry_after_s`
        QueueFull
    StaleGeneration     this broker no longer leads; its write was refused
    AlreadyLed          another broker leads, so this one stands by
    Retired             another worker has taken this one's name; it ends
    StoreBroken         the store cannot be used until somebody repairs it
    InvalidChange       a defect of ours: an illegal change of a record was asked for
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aigc.core.job import Job, Status


class AigcError(Exception):
    """Base of all errors with a code.

    Args:
        message: what was wrong; lower case, no full stop.
        suggestion: what to do about it.
        where: the field as a JSON pointer (`/inputs/image`), or `file:line:col`.
    """

    code = "internal"

    def __init__(self, message: str, *, suggestion: str = "", where: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion
        self.where = where
        if code:
            self.code = code

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        stop = " " if text.endswith("?") else ". "
        return f"{text}{stop}{self.suggestion}" if self.suggestion else text


class InputInvalid(AigcError):
    """The request cannot be served as it stands; sending it again changes nothing."""

    code = "input_invalid"


class NotFound(InputInvalid):
    """What the request names does not exist, or is not the asker's to see."""

    code = "not_found"


class Conflict(InputInvalid):
    """The request contradicts the present state."""

    code = "conflict"


class NotAllowed(AigcError):
    """Who asks is not known, or may not do this; the code says which."""

    code = "forbidden"


class Unavailable(AigcError):
    """The request is sound, but cannot be served now."""

    code = "unavailable"

    def __init__(self, message: str, *, retry_after_s: float = 1.0, suggestion: str = "", code: str = "") -> None:
        super().__init__(message, suggestion=suggestion, code=code)
        self.retry_after_s = retry_after_s


class QueueFull(Unavailable):
    """The queue holds as many jobs as it may."""

    code = "queue_full"


def owner_full(most: int) -> QueueFull:
    """One owner has as many jobs waiting and running as it may."""
    return QueueFull(
        f"you have {most} jobs waiting or running, as many as one may have",
        retry_after_s=10,
        suggestion="try again when some have ended, or cancel some",
        code="too_many_open_jobs",
    )


class StaleGeneration(AigcError):
    """Another broker leads; what this one wanted to write was refused and nothing was changed."""

    code = "stale_generation"


class AlreadyLed(AigcError):
    """Another broker's lease runs; who wants to lead asks again when it may have ended.

    Args:
        leader: who it is, in the words that it gave.
        generation: its number.
        for_s: seconds that its lease still runs, if it is not renewed.
    """

    code = "already_led"

    def __init__(self, leader: str, generation: int, for_s: float) -> None:
        super().__init__(
            f"broker {leader} leads as generation {generation}",
            suggestion="start this one with --standby to take over when that one ends",
        )
        self.leader, self.generation, self.for_s = leader, generation, for_s


class Retired(AigcError):
    """Another worker came under this one's name, and the later one counts.

    Args:
        worker: the name.
        successor: who has it now, in words.
    """

    code = "retired"

    def __init__(self, worker: str, successor: str) -> None:
        super().__init__(
            f"{worker} gave way to {successor}",
            suggestion="give each worker a name of its own (worker.name, or --name), and start this one again",
        )


class StoreBroken(AigcError):
    """The store cannot be used until somebody repairs it; the message says what to do."""

    code = "store_broken"


class InvalidChange(AigcError):
    """An illegal change of a record was asked for: a defect of ours, told with the job's history."""

    code = "invalid_change"

    def __init__(self, job: Job, wanted: Status) -> None:
        story = ", ".join(f"{line.kind} {line.at - job.created_at:.1f} s" for line in job.history)
        super().__init__(f"{job.id}: {job.status} -> {wanted}, attempt {job.attempt}; story: {story}")
