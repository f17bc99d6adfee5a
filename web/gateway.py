"""The one object that handlers talk to: requests go to the store and the broker, news come back as records and events.

The gateway creates records and reads them; every change is asked from the broker. What it holds is a cache.
"""

from collections.abc import Sequence
from typing import Protocol

import zmq
from msgspec import Struct

from aigc.core.ids import BootId, JobId, OwnerId
from aigc.core.job import Job
from aigc.core.messages import Estimate, SystemStatus
from aigc.core.model import Catalogue
from aigc.core.ports import Asset, AssetStore, JobPage, JobQuery, JobStore
from transport import Address
from web.submission import Submission, Submitted


class Fetch(Protocol):
    """Makes an upload of what a URL holds; `web.fetch` has the real one, guarded against SSRF."""

    async def __call__(self, url: str, *, kinds: Sequence[str], owner: OwnerId, where: str) -> Asset:
        """Store the content of an `http:`, `https:` or `data:` URL under `uploads/<id>/<name>`.

        Args:
            url: as the client gave it.
            kinds: kinds of file that are welcome, as suffixes without the dot (`png`, `glb`).
            owner: whose upload it becomes.
            where: JSON pointer of the field, for errors.

        Raises:
            InputInvalid: the address is refused, the content is of another kind or too large.
            Unavailable: the other side did not answer, or the AssetStore cannot take it.
        """


class GatewaySettings(Struct, frozen=True, kw_only=True):
    """What one gateway needs to know."""

    queue_bound: int = 10_000
    """Records that may be `queued` at once; one more is refused."""
    ask_timeout_s: float = 2.0
    """How long a question may take at the broker."""
    cached_records: int = 4096
    tick_s: float = 0.03
    """Progress of a running job goes to its watchers once in this time."""


class Gateway:
    """Submits, reads, changes and watches jobs.

    Args:
        context: the process's ZeroMQ context.
        broker, news: where the broker takes requests and where it publishes.
        store, assets: opened by the caller, closed by the caller.
        fetch: resolves URL inputs.
        name, boot: who this process is on the wire.

    Every method that takes an `owner` raises `NotFound` for a job of another owner; `None` may see all.
    """

    assets: AssetStore
    store: JobStore
    settings: GatewaySettings

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        broker: Address,
        news: Address,
        store: JobStore,
        assets: AssetStore,
        *,
        fetch: Fetch,
        settings: GatewaySettings,
        name: str,
        boot: BootId,
    ) -> None:
        raise NotImplementedError

    async def start(self) -> None:
        """Linked, and the catalogue known or being asked for. A broker that is away does not hold it up."""

    async def close(self) -> None:
        """Links and watchers closed."""

    @property
    def catalogue(self) -> Catalogue:
        """The models that can be asked for. Raises Unavailable while no broker has ever told."""
        raise NotImplementedError

    async def submit(self, submission: Submission) -> Submitted:
        """Check a request, commit its record and hand it to the broker; returns when the record is durable.

        Raises:
            InputInvalid: with every error at once in `errors`, each with its JSON pointer.
            NotFound: an upload or job that an input names.
            Conflict: the idempotency key was used for another request, or an input's job is not completed.
            QueueFull, Unavailable: come again after `retry_after_s`.
        """
        raise NotImplementedError

    async def get(self, job: JobId, owner: OwnerId | None) -> Job:
        """The record with the live stage and progress. From the cache where that is sure to be current."""
        raise NotImplementedError

    async def list(self, query: JobQuery) -> JobPage:
        """Records that match, newest first, running ones with live progress."""
        raise NotImplementedError

    async def cancel(self, job: JobId, owner: OwnerId | None, reason: str = "asked by the client") -> Job:
        """The job after its end was asked for: cancelled, finished before, or still running with stage `cancelling`.

        Raises Unavailable if no broker answers.
        """
        raise NotImplementedError

    async def move(self, job: JobId, owner: OwnerId | None, priority: int) -> Job:
        """The waiting job in its new priority class. Raises Conflict if it waits no more."""
        raise NotImplementedError

    async def forget(self, job: JobId, owner: OwnerId | None) -> Job:
        """The finished job as it was; its record and its result's files are gone. Raises Conflict if not finished."""
        raise NotImplementedError

    async def retry(self, job: JobId, owner: OwnerId | None, seed: int | None = None) -> Submitted:
        """A new job like an earlier one, with another seed (`seed`, or a random one) where its model takes one."""
        raise NotImplementedError

    async def wait(self, job: JobId, owner: OwnerId | None, timeout_s: float) -> Job:
        """The record when it is final, or as it is after `timeout_s`."""
        raise NotImplementedError

    async def estimates(self, jobs: Sequence[JobId]) -> dict[JobId, Estimate]:
        """Where waiting jobs stand; jobs that wait no more, or a broker that is away, leave gaps."""
        raise NotImplementedError

    async def status(self) -> SystemStatus:
        """The whole picture, as the broker sees it; at most a second old. Raises Unavailable if no broker answers."""
        raise NotImplementedError
