"""What the actors need from the outside, as protocols. Each has one contract suite that every implementation passes."""

from collections.abc import AsyncIterator, Awaitable, Container, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from aigc.core.ids import AssetKey, JobId, OwnerId
from aigc.core.job import Job, Status
from aigc.core.messages import BrokerView, Device, Generation


class Created(Struct, frozen=True):
    """The record that now stands under the request's idempotency key: the new one, or the earlier one."""

    job: Job
    replayed: bool = False


class JobQuery(Struct, frozen=True, kw_only=True):
    """Which records, newest first. Empty values do not filter."""

    status: Status | None = None
    feature: str = ""
    owner: OwnerId | None = None
    tag: str = ""
    created_from: float | None = None
    """Seconds since the epoch, inclusive."""
    created_to: float | None = None
    """Seconds since the epoch, exclusive."""
    limit: int = 100
    offset: int = 0
    cursor: str = ""
    """`next_cursor` of the page before; stable while jobs come and go. Excludes `offset`."""


class JobPage(Struct, frozen=True):
    """One page of records, newest first."""

    jobs: tuple[Job, ...]
    total: int
    """How many match the query on all pages."""
    next_cursor: str = ""
    """Empty on the last page."""


class JobStore(Protocol):
    """Durable records of jobs. Every coroutine that writes returns after the write is durable.

    Raises, in any method: `Unavailable` (try again: store away, disk full), `StoreBroken` (somebody must repair it).
    """

    async def open(self) -> None:
        """Ready for use; creates what is missing. Raises StoreBroken with what to do. A server that does not answer is
        no obstacle: calls raise Unavailable until it does."""

    async def close(self) -> None:
        """Everything handed in before is durable; nothing may be called after."""

    async def create(self, job: Job, *, bound: int, owner_bound: int = 0) -> Created:
        """Insert a new record with status `queued`; never overwrites one.

        The queue's bound (records that are `queued`), the owner's (its records that are not final; 0: none) and the
        idempotency key (scoped to the owner) are checked in the same step. A record of the same id that already stands
        counts as replayed.

        Raises:
            QueueFull: `bound` records wait already; code `too_many_open_jobs`: the owner has `owner_bound` open ones.
            Conflict: the key was used for another request (another `request_digest`).
        """

    async def get(self, job: JobId) -> Job | None:
        """The record, or None."""

    async def list(self, query: JobQuery) -> JobPage:
        """Records that match."""

    async def counts(self) -> dict[Status, int]:
        """How many records there are of each status; every status is a key."""

    def clock(self) -> float:
        """Seconds since the epoch, as all who share the store agree; another host's own clock may differ."""

    async def lead(self, owner: str, *, lease_s: float = 0.0, above: int = 0) -> Generation:
        """Become the one writer of changes: a generation higher than any before, and than `above`.

        Args:
            owner: who asks, for people; unique, so that its own lease is no obstacle to it. Asking enters it among the
                brokers.
            lease_s: nobody else may lead for so long, unless `resign` or `renew` is called.
            above: the highest generation that the asker ever heard of: after a store was emptied, numbers go on.
        Raises:
            AlreadyLed: another one's lease runs.
        """

    async def renew(self, generation: Generation, lease_s: float) -> None:
        """The lease runs for so long from now, also if it had ended and nobody else led meanwhile.

        Raises:
            StaleGeneration: another generation leads, or none: the store was emptied.
        """

    async def resign(self, generation: Generation) -> None:
        """The lease ends now, so that the next one need not wait. No harm if another generation leads."""

    async def brokers(self) -> Sequence[BrokerView]:
        """Those that lead or asked to lead lately, the leading one first."""

    async def open_jobs(self, known: Container[JobId] = frozenset()) -> Sequence[Job]:
        """Every record that is queued or processing and not among `known`, oldest first, by an index."""

    async def commit(self, generation: Generation, jobs: Sequence[Job]) -> frozenset[JobId]:
        """Replace these records, all or none of them; ids that have no record are skipped and returned.

        So are ids whose record is final, unless the new one is final too: what has ended is never begun again. A store
        that others share skips a record that is older (lower `seq`) than the one that stands, too.

        Raises:
            StaleGeneration: another generation leads; nothing was written.
        """

    async def delete(self, generation: Generation, jobs: Sequence[JobId]) -> None:
        """Remove records; unknown ids are ignored. Raises StaleGeneration."""

    async def request_cancel(self, job: JobId, reason: str) -> bool:
        """Note that the job's end is wanted, for whoever leads next; the note goes with the job's end. False, and
        nothing is noted, where no open record has this id. Anybody may write it, whether somebody leads or not."""

    async def cancel_requests(self) -> Mapping[JobId, str]:
        """Open jobs whose end was asked for by `request_cancel`, each with the reason."""

    async def expired(self, status: Status, finished_before: float, limit: int) -> Sequence[Job]:
        """Records of this final status whose `finished_at` (seconds since the epoch) is older, oldest first."""

    async def ended_since(self, at: float, limit: int) -> Sequence[Job]:
        """Records of any final status whose `finished_at` (seconds since the epoch) is then or later, the latest first;
        by an index."""

    async def remember(self, name: str, value: bytes) -> None:
        """Keep a small value (learned estimates) under a name."""

    async def recall(self, name: str) -> bytes | None:
        """What was last kept under that name."""


class Asset(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stored file."""

    key: AssetKey
    bytes: int
    sha256: str
    content_type: str
    filename: str = ""
    """As a person named it; shown, never used as a path."""
    owner: OwnerId = OwnerId("")
    created_at: float = 0.0
    """Seconds since the epoch."""
    expires_at: float | None = None
    tags: dict[str, Any] = {}


class AssetStore(Protocol):
    """Durable files under generated keys. What `stat` finds is whole: half-written files are never visible.

    Raises, in any method: `Unavailable` (code `disk_full` or `assets_unavailable`), `InputInvalid` for a key that is
    not of the form `segment/segment/...` with segments of `[A-Za-z0-9._-]`, none starting with a dot, 200 characters
    at most.
    """

    async def open(self) -> None:
        """Ready for use; sweeps what an earlier crash left half-written. Raises StoreBroken with what to do."""

    async def close(self) -> None:
        """Nothing may be called after."""

    async def put(
        self,
        key: AssetKey,
        chunks: AsyncIterator[bytes],
        *,
        content_type: str,
        limit: int,
        filename: str = "",
        owner: OwnerId = OwnerId(""),
        expires_at: float | None = None,
        tags: dict[str, Any] | None = None,
    ) -> Asset:
        """Store a stream durably; never more than `limit` bytes. A key is written once.

        Raises:
            InputInvalid: code `too_large`; nothing is left behind, nor is it when the stream raises or is cancelled.
            Conflict: there is a file under that key.
        """

    def staging(self) -> Awaitable[Path]:
        """A fresh empty folder on this host, from which `publish` is cheap; a future that is done if one is at hand."""

    def publish(
        self, folder: Path, prefix: str, files: Sequence[Asset], *, owner: OwnerId = OwnerId("")
    ) -> Awaitable[Sequence[Asset]]:
        """Make the named files of a staging folder durable under `prefix`, then remove the folder.

        `files` hold in `key` the name within the folder, and what the runner measured; an empty `sha256` is filled in.
        Give them an `expires_at`: the sweeper renews what the job's record claims, and an attempt that became stale
        leaves nothing for ever. Returns them with their keys. If it raises, none of them is visible.

        Raises:
            InputInvalid: code `result_invalid`: a file is missing, of another size, a link, or not in the folder.
            Conflict: there is a file under one of the keys; an attempt publishes once.
        """

    async def discard(self, folder: Path) -> None:
        """Remove a staging folder and all in it."""

    async def stat(self, key: AssetKey) -> Asset | None:
        """What is stored under that key, or None; a file that was cut short counts as none. Says nothing of expiry."""

    async def local(self, key: AssetKey) -> Path:
        """A file on this host with the content, to be read only. Raises NotFound."""

    async def list(self, prefix: str, limit: int = 1000) -> Sequence[Asset]:
        """What is stored under keys that begin with `prefix/`, newest first."""

    async def touch(self, key: AssetKey, expires_at: float | None) -> None:
        """Set when the sweeper may have it; None: never on its own. Raises NotFound."""

    async def delete(self, prefix: str) -> int:
        """Remove the key itself or everything under `prefix/`; returns how many files went. A file that is being
        read stays readable to its reader."""

    async def expired(self, before: float, limit: int) -> Sequence[Asset]:
        """Files whose `expires_at` is before that time (seconds since the epoch), soonest first."""


class DeviceProbe(Protocol):
    """Telemetry of one device. Called off the event loop, once a second."""

    def sample(self, ours: Sequence[int], reserved: int = 0) -> Device:
        """The device now. Never raises: one that cannot be read is returned unhealthy, with the reason in `note`.

        Args:
            ours: process ids whose memory is not a stranger's.
            reserved: bytes that these may hold together, for devices that do not tell what they do hold; 0: not known.
        """
