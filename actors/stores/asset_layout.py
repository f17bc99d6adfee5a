"""Where a `DirectoryAssetStore` keeps the file of a key, and what it knows of it.

    <root>/files/uploads/4e/4f1c09aa+<id>+mesh.glb   uploads/<id>/mesh.glb, fanned out by a hash of the second segment
    <root>/files/uploads/4e/.<id>+mesh.glb.json      its sidecar, which names the file above; a key has at most one
    <root>/expiry/<hour>/...                         see `ExpiryIndex`
    <root>/tmp/<process>/...                         see `Workspace`

Files of all ids of one fan folder lie side by side: a folder for each id would cost two more syncs per file. A file's
name begins with digits that no other file has, so two processes that store under one key never touch each other's.
"""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from actors.stores.durable import sync
from aigc.core.errors import Unavailable

_PLACE = re.compile(r"[0-9a-f]{8}")
_NAME = re.compile(r"(?P<place>[0-9a-f]{8})\+(?P<file>.+)|\.(?P<sidecar>.+)\.json")


class AssetLayout:
    """Paths, and the folders that they need. Symbolic links below the root are never followed.

    Args:
        root: made where it is missing; it may be a link itself.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        root = root.resolve()
        self._root = str(root)
        files = root / "files"
        files.mkdir(exist_ok=True)
        self._files = str(files)
        self._plain: set[str] = set()
        """Folders of first segments that are there and lead nowhere else: nobody has reason to replace one later."""
        self.expiry = root / "expiry"
        self.temporary = root / "tmp"

    def sidecar(self, parts: Sequence[str]) -> str:
        """The sidecar of the key of these segments."""
        return f"{self._fan(parts)}/.{'+'.join(parts[1:])}.json"

    def entries(self, parts: Sequence[str], *, below: bool = True, itself: bool = False) -> Iterator[os.DirEntry[str]]:
        """Files and sidecars of the key of these segments (`itself`), and of all keys under it (`below`)."""
        stem = "+".join(parts[1:])
        folders = [self._fan(parts)] if stem else sorted(map(str, Path(self._files, parts[0]).glob("??")))
        for folder in folders:
            if not self.is_plain(folder):
                continue
            with suppress(FileNotFoundError), os.scandir(folder) as entries:
                for entry in entries:
                    name = _NAME.fullmatch(entry.name)
                    key = name and (name["file"] or name["sidecar"])
                    if key and ((itself and key == stem) or (below and key.startswith(f"{stem}+" if stem else ""))):
                        yield entry

    def make(self, folder: str) -> None:
        """The fan folder is there, durably.

        All 256 of a first segment are made with the first one, as the 255 others would soon cost two syncs each.
        """
        first, _, _ = folder.rpartition("/")
        with suppress(FileNotFoundError):
            if stat.S_ISDIR(os.lstat(folder).st_mode) and first in self._plain:
                return
        if not self.is_plain(folder):
            raise Unavailable(
                "a folder of the store leads elsewhere by a symbolic link",
                suggestion="move the data folder as a whole, or mount the other disk there",
                code="assets_unavailable",
            )
        self._plain.add(first)
        if os.path.isdir(folder):
            return
        above = Path(first)
        above.mkdir(exist_ok=True)
        for number in range(256):
            (above / f"{number:02x}").mkdir(exist_ok=True)
        sync(above)
        sync(above.parent)
        sync(above.parent.parent)

    def is_plain(self, folder: str) -> bool:
        """True if no part of the path below the root is a symbolic link; a part that is not there is none."""
        part = folder
        while len(part) > len(self._root):
            if os.path.islink(part):
                return False
            part = part.rpartition("/")[0]
        return True

    def _fan(self, parts: Sequence[str]) -> str:
        return f"{self._files}/{parts[0]}/{sha256(parts[1].encode()).hexdigest()[:2]}"


def new_place() -> str:
    """Digits by which one stored file is told from all others of its key."""
    return os.urandom(4).hex()


def file_of(sidecar: str, place: str) -> str | None:
    """The file beside a sidecar; None if the sidecar names no place that is one."""
    folder, _, name = sidecar.rpartition("/")
    return f"{folder}/{place}+{name[1:-5]}" if _PLACE.fullmatch(place) else None


def key_of(sidecar: str) -> str:
    """The key that a sidecar is about."""
    first, _, name = sidecar.rsplit("/", 2)
    return f"{first.rpartition('/')[2]}/{name[1:-5].replace('+', '/')}"


def is_sidecar(name: str) -> bool:
    """True if the name of an entry is that of a sidecar."""
    return name.startswith(".")
