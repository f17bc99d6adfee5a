"""The finished files of a `DirectoryAssetStore` and what is known of them. Every call blocks: for threads only.

    <root>/files/uploads/4/e/<id>+mesh.glb         uploads/<id>/mesh.glb, fanned out by a hash of the second segment
    <root>/files/uploads/4/e/.<id>+mesh.glb.json   its `Asset`: a file is there when this is
    <root>/expiry/<hour>/...                       see `ExpiryIndex`
    <root>/tmp/<process>/...                       see `Workspace`

Files of all ids of one fan folder lie side by side: a folder for each id would cost two more syncs per file.
"""

import heapq
import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec

from actors.stores.asset_key import segments
from actors.stores.durable import make_folder, sync_folder, write_file
from actors.stores.expiry_index import ExpiryIndex, milliseconds
from actors.stores.workspace import Workspace
from aigc.core.errors import Conflict, NotFound, Unavailable
from aigc.core.ids import AssetKey
from aigc.core.ports import Asset


class AssetFiles:
    """Files with a sidecar each. Symbolic links below the root are never followed.

    Args:
        root: made where it is missing; it may be a link itself.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        root = root.resolve()
        self._root = str(root)
        self._files = root / "files"
        self._files.mkdir(exist_ok=True)
        self._expiry = ExpiryIndex(root / "expiry")
        self.workspace = Workspace(root / "tmp")

    def close(self) -> None:
        """The workspace is gone."""
        self.workspace.close()

    def read(self, key: AssetKey) -> Asset | None:
        """What is stored under the key; None if nothing is, or the file is not what was stored."""
        return self._read(self._path(segments(key)))

    def path(self, key: AssetKey) -> Path:
        """The file. Raises NotFound."""
        path = self._path(segments(key))
        asset = self._read(path)
        if asset is None:
            raise NotFound(f"there is no file {key}", suggestion="it was deleted, has expired, or was damaged")
        return path

    def install(self, items: Sequence[tuple[Path, Asset]]) -> None:
        """Finished files of the workspace stand under their keys, durably; or, if that fails, none of them does.

        Args:
            items: each file, whose bytes are durable, and what is to be known of it.

        Raises:
            Conflict: there is a file under one of the keys.
        """
        placed = [(source, asset, self._path(segments(asset.key))) for source, asset in items]
        sidecars: list[Path] = []
        begun: list[Path] = []
        try:
            for _, asset, target in placed:
                if _sidecar(target).exists():
                    raise Conflict(f"there is a file under {asset.key} already", suggestion="store under a new key")
                sidecars.append(self._write_sidecar(asset))
            # Reminders before files: else a crash between the two would leave a file that is never looked at.
            self._expiry.add({asset.key: asset.expires_at for _, asset in items if asset.expires_at is not None})
            for source, _, target in placed:
                self._make_folder(target.parent)
                begun.append(target)
                source.rename(target)
            for sidecar, target in zip(sidecars, begun, strict=True):
                sidecar.rename(_sidecar(target))
            for folder in {target.parent for target in begun}:
                sync_folder(folder)
        except BaseException:
            for target in begun:
                self._unlink(target)
            for sidecar in sidecars:
                sidecar.unlink(missing_ok=True)
            raise

    def touch(self, key: AssetKey, expires_at: float | None) -> None:
        """The file's expiry is another, durably. Raises NotFound."""
        path = self._path(segments(key))
        asset = self._read(path)
        if asset is None:
            raise NotFound(f"there is no file {key}", suggestion="it was deleted or has expired")
        if expires_at is not None:
            self._expiry.add({key: expires_at})
        sidecar = self._write_sidecar(msgspec.structs.replace(asset, expires_at=expires_at))
        sidecar.rename(_sidecar(path))
        sync_folder(path.parent)

    def newest(self, prefix: str, limit: int) -> list[Asset]:
        """At most that many of the files under `prefix/`, the newest first."""
        # A sidecar's modification time is the file's `created_at`, so only those that are shown are read.
        dated = (
            (entry.stat(follow_symlinks=False).st_mtime_ns, entry.path)
            for entry in self._entries(segments(prefix, at_least=1))
            if _is_sidecar(entry.name)
        )
        newest = (_of_sidecar(Path(path)) for _, path in heapq.nlargest(limit, dated))
        return [asset for path in newest if (asset := self._read(path)) is not None]

    def remove(self, prefix: str) -> int:
        """The key itself and everything under `prefix/` is gone; how many files that were."""
        parts = segments(prefix, at_least=1)
        paths = {
            _of_sidecar(Path(entry.path)) if _is_sidecar(entry.name) else Path(entry.path)
            for entry in self._entries(parts)
        }
        if len(parts) > 1:
            paths.add(self._path(parts))
        return sum(self._unlink(path) for path in paths)

    def expired(self, before: float, limit: int) -> list[Asset]:
        """Files that expire before that time (seconds since the epoch), soonest first."""
        found: list[Asset] = []
        now_ms = milliseconds(time.time())
        for marker in self._expiry.due(before):
            if len(found) == limit:
                break
            path = self._path(segments(marker.key))
            asset = self._read(path)
            if asset is not None and asset.expires_at is not None and milliseconds(asset.expires_at) == marker.at_ms:
                found.append(asset)
            elif marker.at_ms < now_ms:  # not sooner: its file may just be on its way
                if asset is None:
                    self._unlink(path)  # what a crash in the middle of storing or deleting has left
                self._expiry.drop(marker)
        return found

    def _path(self, parts: Sequence[str]) -> Path:
        """Where the file of this key is."""
        fan = sha256(parts[1].encode()).hexdigest()
        return self._files.joinpath(parts[0], fan[0], fan[1], "+".join(parts[1:]))

    def _entries(self, parts: Sequence[str]) -> Iterator[os.DirEntry[str]]:
        """Files and sidecars of all keys that begin with these segments and have more."""
        if len(parts) == 1:
            folders, start = sorted((self._files / parts[0]).glob("?/?")), ""
        else:
            path = self._path(parts)
            folders, start = [path.parent], f"{path.name}+"
        for folder in folders:
            if not self._is_plain(folder):
                continue
            with suppress(FileNotFoundError), os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.removeprefix(".").startswith(start) and not entry.is_dir(follow_symlinks=False):
                        yield entry

    def _read(self, path: Path) -> Asset | None:
        if not self._is_plain(path.parent):
            return None
        try:
            descriptor = os.open(_sidecar(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            with open(descriptor, "rb") as file:
                asset = msgspec.json.decode(file.read(), type=Asset)
            found = path.lstat()
        except (OSError, msgspec.MsgspecError):
            return None
        return asset if stat.S_ISREG(found.st_mode) and found.st_size == asset.bytes else None

    def _write_sidecar(self, asset: Asset) -> Path:
        path = self.workspace.fresh()
        write_file(path, msgspec.json.encode(asset))
        os.utime(path, (asset.created_at, asset.created_at))
        return path

    def _is_plain(self, folder: Path) -> bool:
        """True if no part of the path below the root is a symbolic link; a part that is not there is none."""
        part = str(folder)
        while len(part) > len(self._root):
            if os.path.islink(part):
                return False
            part = os.path.dirname(part)
        return True

    def _make_folder(self, folder: Path) -> None:
        if not self._is_plain(folder):
            raise Unavailable(
                "a folder of the store leads elsewhere by a symbolic link",
                suggestion="move the data folder as a whole, or mount the other disk there",
                code="assets_unavailable",
            )
        make_folder(folder)

    def _unlink(self, path: Path) -> bool:
        """The file is gone, its sidecar first, so that it is never seen half; True if there was one."""
        if not self._is_plain(path.parent):
            return False
        sidecar = _sidecar(path)
        there = sidecar.is_symlink() or sidecar.exists()
        sidecar.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        return there


def _sidecar(path: Path) -> Path:
    return path.with_name(f".{path.name}.json")


def _is_sidecar(name: str) -> bool:
    return name.startswith(".") and name.endswith(".json")


def _of_sidecar(path: Path) -> Path:
    return path.with_name(path.name[1:].removesuffix(".json"))
