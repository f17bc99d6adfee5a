"""A GLB writer: binary glTF 2.0 that the official validator has nothing to say about.

Section numbers are those of the Khronos glTF 2.0 specification.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aigc.mesh.skeleton import Skeleton, Skin
from aigc.mesh.types import BytePixels, Material, Mesh

_FLOAT, _UINT16, _UINT32, _UINT8 = 5126, 5123, 5125, 5121
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34962, 34963
_LINEAR, _LINEAR_MIPMAP_LINEAR = 9729, 9987
_MAGIC, _JSON_CHUNK, _BIN_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942


def write_glb(
    meshes: Mesh | Sequence[Mesh],
    extras: Mapping[str, Any] | None = None,
    skeleton: Skeleton | None = None,
    skins: Sequence[Skin] | None = None,
) -> bytes:
    """The meshes as one GLB file, one named node each, under one scene.

    Args:
        extras: facts for whoever reads the file, kept in `asset.extras`; must be JSON.
        skeleton: written as a tree of nodes and a skin.
        skins: one for each mesh, if the skeleton is to move them.
    Raises:
        ValueError: there is no mesh, one has no face, or there are skins without a skeleton or for other meshes.
    """
    meshes = [meshes] if isinstance(meshes, Mesh) else list(meshes)
    if not meshes or any(len(mesh.faces) == 0 for mesh in meshes):
        raise ValueError("a GLB file needs at least one mesh, and each mesh at least one face")
    if skins is not None and (skeleton is None or [len(s.joints) for s in skins] != [len(m.positions) for m in meshes]):
        raise ValueError("skins need a skeleton, and a row for each vertex of each mesh")
    document = _Document()
    for number, mesh in enumerate(meshes):
        document.add_mesh(mesh, None if skins is None else skins[number], skeleton)
    if skeleton is not None:
        document.add_skeleton(skeleton)
    return document.to_bytes(dict(extras or {}))


def encode_picture(pixels: BytePixels, jpeg: bool) -> tuple[bytes, str]:
    """The picture as a file and its MIME type. JPEG at quality 92 without colour subsampling."""
    target = BytesIO()
    if jpeg and pixels.shape[2] == 3:
        Image.fromarray(pixels).save(target, "JPEG", quality=92, subsampling=0)
        return target.getvalue(), "image/jpeg"
    Image.fromarray(pixels).save(target, "PNG", compress_level=6)
    return target.getvalue(), "image/png"


class _Document:
    """The tables of a glTF file while they grow. Sections 5.1 to 5.28 name their fields."""

    def __init__(self) -> None:
        self._binary = bytearray()
        self._tables: dict[str, list[dict[str, Any]]] = {}
        self._roots: list[int] = []
        # By the identity of the picture: meshes that share one write it once.
        self._pictures: dict[tuple[int, bool], int] = {}

    def _add(self, table: str, entry: dict[str, Any]) -> int:
        """The index of `entry`, which is now the last of its table."""
        entries = self._tables.setdefault(table, [])
        entries.append(entry)
        return len(entries) - 1

    def _view(self, data: bytes, target: int | None = None) -> int:
        # 3.6.2.4: an accessor's offset must be a multiple of its component's size; four suits all of ours.
        self._binary.extend(b"\0" * (-len(self._binary) % 4))
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self._binary), "byteLength": len(data)}
        if target is not None:
            view["target"] = target
        self._binary.extend(data)
        return self._add("bufferViews", view)

    def _accessor(self, values: NDArray[Any], kind: str, component: int, **more: Any) -> int:
        # 3.6.2.3: a view of matrices feeds no vertices, and so has no target.
        target = {"SCALAR": _ELEMENT_ARRAY_BUFFER, "MAT4": None}.get(kind, _ARRAY_BUFFER)
        view = self._view(np.ascontiguousarray(values).tobytes(), target)
        return self._add(
            "accessors",
            {"bufferView": view, "componentType": component, "count": len(values), "type": kind, **more},
        )

    def add_mesh(self, mesh: Mesh, skin: Skin | None, skeleton: Skeleton | None) -> None:
        """One more node with one primitive."""
        positions = np.ascontiguousarray(mesh.positions, dtype="<f4")
        # 3.7.2.1: POSITION must state its bounds, and exactly.
        bounds = {"min": positions.min(axis=0).tolist(), "max": positions.max(axis=0).tolist()}
        attributes = {"POSITION": self._accessor(positions, "VEC3", _FLOAT, **bounds)}
        if mesh.normals is not None:
            attributes["NORMAL"] = self._accessor(_unit(mesh.normals).astype("<f4"), "VEC3", _FLOAT)
        if mesh.uv is not None:
            attributes["TEXCOORD_0"] = self._accessor(mesh.uv.astype("<f4"), "VEC2", _FLOAT)
        if mesh.colors is not None:
            linear = np.concatenate([_to_linear(mesh.colors[:, :3]), mesh.colors[:, 3:4] / 255.0], axis=1)
            attributes["COLOR_0"] = self._accessor(linear.astype("<f4"), "VEC4", _FLOAT)
        if skin is not None and skeleton is not None:
            wide = len(skeleton.joints) > 256
            joints = skin.joints.astype("<u2" if wide else "<u1")
            attributes["JOINTS_0"] = self._accessor(joints, "VEC4", _UINT16 if wide else _UINT8)
            attributes["WEIGHTS_0"] = self._accessor(skin.weights.astype("<f4"), "VEC4", _FLOAT)
        # 3.7.2.1: the greatest value of an index type is reserved for primitive restart.
        small = len(positions) < 65_535
        indices = mesh.faces.astype("<u2" if small else "<u4").reshape(-1)
        primitive = {
            "attributes": attributes,
            "indices": self._accessor(indices, "SCALAR", _UINT16 if small else _UINT32),
            "material": self._add_material(mesh.material, mesh.uv is not None),
        }
        node = {"name": mesh.name, "mesh": self._add("meshes", {"name": mesh.name, "primitives": [primitive]})}
        if skin is not None:
            node["skin"] = 0
        self._roots.append(self._add("nodes", node))

    def add_skeleton(self, skeleton: Skeleton) -> None:
        """A node for each joint, and the skin of them all, whose matrices undo their places at rest (3.7.3.3)."""
        first = len(self._tables["nodes"])
        heads = skeleton.heads
        for index, joint in enumerate(skeleton.joints):
            place = heads[index] - (heads[joint.parent] if joint.parent >= 0 else 0)
            node: dict[str, Any] = {"name": joint.name, "translation": place.tolist()}
            children = [first + k for k, other in enumerate(skeleton.joints) if other.parent == index]
            if children:
                node["children"] = children
            self._add("nodes", node)
            if joint.parent < 0:
                self._roots.append(first + index)
        inverse = np.tile(np.eye(4, dtype="<f4"), (len(heads), 1, 1))
        # Column by column, as everywhere in glTF.
        inverse[:, 3, :3] = -heads
        matrices = self._accessor(inverse.reshape(-1, 16), "MAT4", _FLOAT)
        joints = list(range(first, first + len(heads)))
        self._add("skins", {"name": "skeleton", "inverseBindMatrices": matrices, "joints": joints})

    def _add_material(self, material: Material, textured: bool) -> int:
        pbr: dict[str, Any] = {
            "baseColorFactor": [float(x) for x in material.base_color],
            "metallicFactor": float(material.metallic),
            "roughnessFactor": float(material.roughness),
        }
        entry: dict[str, Any] = {"name": material.name, "pbrMetallicRoughness": pbr}
        if material.double_sided:
            entry["doubleSided"] = True
        if textured and material.base_color_texture is not None:
            picture = self._add_texture(material.base_color_texture, material.jpeg, "color")
            pbr["baseColorTexture"] = {"index": picture}
            if material.base_color_texture.shape[2] == 4 and material.base_color_texture[..., 3].min() < 255:
                entry["alphaMode"] = "MASK"
        if textured and material.surface_texture is not None:
            # 5.19 and 5.22: occlusion is read from red, roughness from green, metallic from blue, so one does for all.
            surface = self._add_texture(material.surface_texture, material.jpeg, "surface")
            pbr["metallicRoughnessTexture"] = {"index": surface}
            pbr["metallicFactor"] = pbr["roughnessFactor"] = 1.0
            entry["occlusionTexture"] = {"index": surface}
        return self._add("materials", entry)

    def _add_texture(self, pixels: BytePixels, jpeg: bool, name: str) -> int:
        if "samplers" not in self._tables:
            self._add("samplers", {"magFilter": _LINEAR, "minFilter": _LINEAR_MIPMAP_LINEAR})
        if (id(pixels), jpeg) in self._pictures:
            return self._pictures[id(pixels), jpeg]
        data, mime = encode_picture(pixels, jpeg)
        image = self._add("images", {"name": name, "bufferView": self._view(data), "mimeType": mime})
        index = self._add("textures", {"sampler": 0, "source": image})
        self._pictures[id(pixels), jpeg] = index
        return index

    def to_bytes(self, extras: dict[str, Any]) -> bytes:
        """The file. 4.4: a 12-byte header, then the JSON chunk padded with blanks and the binary one with zeros."""
        asset: dict[str, Any] = {"version": "2.0", "generator": "aigc"}
        if extras:
            asset["extras"] = extras
        document = {
            "asset": asset,
            "scene": 0,
            "scenes": [{"nodes": self._roots}],
            **self._tables,
            "buffers": [{"byteLength": len(self._binary)}],
        }
        text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        binary = bytes(self._binary) + b"\0" * (-len(self._binary) % 4)
        total = 12 + 8 + len(text) + 8 + len(binary)
        return b"".join(
            [
                struct.pack("<III", _MAGIC, 2, total),
                struct.pack("<II", len(text), _JSON_CHUNK),
                text,
                struct.pack("<II", len(binary), _BIN_CHUNK),
                binary,
            ]
        )


def _unit(normals: NDArray[Any]) -> NDArray[Any]:
    """Each normal at unit length; one without a direction looks up, since 3.7.2.1 allows no zero vector."""
    wide = normals.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    up = np.array([0.0, 1.0, 0.0])
    return np.where(length > 1e-12, wide / np.maximum(length, 1e-12), up)


def _to_linear(srgb: BytePixels) -> NDArray[Any]:
    """Linear light, 0 to 1, of sRGB bytes (IEC 61966-2-1)."""
    value = srgb / 255.0
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
