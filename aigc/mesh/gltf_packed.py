"""Compressed parts of glTF files: Draco meshes and meshopt buffer views, decoded by their authors' libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aigc.runner.model import InputInvalid

MESHOPT = ("EXT_meshopt_compression", "KHR_meshopt_compression")
DRACO = "KHR_draco_mesh_compression"
MOST_BYTES = 512 << 20
"""A file of some bytes can announce any amount; more than this is not unpacked."""
_ANEW = "export the file anew, or without compression"


class Unpacker:
    """Decodes for one file, within `MOST_BYTES` altogether."""

    def __init__(self) -> None:
        self._left = MOST_BYTES

    def meshopt(self, data: bytes, extension: dict[str, Any]) -> bytes:
        """The plain content of a buffer view whose `extension` is one of `MESHOPT`.

        Raises:
            InputInvalid: the data is damaged or announces too much.
        """
        count, stride, mode = extension["count"], extension["byteStride"], extension["mode"]
        if not all(isinstance(value, int) and value >= 0 for value in (count, stride)) or stride > 256:
            raise InputInvalid("a compressed buffer view says nonsense about its size", _ANEW)
        self._take(count * stride)
        import meshopt

        try:
            return meshopt.decode_gltf_buffer(data, count, stride, mode, extension.get("filter")).tobytes()  # type: ignore[no-any-return]
        except (ValueError, TypeError, KeyError, AssertionError) as problem:
            raise InputInvalid(f"meshopt-compressed data cannot be decoded: {problem}", _ANEW) from None

    def draco(self, data: bytes, count: int) -> tuple[NDArray[np.int64], dict[int, NDArray[Any]]]:
        """Faces (m, 3), and each attribute (n, width) by its id, of a Draco-compressed primitive.

        Args:
            count: indices that the primitive announces.
        Raises:
            InputInvalid: the data is damaged or announces too much.
        """
        self._take(4 * count)
        import DracoPy

        try:
            mesh = DracoPy.decode(data)
            faces = np.asarray(mesh.faces, np.int64).reshape(-1, 3)
            attributes = {each["unique_id"]: np.atleast_2d(each["data"]) for each in mesh.attributes}
        # Its exceptions share no base class but this one.
        except Exception as problem:  # noqa: BLE001
            raise InputInvalid(f"Draco-compressed data cannot be decoded: {problem}", _ANEW) from None
        if faces.size != count:
            raise InputInvalid(f"Draco-compressed data holds {faces.size} indices instead of {count}", _ANEW)
        self._take(sum(each.nbytes for each in attributes.values()))
        return faces, attributes

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise InputInvalid(f"the file unpacks to more than {MOST_BYTES:,} bytes", "simplify the mesh first")
