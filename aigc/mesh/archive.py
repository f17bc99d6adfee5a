"""A mesh with the files that it refers to, in a ZIP archive from anybody, as model sites hand them out.

Nothing is unpacked to the disk: a name is looked up among the archive's own, so that it can lead nowhere else.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import PurePosixPath
from urllib.parse import unquote

from aigc.runner.model import InputInvalid

MAGIC = b"PK\x03\x04"
MOST_FILES = 2000
MOST_BYTES = 1 << 30
"""Of all files together, unpacked."""

_MESHES = ("glb", "gltf", "fbx", "obj", "ply", "stl", "off")
"""Best first: what says most of a surface."""


class Archive:
    """The files of a ZIP archive.

    Raises:
        InputInvalid: it is damaged, encrypted, or larger unpacked than the limits allow.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError) as problem:
            raise InputInvalid(f"the ZIP archive is damaged ({problem})", "pack it again") from None
        listed = [info for info in self._zip.infolist() if not info.is_dir()]
        if len(listed) > MOST_FILES:
            raise InputInvalid(f"the archive has {len(listed):,} files, more than {MOST_FILES:,}", _LEAVE_ONE)
        self._files = {info.filename.replace("\\", "/"): info for info in listed}
        self._left = MOST_BYTES

    def mesh(self) -> str:
        """The name of the mesh in it: of the format that says most, the one nearest to the archive's root.

        Raises:
            InputInvalid: there is none, or several that could be meant.
        """
        names = [name for name in self._files if not _is_hidden(name)]
        for suffix in _MESHES:
            found = [name for name in names if name.lower().endswith(f".{suffix}")]
            top = min((name.count("/") for name in found), default=0)
            found = sorted(name for name in found if name.count("/") == top)
            if len(found) > 1:
                several = ", ".join(found[:4]) + (" and more" if len(found) > 4 else "")
                raise InputInvalid(f"the archive holds several meshes ({several[:300]})", _LEAVE_ONE)
            if found:
                return found[0]
        raise InputInvalid("the archive holds no mesh", f"put one of these into it: {', '.join(_MESHES)}")

    def read(self, name: str) -> bytes:
        """The bytes of a file of it.

        Raises:
            InputInvalid: they are damaged or encrypted, or more than all files may have together.
        """
        info = self._files[name]
        if info.flag_bits & 1:
            raise InputInvalid(f"{name[:80]!r} in the archive is encrypted", "pack it without a password")
        try:
            with self._zip.open(info) as file:
                # One byte more than is allowed: the size in the archive's list may be a lie.
                data = file.read(self._left + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as problem:
            raise InputInvalid(
                f"{name[:80]!r} in the archive cannot be unpacked ({problem})", "pack it again"
            ) from None
        self._left -= len(data)
        if self._left < 0:
            raise InputInvalid(f"the archive holds more than {MOST_BYTES >> 20} MiB", _LEAVE_ONE)
        return data

    def beside(self, mesh: str, reference: str) -> bytes | None:
        """What `mesh` means by `reference`: a relative URI or a path of whoever exported it; None if it is not here.

        A path that leads nowhere, as exporters write those of their own disk, is looked for by its last part.
        """
        wanted = unquote(reference).replace("\\", "/")
        exact = _joined(str(PurePosixPath(mesh).parent), wanted)
        last = wanted.rsplit("/", 1)[-1].lower()
        for name in self._files:
            if name.lower() == exact.lower():
                return self.read(name)
        alike = [name for name in self._files if last and not _is_hidden(name) and name.lower().split("/")[-1] == last]
        return self.read(alike[0]) if len(alike) == 1 else None


_LEAVE_ONE = "leave one mesh in it, with the files that it refers to"


def _joined(folder: str, path: str) -> str:
    parts: list[str] = []
    for part in (*folder.split("/"), *path.split("/")):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _is_hidden(name: str) -> bool:
    """A file that a desktop left there, as macOS does."""
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))
