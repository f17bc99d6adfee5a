"""The blocking half of storing files in a bucket: content first, then its record, or nothing of both."""

import os
import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from actors.stores.output_check import invalid
from actors.stores.s3_files import Record, S3Files, content_path
from aigc.core.errors import Unavailable
from aigc.core.ids import AssetKey
from aigc.core.ports import Asset

if TYPE_CHECKING:
    from actors.stores.s3_bucket import Writer


class Content:
    """One content on its way, measured as it goes. The server checks the digest of each part that it is sent.

    Args:
        asset: what is to be known of it; size and digest may be missing.
    """

    def __init__(self, files: S3Files, asset: Asset) -> None:
        self._files = files
        self._asset = asset
        self._digits = secrets.token_hex(8)
        self._writer: Writer | None = None
        self._digest = sha256()
        self._bytes = 0

    def write(self, chunks: Sequence[bytes]) -> None:
        """The chunks come next."""
        if self._writer is None:
            # The reminder before the content: else a crash between the two would leave one that is never looked at.
            self._files.remind(self._asset)
            path = content_path(self._asset.key, self._digits)
            self._writer = self._files.bucket.writer(path, self._asset.content_type)
        for chunk in chunks:
            self._digest.update(chunk)
            self._bytes += len(chunk)
            self._writer.write(chunk)

    def close(self) -> Record:
        """The content has arrived, durably; the record that is to be made of it."""
        self.write([])
        assert self._writer is not None
        self._writer.close()
        return self.record()

    def abandon(self) -> None:
        """Nothing of it is left, nor of its record, as far as the server can be reached now."""
        if self._writer is not None:
            self._writer.abandon()
            with suppress(Unavailable):
                self._files.withdraw(self.record())

    def record(self) -> Record:
        """The record of what was written so far."""
        measured = msgspec.structs.replace(self._asset, bytes=self._bytes, sha256=self._digest.hexdigest())
        return Record(self._digits, measured)


class S3Upload:
    """One stream on its way into the store. Methods may be called from different threads; they wait for each other."""

    def __init__(self, files: S3Files, asset: Asset) -> None:
        self._files = files
        self._content = Content(files, asset)
        self._abandoned = False
        self._lock = threading.Lock()

    def write(self, chunks: Sequence[bytes]) -> None:
        """The chunks are part of the content."""
        with self._lock:
            if not self._abandoned:
                self._content.write(chunks)

    def finish(self, chunks: Sequence[bytes], asset: Asset) -> Asset:
        """With these last chunks the file stands under its key."""
        with self._lock:
            if self._abandoned:
                return asset
            self._content.write(chunks)
            record = self._content.close()
            self._files.install([record])
            return record.asset

    def abandon(self) -> None:
        """Nothing of it is left, even if it was finished in the meantime; a call that comes late does nothing."""
        with self._lock:
            self._abandoned = True
            self._content.abandon()


def publish(files: S3Files, items: Sequence[tuple[str, Asset]], block_bytes: int) -> list[Asset]:
    """All these files stand under their keys, or none of them does. Returns what is known of them.

    Raises:
        InputInvalid: code `result_invalid`: a file is not what was said, in size or digest.
        Conflict: there is a file under one of the keys.
    """
    contents: list[Content] = []
    try:
        records = []
        for path, said in items:
            contents.append(Content(files, said))
            records.append(_sent(contents[-1], path, said, block_bytes))
        files.install(records)
    except BaseException:
        for content in contents:
            content.abandon()
        raise
    return [record.asset for record in records]


def _sent(content: Content, path: str, said: Asset, block_bytes: int) -> Record:
    with open(path, "rb") as file:
        while block := file.read(block_bytes):
            content.write([block])
    record = content.close()
    name = msgspec.structs.replace(said, key=AssetKey(os.path.basename(path)))
    if record.asset.bytes != said.bytes:
        raise invalid(name, f"has {record.asset.bytes} bytes where {said.bytes} were reported")
    if said.sha256 not in ("", record.asset.sha256):
        raise invalid(name, "changed after it was reported (its SHA-256 is another one)")
    return record
