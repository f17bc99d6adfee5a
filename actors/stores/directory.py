"""Files in a folder of this host: written under a temporary name, synced, renamed; visible only when whole."""

import asyncio
import errno
import os
import shutil
import stat
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import file_digest
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import structlog
from msgspec import Struct

from actors.stores.asset_files import AssetFiles
from actors.stores.asset_key import segments
from actors.stores.durable import sync_file
from actors.stores.upload import Upload
from aigc.core.errors import InputInvalid, StoreBroken, Unavailable
from aigc.core.ids import AssetKey, OwnerId
from aigc.core.ports import Asset

T = TypeVar("T")

log = structlog.get_logger()


class DirectorySettings(Struct, frozen=True, kw_only=True):
    """What a directory store must be told."""

    min_free_bytes: int = 512 << 20
    """Uploads are refused when they would leave less than this: it is for results, records and logs."""
    block_bytes: int = 1 << 20
    """A stream is handed to a thread in blocks of about this size."""
    threads: int = 4
    """Blocking calls under way at once."""


class DirectoryAssetStore:
    """The `AssetStore` of one host, or of several that share a folder. Several processes may use one folder.

    Args:
        folder: made where it is missing; nothing outside is read or written, links inside are not followed.
        settings: what it must be told.
    """

    def __init__(self, folder: Path, settings: DirectorySettings | None = None) -> None:
        self.folder = folder
        self._settings = settings or DirectorySettings()
        self._pool = ThreadPoolExecutor(self._settings.threads, thread_name_prefix="assets")

    async def open(self) -> None:
        """Ready for use; what dead processes left half-written is gone.

        Raises:
            StoreBroken: the folder cannot be written.
        """
        try:
            self._files = await self._run(AssetFiles, self.folder)
        except Unavailable as error:
            self._pool.shutdown(wait=False)
            elsewhere = "name a data folder that the server's user may write, with room on its disk"
            raise StoreBroken(
                f"{self.folder}: {error.message}",
                suggestion=error.suggestion if error.code == "disk_full" else elsewhere,
            ) from error

    async def close(self) -> None:
        """Staging folders of this process and its threads are gone."""
        await self._run(self._files.close)
        await asyncio.to_thread(self._pool.shutdown)

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
        """See the port."""
        segments(key)
        asset = Asset(
            key=key,
            bytes=0,
            sha256="",
            content_type=content_type,
            filename=filename,
            owner=owner,
            created_at=time.time(),
            expires_at=expires_at,
            tags=tags or {},
        )
        upload = Upload(self._files, self._settings.min_free_bytes)
        try:
            rest = await self._stream(upload, chunks, limit)
            return await self._run(upload.finish, rest, asset)
        except BaseException:
            await asyncio.shield(self._run(upload.abandon))
            raise

    async def staging(self) -> Path:
        """See the port."""
        folder = self._files.workspace.fresh()
        await self._run(folder.mkdir)
        return folder

    async def publish(
        self, folder: Path, prefix: str, files: Sequence[Asset], *, owner: OwnerId = OwnerId("")
    ) -> Sequence[Asset]:
        """See the port."""
        segments(prefix)
        self._check_staging(folder)
        return await self._run(self._publish, folder, prefix, files, owner)

    async def discard(self, folder: Path) -> None:
        """See the port."""
        self._check_staging(folder)
        await self._run(partial(shutil.rmtree, folder, ignore_errors=True))

    async def stat(self, key: AssetKey) -> Asset | None:
        """See the port."""
        return await self._run(self._files.read, key)

    async def local(self, key: AssetKey) -> Path:
        """See the port."""
        return await self._run(self._files.path, key)

    async def list(self, prefix: str, limit: int = 1000) -> Sequence[Asset]:
        """See the port."""
        return await self._run(self._files.newest, prefix, limit)

    async def touch(self, key: AssetKey, expires_at: float | None) -> None:
        """See the port."""
        await self._run(self._files.touch, key, expires_at)

    async def delete(self, prefix: str) -> int:
        """See the port."""
        return await self._run(self._files.remove, prefix)

    async def expired(self, before: float, limit: int) -> Sequence[Asset]:
        """See the port."""
        return await self._run(self._files.expired, before, limit)

    async def _stream(self, upload: Upload, chunks: AsyncIterator[bytes], limit: int) -> Sequence[bytes]:
        """All chunks but the last block are written; that one is returned."""
        held: list[bytes] = []
        held_bytes = total = 0
        async for chunk in chunks:
            held.append(chunk)
            held_bytes += len(chunk)
            total += len(chunk)
            if total > limit:
                raise InputInvalid(
                    f"the file is larger than {limit} bytes", suggestion="make it smaller", code="too_large"
                )
            if held_bytes >= self._settings.block_bytes:
                await self._run(upload.write, held)
                held, held_bytes = [], 0
        return held

    def _publish(self, folder: Path, prefix: str, files: Sequence[Asset], owner: OwnerId) -> Sequence[Asset]:
        now = time.time()
        items = []
        for file in files:
            source = folder.joinpath(*segments(file.key, at_least=1))
            _check_output(source, file)
            if not file.sha256:
                with source.open("rb") as content:
                    file = msgspec.structs.replace(file, sha256=file_digest(content, "sha256").hexdigest())
            sync_file(source)
            key = AssetKey(f"{prefix}/{file.key}")
            items.append((source, msgspec.structs.replace(file, key=key, owner=owner or file.owner, created_at=now)))
        self._files.install(items)
        shutil.rmtree(folder, ignore_errors=True)
        return [asset for _, asset in items]

    def _check_staging(self, folder: Path) -> None:
        if folder.parent != self._files.workspace.folder or folder.name in (".", ".."):
            raise InputInvalid(
                f"{folder.name} is not a staging folder of this store", suggestion="give what staging() gave"
            )

    async def _run(self, call: Callable[..., T], *arguments: object) -> T:
        """What the blocking call returned, from a thread; errors of the system in our words."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, call, *arguments)
        except OSError as error:
            raise _translated(error, self.folder) from error


def _check_output(path: Path, said: Asset) -> None:
    """Raise InputInvalid unless the path is a plain file of the size that was said, and its own only name."""
    try:
        found = path.lstat()
    except OSError:
        fault = "is missing"
    else:
        if os.path.realpath(path.parent) != str(path.parent) or not stat.S_ISREG(found.st_mode):
            fault = "is not a plain file"
        elif found.st_nlink > 1:
            fault = "has another name elsewhere (hard link)"
        elif found.st_size != said.bytes:
            fault = f"has {found.st_size} bytes where {said.bytes} were reported"
        else:
            return
    raise InputInvalid(
        f"the output {said.key!r} {fault}",
        suggestion="a model writes its outputs as plain files into the folder that it was given",
        code="result_invalid",
    )


def _translated(error: OSError, folder: Path) -> Unavailable:
    """Clients read it, so it names no path of this host; the log does."""
    log.warning("assets.unavailable", folder=str(folder), reason=str(error))
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(
            "the disk that holds the files is full", retry_after_s=30, suggestion="make room on it", code="disk_full"
        )
    return Unavailable(
        f"the stored files cannot be reached: {error.strerror or type(error).__name__}",
        retry_after_s=5,
        suggestion="see that the disk is mounted and that the server's user may write there",
        code="assets_unavailable",
    )
