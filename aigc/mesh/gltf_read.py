"""A glTF 2.0 reader for files from anybody: every offset, count and index is checked before it is followed.

It reads what this package works with: triangles with positions, normals, texture coordinates, colours and base colour.
Where the joints of skins are can be asked beside; animations and cameras are passed over.
Section numbers are those of the Khronos glTF 2.0 specification.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aigc.mesh.gltf_packed import DRACO, MESHOPT, Unpacker
from aigc.mesh.textures import Textures
from aigc.mesh.types import BytePixels, FloatArray, IntArray, Material, Mesh
from aigc.runner.model import InputInvalid

_COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_READ = {"POSITION": (3,), "NORMAL": (3,), "TEXCOORD_0": (2,), "COLOR_0": (3, 4)}
"""Attributes that are read, and how many numbers each may have."""
_DEEPEST = 64

_MOST_JOINTS = 65_536  # as many as vertices can name

T = TypeVar("T")
Beside = Callable[[str], bytes | None]
_TRIANGLES, _STRIP, _FAN = 4, 5, 6


def read_gltf(data: bytes, most_faces: int, beside: Beside | None = None) -> list[Mesh]:
    """Every triangle primitive of the file's scene, placed as its nodes say.

    Args:
        beside: finds the bytes of another file that it refers to by a relative URI, or None; without it, none is.
    Raises:
        InputInvalid: the file is damaged, uses an extension that is not understood here, or is too large.
    """
    return _understood(lambda: _Reader(data, most_faces, beside).meshes())


def gltf_joints(data: bytes, beside: Beside | None = None) -> list[tuple[str, int, FloatArray]]:
    """Joints of all skins in the scene: name, the place in this list of the joint above or -1, head float64 (3,).

    A head is where it was when the mesh was bound, moved as `read_gltf` moves the mesh.

    Raises:
        InputInvalid: as `read_gltf`.
    """
    return _understood(lambda: _Reader(data, _MOST_JOINTS, beside).joints())


def _understood(read: Callable[[], T]) -> T:
    try:
        return read()
    except InputInvalid:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, struct.error, RecursionError) as problem:
        raise InputInvalid(
            f"the glTF file contradicts itself ({type(problem).__name__}: {problem})",
            "check it with the Khronos glTF validator, or export it anew",
        ) from None


class _Reader:
    def __init__(self, data: bytes, most_faces: int, beside: Beside | None) -> None:
        self._beside = beside
        text, self._chunk = _chunks(data)
        self._document: dict[str, Any] = json.loads(text)
        self._faces_left = most_faces
        self._most_faces = most_faces
        self._buffers: dict[int, bytes] = {}
        self._pictures: dict[int, BytePixels] = {}
        self._materials: dict[int, Material] = {}
        self._textures = Textures()
        self._unpacker = Unpacker()
        self._unpacked: dict[int, bytes] = {}

    def meshes(self) -> list[Mesh]:
        found: list[Mesh] = []
        for _, node, place, _ in self._placed():
            if "mesh" in node:
                name = str(node.get("name") or f"mesh_{node['mesh']}")[:64]
                found += self._primitives(self._document["meshes"][node["mesh"]], place, name)
        return found

    def joints(self) -> list[tuple[str, int, FloatArray]]:
        placed = {index: (node, place, above) for index, node, place, above in self._placed()}
        heads: dict[int, FloatArray] = {}
        for node, place, _ in placed.values():
            if "skin" not in node:
                continue
            skin = self._document["skins"][_whole(node["skin"])]
            names = [_whole(joint) for joint in skin["joints"]]
            if "inverseBindMatrices" in skin:
                # 3.7.3.1: column-major, from the mesh as it was bound into the joint's own space.
                bound = self._accessor(skin["inverseBindMatrices"]).astype(np.float64).reshape(-1, 4, 4)
                found = (place @ np.linalg.inv(bound.transpose(0, 2, 1)))[:, :3, 3]
                heads |= {name: head for name, head in zip(names, found, strict=False) if name not in heads}
        for skin in self._document.get("skins", []):
            heads |= {name: placed[name][1][:3, 3] for name in skin["joints"] if name in placed and name not in heads}
        order = list(heads)
        result: list[tuple[str, int, FloatArray]] = []
        for index in order:
            above = placed[index][2] if index in placed else -1
            while above >= 0 and above not in heads:
                above = placed[above][2]
            name = str(self._document["nodes"][index].get("name") or f"joint_{index}")
            result.append((name, order.index(above) if above >= 0 else -1, np.asarray(heads[index], np.float64)))
        if not all(np.isfinite(head).all() for _, _, head in result):
            raise ValueError("a joint's place is no number")
        return result

    def _placed(self) -> Iterator[tuple[int, dict[str, Any], NDArray[Any], int]]:
        """Each node of the scene with its index, its place in the world, and the index of the one above or -1."""
        nodes = self._document.get("nodes", [])
        scenes = self._document.get("scenes", [])
        if scenes:
            roots = scenes[self._document.get("scene", 0)].get("nodes", [])
        else:
            children = {child for node in nodes for child in node.get("children", [])}
            roots = [index for index in range(len(nodes)) if index not in children]
        pending = [(root, np.eye(4), -1, 0) for root in roots]
        seen: set[int] = set()
        while pending:
            index, above, parent, depth = pending.pop(0)
            if index in seen or depth > _DEEPEST:
                # 3.5.2: nodes form a strict tree.
                raise InputInvalid(
                    f"node {index} of the glTF file is its own ancestor or lies too deep", "export it anew"
                )
            seen.add(index)
            node = nodes[index]
            place = above @ _matrix(node)
            yield index, node, place, parent
            pending += [(child, place, index, depth + 1) for child in node.get("children", [])]

    def _primitives(self, mesh: dict[str, Any], place: NDArray[Any], name: str) -> list[Mesh]:
        found = []
        for primitive in mesh["primitives"]:
            mode = primitive.get("mode", _TRIANGLES)
            if mode in (_TRIANGLES, _STRIP, _FAN) and "POSITION" in primitive["attributes"]:
                found.append(self._primitive(primitive, mode, place, name))
        return [mesh for mesh in found if len(mesh.faces)]

    def _primitive(self, primitive: dict[str, Any], mode: int, place: NDArray[Any], name: str) -> Mesh:
        attributes = primitive["attributes"]
        if packed := primitive.get("extensions", {}).get(DRACO):
            faces, columns = self._draco(primitive, packed)
        else:
            columns = {name: self._values(index) for name, index in attributes.items() if name in _READ}
            indices = primitive.get("indices")
            order = np.arange(len(columns["POSITION"])) if indices is None else self._accessor(indices).reshape(-1)
            faces = _triangles(order.astype(np.int64), mode)
        _check_widths(columns)
        positions = columns["POSITION"]
        self._faces_left -= len(faces)
        if self._faces_left < 0:
            raise too_many_faces(self._most_faces)
        turn = place[:3, :3]
        placed = positions @ turn.T + place[:3, 3]
        if np.linalg.det(turn) < 0:
            # 3.7.4: a mirroring node turns the winding of its triangles.
            faces = faces[:, ::-1]
        normals = None
        if "NORMAL" in columns:
            normals = columns["NORMAL"] @ np.linalg.pinv(turn)
        colors = _color_bytes(columns["COLOR_0"]) if "COLOR_0" in columns else None
        uv = columns.get("TEXCOORD_0")
        return Mesh(
            placed.astype(np.float32),
            np.ascontiguousarray(faces, np.int32) if faces.max(initial=0) < len(positions) else _out_of_range(),
            normals=None if normals is None or len(normals) != len(positions) else normals.astype(np.float32),
            uv=None if uv is None or len(uv) != len(positions) else uv.astype(np.float32),
            colors=None if colors is None or len(colors) != len(positions) else colors,
            material=self._material(primitive.get("material")),
            name=name,
        )

    def _draco(self, primitive: dict[str, Any], packed: dict[str, Any]) -> tuple[NDArray[Any], dict[str, FloatArray]]:
        """Faces and attributes of a compressed primitive; its accessors say what they are, its data is here."""
        accessors = self._document["accessors"]
        count = _whole(accessors[_whole(primitive["indices"])]["count"])
        if count > 3 * self._faces_left:
            raise too_many_faces(self._most_faces)
        faces, found = self._unpacker.draco(self._view(packed["bufferView"]), count)
        columns = {
            name: _floats(found[unique_id], accessors[_whole(primitive["attributes"][name])])
            for name, unique_id in packed["attributes"].items()
            if name in _READ
        }
        return faces, columns

    def _values(self, index: int) -> FloatArray:
        """float32 (n, width) of an accessor, normalised integers as 0 to 1."""
        return _floats(self._accessor(index), self._document["accessors"][index])

    def _accessor(self, index: int) -> NDArray[Any]:
        """(count, width) of an accessor, copied. 3.6.2."""
        accessor = self._document["accessors"][_whole(index)]
        kind, width, count = (
            _COMPONENTS[accessor["componentType"]],
            _WIDTHS[accessor["type"]],
            _whole(accessor["count"]),
        )
        if count > self._most_faces * 3 + 3:
            raise too_many_faces(self._most_faces)
        if "bufferView" in accessor:
            values = self._rows(accessor["bufferView"], accessor.get("byteOffset", 0), kind, width, count)
        else:
            values = np.zeros((count, width), kind)
        if "sparse" in accessor:
            sparse = accessor["sparse"]
            changed = _whole(sparse["count"])
            where, what = sparse["indices"], sparse["values"]
            rows = self._rows(
                where["bufferView"], where.get("byteOffset", 0), _COMPONENTS[where["componentType"]], 1, changed
            )
            values = values.copy()
            values[rows.reshape(-1)] = self._rows(what["bufferView"], what.get("byteOffset", 0), kind, width, changed)
        return values

    def _rows(self, view_index: int, offset: int, kind: str, width: int, count: int) -> NDArray[Any]:
        view = self._document["bufferViews"][_whole(view_index)]
        item = np.dtype(kind).itemsize * width
        stride = _whole(view.get("byteStride", item)) or item
        data = self._view(view_index)
        offset = _whole(offset)
        if count and offset + stride * (count - 1) + item > len(data):
            raise ValueError(f"buffer view {view_index} is shorter than its accessor says")
        if not count:
            return np.zeros((0, width), kind)
        packed = np.lib.stride_tricks.as_strided(
            np.frombuffer(data, np.uint8, offset=offset), shape=(count, item), strides=(stride, 1), writeable=False
        )
        return np.ascontiguousarray(packed).view(kind).reshape(count, width)

    def _view(self, index: int) -> bytes:
        view = self._document["bufferViews"][_whole(index)]
        for name in MESHOPT:
            if packed := view.get("extensions", {}).get(name):
                if index not in self._unpacked:
                    self._unpacked[index] = self._unpacker.meshopt(self._piece(packed, index), packed)
                return self._unpacked[index]
        return self._piece(view, index)

    def _piece(self, view: dict[str, Any], index: int) -> bytes:
        """What a buffer view says, or the extension in it."""
        data = self._buffer(view["buffer"])
        start, length = _whole(view.get("byteOffset", 0)), _whole(view["byteLength"])
        if start + length > len(data):
            raise ValueError(f"buffer view {index} ends behind its buffer")
        return data[start : start + length]

    def _buffer(self, index: int) -> bytes:
        if index not in self._buffers:
            buffer = self._document["buffers"][_whole(index)]
            self._buffers[index] = self._uri(buffer["uri"]) if "uri" in buffer else self._chunk
        return self._buffers[index]

    def _material(self, index: int | None) -> Material:
        if index is None:
            return Material()
        if index not in self._materials:
            self._materials[index] = self._read_material(index)
        return self._materials[index]

    def _read_material(self, index: int) -> Material:
        entry = self._document["materials"][_whole(index)]
        pbr = entry.get("pbrMetallicRoughness", {})
        factor = tuple(float(x) for x in pbr.get("baseColorFactor", (1, 1, 1, 1)))
        texture = pbr.get("baseColorTexture")
        return Material(
            name=str(entry.get("name") or "surface")[:64],
            base_color=(factor[0], factor[1], factor[2], factor[3]),
            metallic=float(pbr.get("metallicFactor", 1)),
            roughness=float(pbr.get("roughnessFactor", 1)),
            base_color_texture=self._picture(texture["index"]) if texture else None,
            surface_texture=self._surface(entry, pbr),
            double_sided=bool(entry.get("doubleSided", False)),
        )

    def _surface(self, entry: dict[str, Any], pbr: dict[str, Any]) -> BytePixels | None:
        """Occlusion, roughness and metallic in one picture, times their factors (5.22); None if the file has none."""
        texture, dark = pbr.get("metallicRoughnessTexture"), entry.get("occlusionTexture")
        picture = self._picture(texture["index"]) if texture else None
        if picture is None:
            return None
        shadow = self._picture(dark["index"]) if dark else None
        surface = picture[..., :3].copy()
        if shadow is None:
            surface[..., 0] = 255
        elif shadow is not picture:
            size = (picture.shape[1], picture.shape[0])
            surface[..., 0] = np.asarray(Image.fromarray(np.ascontiguousarray(shadow[..., 0])).resize(size))
        for channel, name in ((1, "roughnessFactor"), (2, "metallicFactor")):
            factor = min(max(float(pbr.get(name, 1)), 0.0), 1.0)
            if factor < 1:
                surface[..., channel] = (surface[..., channel] * factor + 0.5).astype(np.uint8)
        return surface

    def _picture(self, texture: int) -> BytePixels | None:
        entry = self._document["textures"][_whole(texture)]
        extensions = entry.get("extensions", {})
        source = entry.get("source", extensions.get("EXT_texture_webp", {}).get("source"))
        if source is None and "KHR_texture_basisu" in extensions:
            raise InputInvalid(
                "the file's textures are compressed for GPUs (KTX2, KHR_texture_basisu), which is not read here",
                "export it with PNG or JPEG textures",
            )
        if source is None:
            return None
        if source not in self._pictures:
            image = self._document["images"][_whole(source)]
            data = self._uri(image["uri"]) if "uri" in image else self._view(image["bufferView"])
            self._pictures[source] = self._textures.decoded(data)
        return self._pictures[source]

    def _uri(self, uri: str) -> bytes:
        if uri.startswith("data:"):
            return _data_uri(uri)
        found = self._beside(uri) if self._beside is not None else None
        if found is None:
            raise InputInvalid(
                f"the file refers to another file ({uri[:80]!r}), which is not with it",
                "send both in one ZIP archive, or export it as one GLB file",
            )
        return found


def _floats(raw: NDArray[Any], accessor: dict[str, Any]) -> FloatArray:
    """float32, normalised integers as -1 or 0 to 1 (3.6.2.2)."""
    if accessor.get("normalized") and raw.dtype.kind in "iu":
        return np.maximum(raw.astype(np.float64) / np.iinfo(raw.dtype).max, -1.0).astype(np.float32)
    return raw.astype(np.float32)


def _check_widths(columns: dict[str, FloatArray]) -> None:
    for name, values in columns.items():
        if values.shape[1] not in _READ[name]:
            raise ValueError(f"{name} has {values.shape[1]} columns")


def too_many_faces(most: int) -> InputInvalid:
    """The refusal of a mesh that is too large."""
    return InputInvalid(f"the mesh has more than {most:,} faces", "simplify it first")


def _out_of_range() -> IntArray:
    raise InputInvalid("a face names a vertex that is not there", "export the file anew, or repair it in a mesh editor")


def _whole(value: Any) -> int:
    """`value`, if it is an index or a count; Python would take -1 for the last."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no index")
    return value


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    """The JSON text and the binary chunk (4.4)."""
    if not data.startswith(b"glTF"):
        return data, b""
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2:
        raise InputInvalid(f"the file is glTF {version}, only glTF 2 is read", "export it as glTF 2.0")
    if length > len(data):
        raise InputInvalid(f"the GLB file ends after {len(data):,} of {length:,} bytes", "upload it again")
    found: dict[bytes, bytes] = {}
    place = 12
    while place + 8 <= length:
        size, kind = struct.unpack_from("<I4s", data, place)
        if place + 8 + size > length:
            raise InputInvalid("a chunk of the GLB file is cut off", "upload it again")
        found.setdefault(kind, data[place + 8 : place + 8 + size])
        place += 8 + size
    return found[b"JSON"], found.get(b"BIN\0", b"")


def _data_uri(uri: str) -> bytes:
    try:
        return base64.b64decode(uri.split(",", 1)[1], validate=True)
    except (binascii.Error, IndexError) as problem:
        raise ValueError(f"a data URI is damaged: {problem}") from None


def _matrix(node: dict[str, Any]) -> NDArray[Any]:
    """float64 (4, 4): a node's place under its parent. 3.5.3: column-major, or translation, rotation, scale."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    x, y, z, w = (float(value) for value in node.get("rotation", (0, 0, 0, 1)))
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    place = np.eye(4)
    place[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), np.float64)
    place[:3, 3] = node.get("translation", (0, 0, 0))
    return place


def _triangles(order: NDArray[Any], mode: int) -> NDArray[Any]:
    """(m, 3) of a list of indices. 3.7.2.1: in a strip every second triangle is turned."""
    if mode == _TRIANGLES:
        return order[: len(order) // 3 * 3].reshape(-1, 3)
    if len(order) < 3:
        return np.zeros((0, 3), np.int64)
    if mode == _FAN:
        return np.stack([np.full(len(order) - 2, order[0]), order[1:-1], order[2:]], axis=1)
    strip = np.stack([order[:-2], order[1:-1], order[2:]], axis=1)
    strip[1::2] = strip[1::2][:, [1, 0, 2]]
    return strip


def _color_bytes(linear: FloatArray) -> BytePixels:
    """sRGB bytes of linear vertex colours (3.7.2.1: COLOR_0 is linear)."""
    value = np.clip(linear[:, :3], 0, 1)
    srgb = np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)
    alpha = linear[:, 3:4] if linear.shape[1] == 4 else np.ones((len(linear), 1))
    return (np.concatenate([srgb, np.clip(alpha, 0, 1)], axis=1) * 255 + 0.5).astype(np.uint8)
