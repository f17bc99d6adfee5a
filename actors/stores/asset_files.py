"""The finished files of a `DirectoryAssetStore` and what is known of them. Every call blocks: for threads only.

A file is there when its sidecar is, and the sidecar is made, once, when the file's bytes are durable. Several
processes, of several hosts, may be at it at once: no step relies on a lock.
"""

import heapq
import os
import stat
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from actors.stores.asset_key import segments
from actors.stores.asset_layout import AssetLayout, file_of, is_sidecar, key_of, new_place
from actors.stores.durable import ONLY_LOOK, StrPath, name_once, sync
from actors.stores.expiry_index import ExpiryIndex, milliseconds
from actors.stores.in_step import Work, in_step
from actors.stores.page import Entry, Page, entry_on, taken
from actors.stores.syncing import Syncing
from actors.stores.workspace import Workspace
from aigc.core.errors import NotFound
from aigc.core.ids import AssetKey
from aigc.core.ports import Asset

T = TypeVar("T")


class AssetFiles:
    """Files with a sidecar each, which files that were stored at once share as a `Page`.

    Args:
        root: made where it is missing; it may be a link itself.
    """

    def __init__(self, root: Path) -> None:
        self._layout = AssetLayout(root)
        self._expiry = ExpiryIndex(self._layout.expiry)
        self.workspace = Workspace(self._layout.temporary)
        self._syncing = Syncing()

    def close(self) -> None:
        """The workspace and the threads are gone."""
        self.workspace.close()
        self._syncing.close()

    def read(self, key: AssetKey) -> Asset | None:
        """What is stored under the key; None if nothing is, or the file is not what was stored."""
        found = self._read(self._sidecar(key))
        return found[0] if found else None

    def path(self, key: AssetKey) -> Path:
        """The file. Raises NotFound."""
        found = self._read(self._sidecar(key))
        if found is None:
            raise NotFound(f"there is no file {key}", suggestion="it was deleted, has expired, or was damaged")
        return found[1]

    def page(self) -> Page:
        """For `installing`; whoever asks for it closes it."""
        return Page(self.workspace.fresh_name())

    def install(self, items: Sequence[tuple[StrPath, Asset]]) -> None:
        """Files of the workspace stand under their keys, durably; or, if that fails, all are where they were.

        Args:
            items: each file, whole, and what is to be known of it.

        Raises:
            Conflict: there is a file under one of the keys.
        """
        with closing(self.page()) as page:
            (outcome,) = self.together([self.installing(items, page)])
        if outcome is not None:
            raise outcome

    def together(self, works: Sequence[Work[T]]) -> list[T | Exception]:
        """What each of the works returned or raised, see `in_step`."""
        return in_step(works, self._syncing)

    def installing(self, items: Sequence[tuple[StrPath, Asset]], page: Page) -> Work[None]:
        """The work of `install`, for those who have more of it to do at once, on one page."""
        if not items:
            return
        placed = [(source, asset, self._sidecar(asset.key), new_place()) for source, asset in items]
        moved: dict[str, StrPath] = {}
        opened: list[int] = []
        known: list[str] = []
        try:
            # Reminders before files: else a crash between the two would leave a file that is never looked at.
            self._expiry.add({asset.key: asset.expires_at for _, asset in items if asset.expires_at is not None})
            for source, asset, sidecar, place in placed:
                self._layout.make(_folder_of(sidecar))
                target = file_of(sidecar, place)
                assert target is not None
                os.rename(source, target)
                moved[target] = source
                opened.append(os.open(target, ONLY_LOOK))
                page.add(Entry(place, asset))
            yield ()  # all who share the page have added to it
            # Two waits for the disk, however many files there are: for all bytes, then for the names by which they are
            # seen. With one, a power cut could leave a name that is seen, and not its bytes.
            yield [*opened, page.written()]
            for _, asset, sidecar, _ in placed:
                try:
                    name_once(page.path, sidecar)
                except FileExistsError:
                    raise taken(asset.key) from None
                known.append(sidecar)
            yield [_folder_of(sidecar) for sidecar in known]
        except BaseException:
            for path in known:
                Path(path).unlink(missing_ok=True)
            for target, source in moved.items():
                with suppress(OSError):
                    os.rename(target, source)
            raise
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def touch(self, key: AssetKey, expires_at: float | None) -> None:
        """The file's expiry is another, durably. Raises NotFound."""
        sidecar = self._sidecar(key)
        found = self._read(sidecar)
        if found is None:
            raise NotFound(f"there is no file {key}", suggestion="it was deleted or has expired")
        asset, path = found
        if expires_at is not None:
            self._expiry.add({key: expires_at})
        said = Entry(path.name.partition("+")[0], msgspec.structs.replace(asset, expires_at=expires_at))
        with closing(self.page()) as page:
            page.add(said)
            os.fsync(page.written())
            # Where another process deletes the file meanwhile, this leaves a sidecar without a file: that is no file.
            os.rename(page.path, sidecar)
        sync(Path(sidecar).parent)
        if (at_ms := _expiry_ms(asset)) is not None and at_ms != _expiry_ms(said.asset):
            self._expiry.drop(key, at_ms)

    def newest(self, prefix: str, limit: int) -> list[Asset]:
        """At most that many of the files under `prefix/`, the newest first."""
        # A sidecar's modification time is when the first file on it was made, so only those that are shown are read.
        dated = []
        for entry in self._layout.entries(segments(prefix, at_least=1)):
            if is_sidecar(entry.name):
                with suppress(FileNotFoundError):
                    dated.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.path))
        newest = (self._read(path) for _, path in heapq.nlargest(limit, dated))
        return [found[0] for found in newest if found is not None]

    def remove(self, prefix: str) -> int:
        """The key itself and everything under `prefix/` is gone; how many files that were."""
        return self._remove(segments(prefix, at_least=1), below=True)

    def expired(self, before: float, limit: int) -> list[Asset]:
        """Files that expire before that time (seconds since the epoch), soonest first."""
        found: list[Asset] = []
        now = time.time()
        for marker in self._expiry.due(before):
            if len(found) == limit:
                break
            asset = self.read(marker.key)
            if asset is not None and _expiry_ms(asset) == marker.at_ms:
                found.append(asset)
            elif marker.is_old(now):
                if asset is None:
                    self._remove(segments(marker.key), below=False)  # what a crash in storing or deleting has left
                self._expiry.drop(*marker)
        return found

    def _sidecar(self, key: AssetKey) -> str:
        return self._layout.sidecar(segments(key))

    def _read(self, sidecar: str) -> tuple[Asset, Path] | None:
        """What is known of a file, and where it is."""
        if not self._layout.is_plain(_folder_of(sidecar)):
            return None
        try:
            descriptor = os.open(sidecar, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            with open(descriptor, "rb") as file:
                said = entry_on(file.read(), key_of(sidecar))
            path = file_of(sidecar, said.place) if said is not None else None
            if said is None or path is None:
                return None
            found = os.lstat(path)
        except (OSError, msgspec.MsgspecError):
            return None
        return (said.asset, Path(path)) if stat.S_ISREG(found.st_mode) and found.st_size == said.asset.bytes else None

    def _remove(self, parts: Sequence[str], *, below: bool) -> int:
        """Sidecars first, so that nothing is ever seen half."""
        entries = sorted(self._layout.entries(parts, below=below, itself=True), key=lambda entry: entry.name[0] != ".")
        gone = 0
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                continue
            found = self._read(entry.path) if is_sidecar(entry.name) else None
            with suppress(FileNotFoundError):  # another process was quicker
                os.unlink(entry.path)
                gone += is_sidecar(entry.name)
            if found is not None and (at_ms := _expiry_ms(found[0])) is not None:
                self._expiry.drop(found[0].key, at_ms)
        return gone


def _folder_of(sidecar: str) -> str:
    return sidecar.rpartition("/")[0]


def _expiry_ms(asset: Asset) -> int | None:
    return None if asset.expires_at is None else milliseconds(asset.expires_at)
