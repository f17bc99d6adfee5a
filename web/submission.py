"""What a client asks for, before it is checked, and the record that it becomes."""

from typing import Any

from msgspec import Struct

from aigc.core.ids import OwnerId
from aigc.core.job import Job


class Reference(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where one input comes from; exactly one of `text`, `upload`, `url`, `job` is given."""

    text: str | None = None
    """The input itself."""
    upload: str | None = None
    """Id of an upload of the same owner: the second segment of its key `uploads/<id>/<name>`."""
    url: str | None = None
    """`http:`, `https:`, `data:`, or `file:` into the operator's folders."""
    job: str | None = None
    """A completed job of the same owner, whose output is taken."""
    output: str = "model"
    """Name or role of that job's output."""


class Submission(Struct, frozen=True, kw_only=True):
    """A request for a job, as any route may make it."""

    feature: str
    model: str = ""
    """Empty: the feature's default."""
    inputs: dict[str, Reference] = {}
    params: dict[str, Any] = {}
    """`None` means the default."""
    output_format: str = ""
    """Empty: the model's first."""
    priority: int = 5
    tags: tuple[str, ...] = ()
    metadata: dict[str, str] = {}
    deadline_s: float | None = None
    """Seconds from now."""
    owner: OwnerId = OwnerId("")
    idempotency_key: str = ""
    lenient: bool = False
    """For existing clients: unknown parameters are dropped, numbers beside a list of numbers go to the nearest."""


class Submitted(Struct, frozen=True):
    """The durable record; `replayed` if the idempotency key had made it before."""

    job: Job
    replayed: bool = False
