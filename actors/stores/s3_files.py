"""The files of a bucket and what is known of them. Every call blocks: for threads only.

    <prefix>/files/uploads/<id>/mesh.glb/@data-<digits>   a content of uploads/<id>/mesh.glb; written once, never again
    <prefix>/files/uploads/<id>/mesh.glb/@record          its `Asset`, and which content is meant: a file is there when
                                                          this is; created by a conditional put, so by one writer only
    <prefix>/expiry/<hour>/<milliseconds>+<key>           reminders as in `ExpiryIndex`: nothing is ever scanned

What is known lies in an object of its own, not in the content's attributes: these could be changed only by copying the
content, and not on condition. The record comes last, when all content of the whole result has arrived. If a process
dies between the records of one result, what has one is whole, is named by no job's record, and goes in its time; so do
contents without a record, by the reminder that was there before them. Of parts that a killed process had sent a bucket
needs a lifecycle rule to get rid of (docs/assets.md).
"""

import heapq
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from actors.stores.asset_key import segments
from actors.stores.expiry_index import Marker, due_hours, marker_name, milliseconds, parsed_marker
from aigc.core.errors import Conflict, NotFound, Unavailable
from aigc.core.ids import AssetKey
from aigc.core.ports import Asset

if TYPE_CHECKING:
    from actors.stores.s3_bucket import Bucket, Listed

RECORD = "@record"
CONTENT = "@data-"
EXPIRY = "expiry"
SIDE_BY_SIDE = 8
"""Requests of one call under way at once."""
KNOWN = 16_384
"""Records that are remembered, each as long as its object is the same."""
TRIES = 5


class Record(Struct, frozen=True):
    """What a record object holds."""

    content: str
    """The digits of the object that is the file's content."""
    asset: Asset


class S3Files:
    """Files of one bucket, each with a record. Several processes and hosts may be at it at once."""

    def __init__(self, bucket: "Bucket") -> None:
        self.bucket = bucket
        self._threads = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="assets-s3")
        self._known = lru_cache(KNOWN)(self._read_version)

    def close(self) -> None:
        """The threads are gone."""
        self._threads.shutdown()

    def read(self, key: AssetKey) -> Record | None:
        """What is stored under the key, or None."""
        found = self.bucket.get(record_path(key))
        return _decoded(found[0]) if found else None

    def remind(self, asset: Asset) -> None:
        """The file will be looked at when it expires, though it may not be there yet."""
        if asset.expires_at is not None:
            self.bucket.put(_marker_path(asset.key, milliseconds(asset.expires_at)), b"")

    def install(self, records: Sequence[Record]) -> None:
        """The files stand under their keys. Their contents have arrived; if it raises, `withdraw` them.

        Raises:
            Conflict: there is a file under one of the keys.
        """
        for record in records:
            key = record.asset.key
            if not self.bucket.create(record_path(key), msgspec.json.encode(record)) and not self._is_ours(record):
                raise Conflict(f"there is a file under {key} already", suggestion="store under a new key")

    def withdraw(self, record: Record) -> None:
        """Nothing is left of this file, whether it stood under its key or not. One that stands there stays."""
        if self._is_ours(record):
            self.bucket.delete([record_path(record.asset.key)])
        self.bucket.delete([content_path(record.asset.key, record.content)])

    def touch(self, key: AssetKey, expires_at: float | None) -> None:
        """The file's expiry is another. Raises NotFound."""
        for _ in range(TRIES):
            found = self.bucket.get(record_path(key))
            record = _decoded(found[0]) if found else None
            if found is None or record is None:
                raise NotFound(f"there is no file {key}", suggestion="it was deleted or has expired")
            old_ms = _expiry_ms(record.asset)
            asset = msgspec.structs.replace(record.asset, expires_at=expires_at)
            self.remind(asset)
            if self.bucket.replace(record_path(key), msgspec.json.encode(Record(record.content, asset)), found[1]):
                if old_ms is not None and old_ms != _expiry_ms(asset):
                    self.bucket.delete([_marker_path(key, old_ms)])
                return
        raise Unavailable(f"others change {key} all the time", retry_after_s=1, code="assets_unavailable")

    def newest(self, prefix: str, limit: int) -> list[Asset]:
        """At most that many of the files under `prefix/`, the newest first.

        Of more than that many, those whose records changed last are taken: records change when they are touched.
        """
        path = "files/" + "/".join(segments(prefix, at_least=1))
        records = [one for one in self.bucket.below(path) if one.path.endswith(f"/{RECORD}")]
        records = [one for one in records if one.path != f"{path}/{RECORD}"]  # of the prefix itself, if that is a key
        if len(records) > limit:
            # Some servers date to the second: all of the last second that counts are looked at.
            last = heapq.nlargest(limit, (one.modified for one in records))[-1] if limit else 0.0
            records = [one for one in records if one.modified >= last - 1]
        found = (record.asset for record in self._threads.map(self._known, records) if record is not None)
        return heapq.nlargest(limit, found, key=lambda asset: asset.created_at)

    def remove(self, prefix: str) -> list[Record]:
        """The key itself and everything under `prefix/` is gone; what that was."""
        path = "files/" + "/".join(segments(prefix, at_least=1))
        return self._remove(self.bucket.below(path))

    def expired(self, before: float, limit: int) -> list[Asset]:
        """Files that expire before that time (seconds since the epoch), soonest first."""
        found: list[Asset] = []
        now = time.time()
        markers = self._due(before)
        while len(found) < limit and (some := list(islice(markers, min(limit, 4 * SIDE_BY_SIDE)))):
            for marker, record in zip(some, self._threads.map(self.read, [one.key for one in some]), strict=True):
                if record is not None and _expiry_ms(record.asset) == marker.at_ms:
                    found.append(record.asset)
                elif marker.is_old(now):
                    if record is None:
                        self._remove_rest(marker.key)
                    self.bucket.delete([_marker_path(*marker)])
        return found[:limit]

    def _due(self, before: float) -> Iterator[Marker]:
        hours, _ = self.bucket.names(EXPIRY)
        for hour in due_hours(hours, before):
            _, names = self.bucket.names(f"{EXPIRY}/{hour}")
            for name in sorted(names):
                marker = parsed_marker(name)
                if marker is not None and marker.at_ms < before * 1000:
                    yield marker

    def _remove(self, objects: Iterable["Listed"]) -> list[Record]:
        """Records first, so that nothing is ever seen half; their reminders last."""
        paths = [one.path for one in objects]
        records = [path for path in paths if path.endswith(f"/{RECORD}")]
        read = self._threads.map(self.bucket.get, records)
        known = [record for got in read if got is not None and (record := _decoded(got[0])) is not None]
        self.bucket.delete(records)
        self.bucket.delete([path for path in paths if f"/{CONTENT}" in path])
        times = ((record.asset.key, _expiry_ms(record.asset)) for record in known)
        self.bucket.delete([_marker_path(key, at_ms) for key, at_ms in times if at_ms is not None])
        return known

    def _remove_rest(self, key: AssetKey) -> None:
        """What a crash in the middle of storing or deleting has left."""
        _, names = self.bucket.names(f"files/{key}")
        self.bucket.delete([f"files/{key}/{name}" for name in names])

    def _is_ours(self, record: Record) -> bool:
        """True if the key's record is this one: the answer to an earlier request may have been lost."""
        found = self.read(record.asset.key)
        return found is not None and found.content == record.content

    def _read_version(self, listed: "Listed") -> Record | None:
        found = self.bucket.get(listed.path)
        return _decoded(found[0]) if found else None


def record_path(key: AssetKey) -> str:
    """Where the record of a key is. Raises InputInvalid for what is no key."""
    return f"files/{'/'.join(segments(key))}/{RECORD}"


def content_path(key: AssetKey, content: str) -> str:
    """Where one content of a key is."""
    return f"files/{key}/{CONTENT}{content}"


def _marker_path(key: AssetKey, at_ms: int) -> str:
    return "/".join((EXPIRY, *marker_name(key, at_ms)))


def _expiry_ms(asset: Asset) -> int | None:
    return None if asset.expires_at is None else milliseconds(asset.expires_at)


def _decoded(content: bytes) -> Record | None:
    try:
        return msgspec.json.decode(content, type=Record)
    except msgspec.MsgspecError:
        return None
