"""Files in a folder: written under a temporary name, synced, named; visible only when whole."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from hashlib import file_digest
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from actors.stores.asset_files import AssetFiles
from actors.stores.asset_key import segments
from actors.stores.disk_errors import unreachable
from actors.stores.group_thread import GroupThread
from actors.stores.in_step import Work
from actors.stores.output_check import check_staging, checked_outputs
from actors.stores.page import Page
from actors.stores.receiving import receive
from actors.stores.staging import Staging
from actors.stores.upload import Upload
from actors.stores.workspace import keep_alive
from aigc.core.errors import StoreBroken, Unavailable
from aigc.core.ids import AssetKey, OwnerId
from aigc.core.ports import Asset

T = TypeVar("T")

PAGE_RESULTS = 16
"""So many share a page: who looks for one of them reads it all."""


class DirectorySettings(Struct, frozen=True, kw_only=True):
    """What a directory store must be told."""

    min_free_bytes: int = 512 << 20
    """Uploads are refused when they would leave less than this: it is for results, records and logs."""
    block_bytes: int = 1 << 20
    """A stream is handed to a thread in blocks of about this size."""
    threads: int = 4
    """Blocking calls under way at once."""


class DirectoryAssetStore:
    """The `AssetStore` of one host, or of several that share a folder. Many processes may use one folder at once.

    Two that store under one key are told apart, one gets a Conflict, and what is stored is never a mixture. Deleting a
    key and storing under it again while a third process touches it may lose the new file: keys hold random ids, and
    nobody stores under one again.

    Args:
        folder: made where it is missing; nothing outside is read or written, links inside are not followed.
        settings: what it must be told.

    Attributes:
        staging_root: runners write beneath it, and beneath nothing else of the folder.
    """

    def __init__(self, folder: Path, settings: DirectorySettings | None = None) -> None:
        self.folder = folder
        self.staging_root = folder / "tmp"
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
        self._staging = Staging(self._files.workspace)
        self._publishing = GroupThread("assets-results", self._published_together)
        self._alive = asyncio.get_running_loop().create_task(keep_alive(self._files.workspace))

    async def close(self) -> None:
        """Staging folders of this process and its threads are gone."""
        self._alive.cancel()
        await asyncio.wait([self._alive])
        await self._publishing.close()
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
        return await receive(
            Upload(self._files, self._settings.min_free_bytes),
            chunks,
            asset,
            limit=limit,
            block_bytes=self._settings.block_bytes,
            run=self._run,
        )

    def staging(self) -> Awaitable[Path]:
        """See the port."""
        kept = self._staging.kept()
        if kept is None:
            return self._run(self._staging.made)
        at_hand: asyncio.Future[Path] = asyncio.get_running_loop().create_future()
        at_hand.set_result(kept)
        return at_hand

    def publish(
        self, folder: Path, prefix: str, files: Sequence[Asset], *, owner: OwnerId = OwnerId("")
    ) -> Awaitable[Sequence[Asset]]:
        """See the port. What becomes ready meanwhile is the next group, which waits for the disk together."""
        return self._publishing.enter(partial(self._published, folder, prefix, files, owner))

    async def discard(self, folder: Path) -> None:
        """See the port."""
        check_staging(folder, self._files.workspace.name)
        await self._run(self._staging.remove, folder)

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

    def _published(
        self, folder: Path, prefix: str, files: Sequence[Asset], owner: OwnerId, page: Page
    ) -> Work[Sequence[Asset]]:
        segments(prefix)
        check_staging(folder, self._files.workspace.name)
        known = {"owner": owner} if owner else {}
        now = time.time()
        try:
            items = []
            for source, file in zip(checked_outputs(folder, files), files, strict=True):
                digest = file.sha256 or _digest(source)
                key = AssetKey(f"{prefix}/{file.key}")
                items.append((source, msgspec.structs.replace(file, key=key, sha256=digest, created_at=now, **known)))
            yield from self._files.installing(items, page)
        except OSError as error:
            raise unreachable(error, self.folder) from error
        self._staging.take_back(folder)
        return [asset for _, asset in items]

    def _published_together(self, calls: Sequence[Callable[..., Any]]) -> Sequence[object]:
        with ExitStack() as stack:
            pages = [stack.enter_context(closing(self._files.page())) for _ in calls[::PAGE_RESULTS]]
            works = [call(pages[number // PAGE_RESULTS]) for number, call in enumerate(calls)]
            return self._files.together(works)

    async def _run(self, call: Callable[..., T], *arguments: object) -> T:
        """What the blocking call returned, from a thread; errors of the system in our words."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, call, *arguments)
        except OSError as error:
            raise unreachable(error, self.folder) from error


def _digest(path: str) -> str:
    with open(path, "rb") as content:
        return file_digest(content, "sha256").hexdigest()
