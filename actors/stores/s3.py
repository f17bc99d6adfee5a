"""Files in a bucket, with a cache of them on each machine; visible only when whole."""

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from actors.stores.asset_key import segments
from actors.stores.disk_errors import unreachable
from actors.stores.output_check import check_staging, checked_outputs
from actors.stores.receiving import receive
from actors.stores.s3_cache import FileCache
from actors.stores.s3_files import Record, S3Files, content_path
from actors.stores.s3_settings import S3Settings
from actors.stores.s3_upload import S3Upload, publish
from actors.stores.workspace import Workspace, keep_alive
from aigc.core.errors import NotFound, StoreBroken, Unavailable
from aigc.core.ids import AssetKey, OwnerId
from aigc.core.ports import Asset

if TYPE_CHECKING:
    from actors.stores.s3_bucket import Bucket

T = TypeVar("T")


class S3AssetStore:
    """The `AssetStore` of any number of hosts: uploads and results in a bucket, staging and a cache in a local folder.

    A file is visible when its record is, and that is created by one conditional put after all content has arrived and
    was measured (see `s3_files`). Clients read through the cache rather than by signed links to the bucket: they may
    have no way to it, their credentials stay with us, and ranges, conditions and names are the same as ever.

    Args:
        folder: on this machine, made where it is missing; several processes may use one.
        settings: which bucket, and how long to wait for it.

    Attributes:
        staging_root: runners write beneath it, and beneath nothing else of the folder.
    """

    def __init__(self, folder: Path, settings: S3Settings) -> None:
        self.folder = folder
        self.staging_root = folder / "tmp"
        self._settings = settings
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="assets")
        self._fetches: dict[str, asyncio.Task[Path]] = {}

    async def open(self) -> None:
        """Ready for use: the bucket can be written, and its server keeps to the conditions that we rely on.

        Raises:
            StoreBroken: it cannot, or does not; obstore is not installed; the local folder cannot be written.
        """
        try:
            from actors.stores.s3_bucket import Bucket
        except ImportError as error:
            raise StoreBroken(
                "files in a bucket need the package obstore", suggestion="install it with: pip install 'aigc[s3]'"
            ) from error
        settings = self._settings
        try:
            bucket = await self._run(Bucket, settings)
            await self._run(_check_conditions, bucket, settings)
            self._workspace = await self._run(Workspace, self.staging_root)
            self._cache = await self._run(
                FileCache, self.folder / "cache", settings.cache_bytes, settings.min_free_bytes, settings.in_use_s
            )
        except (Unavailable, StoreBroken) as error:
            self._pool.shutdown(wait=False)
            raise StoreBroken(f"{settings}: {error.message}", suggestion=error.suggestion) from error
        self._files = S3Files(bucket)
        self._alive = asyncio.get_running_loop().create_task(keep_alive(self._workspace))

    async def close(self) -> None:
        """Staging folders of this process and its threads are gone; the cache stays."""
        self._alive.cancel()
        await asyncio.wait([self._alive, *self._fetches.values()])
        await self._run(self._workspace.close)
        await asyncio.to_thread(self._pool.shutdown)
        await asyncio.to_thread(self._files.close)

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
        return await receive(
            S3Upload(self._files, asset),
            chunks,
            asset,
            limit=limit,
            block_bytes=self._settings.block_bytes,
            run=self._run,
        )

    async def staging(self) -> Path:
        """See the port."""
        folder = self._workspace.fresh()
        await self._run(folder.mkdir)
        return folder

    async def publish(
        self, folder: Path, prefix: str, files: Sequence[Asset], *, owner: OwnerId = OwnerId("")
    ) -> Sequence[Asset]:
        """See the port."""
        segments(prefix)
        check_staging(folder, self._workspace.name)
        return await self._run(self._publish, folder, prefix, files, owner, limit_s=None)

    async def discard(self, folder: Path) -> None:
        """See the port."""
        check_staging(folder, self._workspace.name)
        await self._run(partial(shutil.rmtree, folder, ignore_errors=True))

    async def stat(self, key: AssetKey) -> Asset | None:
        """See the port."""
        record = await self._run(self._files.read, key)
        return record.asset if record else None

    async def local(self, key: AssetKey) -> Path:
        """See the port. Whoever asks for the same file at once waits for one download."""
        record = await self._run(self._files.read, key)
        if record is None:
            raise NotFound(f"there is no file {key}", suggestion="it was deleted or has expired")
        name = _cache_name(record)
        fetch = self._fetches.get(name)
        if fetch is None:
            fetch = self._fetches[name] = asyncio.get_running_loop().create_task(
                self._run(self._fetch, record, limit_s=None)
            )
            fetch.add_done_callback(partial(self._fetched, name))
        return await asyncio.shield(fetch)

    async def list(self, prefix: str, limit: int = 1000) -> Sequence[Asset]:
        """See the port."""
        return await self._run(self._files.newest, prefix, limit)

    async def touch(self, key: AssetKey, expires_at: float | None) -> None:
        """See the port."""
        await self._run(self._files.touch, key, expires_at)

    async def delete(self, prefix: str) -> int:
        """See the port. Copies in the caches of other machines go in their time; nobody is handed one."""
        removed = await self._run(self._files.remove, prefix)
        for record in removed:
            await self._run(self._cache.drop, _cache_name(record))
        return len(removed)

    async def expired(self, before: float, limit: int) -> Sequence[Asset]:
        """See the port."""
        return await self._run(self._files.expired, before, limit)

    def _publish(self, folder: Path, prefix: str, files: Sequence[Asset], owner: OwnerId) -> Sequence[Asset]:
        now = time.time()
        items = [
            (
                path,
                msgspec.structs.replace(
                    said, key=AssetKey(f"{prefix}/{said.key}"), owner=owner or said.owner, created_at=now
                ),
            )
            for path, said in zip(checked_outputs(folder, files), files, strict=True)
        ]
        published = publish(self._files, items, self._settings.block_bytes)
        shutil.rmtree(folder, ignore_errors=True)
        return published

    def _fetch(self, record: Record) -> Path:
        """The content, from the cache, or into it and then from it."""
        asset, name = record.asset, _cache_name(record)
        found = self._cache.find(name, asset.bytes)
        if found is not None:
            return found
        self._cache.make_room(asset.bytes)
        temporary = self._workspace.fresh()
        try:
            if not self._download(record, temporary):
                raise NotFound(f"the file {asset.key} was damaged", suggestion="make it again")
            return self._cache.take(temporary, name)
        finally:
            temporary.unlink(missing_ok=True)

    def _download(self, record: Record, target: Path) -> bool:
        """True if what came is what was stored."""
        asset, digest, start = record.asset, sha256(), 0
        path = content_path(asset.key, record.content)
        with target.open("xb") as file:
            while start < asset.bytes:
                # Parts, as a large file takes longer than any one request may.
                wanted = min(self._settings.part_bytes, asset.bytes - start)
                part = self._files.bucket.get_part(path, start, wanted)
                if part is None or len(part) != wanted:
                    return False
                digest.update(part)
                file.write(part)
                start += wanted
            file.flush()
            os.fsync(file.fileno())
        return digest.hexdigest() == asset.sha256

    def _fetched(self, name: str, fetch: "asyncio.Task[Path]") -> None:
        del self._fetches[name]
        if not fetch.cancelled():
            fetch.exception()  # whoever waited has it; that nobody may wait any more is no fault

    async def _run(self, call: Callable[..., T], *arguments: object, limit_s: float | None = 0.0) -> T:
        """What the blocking call returned, from a thread; errors of the system in our words.

        Args:
            limit_s: how long to wait for it; 0: as the settings say; None: as long as requests succeed.
        """
        limit_s = self._settings.call_s if limit_s == 0.0 else limit_s
        try:
            async with asyncio.timeout(limit_s):
                return await asyncio.get_running_loop().run_in_executor(self._pool, call, *arguments)
        except TimeoutError as error:
            raise Unavailable(
                "the file storage does not answer in time", retry_after_s=5, code="assets_unavailable"
            ) from error
        except OSError as error:
            raise unreachable(error, self.folder) from error


def _cache_name(record: Record) -> str:
    """Means this content for ever; keeps the suffix, by which readers know the format."""
    return f"{record.content}+{record.asset.key.rpartition('/')[2]}"


def _check_conditions(bucket: "Bucket", settings: S3Settings) -> None:
    path = f"probe/{secrets.token_hex(8)}"
    try:
        kept = (bucket.create(path, b"1"), bucket.create(path, b"2"), bucket.replace(path, b"3", '"no such version"'))
    finally:
        bucket.delete([path])
    if kept != (True, False, False):
        raise StoreBroken(
            "this server ignores conditions on PUT (If-None-Match, If-Match)",
            suggestion="use one that keeps to them: without, two who store under one key would not notice",
        )
