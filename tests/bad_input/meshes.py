"""Meshes as they come from the world, made small: broken, lying, odd and exotic ones. Each is a name and its bytes."""

import json
import struct
from collections.abc import Callable
from typing import Any

import DracoPy
import meshopt
import numpy as np

from aigc.mesh.gltf import write_glb
from aigc.mesh.types import Mesh
from tests.mesh.kit import cube, sphere

Maker = Callable[[], bytes]
FLOAT, USHORT, UINT, BYTE = 5126, 5123, 5125, 5120


def ball(scale: float = 1.0, at: tuple[float, float, float] = (0, 0, 0), rings: int = 8) -> Mesh:
    positions, faces = sphere(rings, 2 * rings)
    return Mesh((positions * scale + np.array(at)).astype(np.float32), faces)


def both(*meshes: Mesh) -> Mesh:
    starts = np.cumsum([0, *(len(mesh.positions) for mesh in meshes)])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)]
    return Mesh(np.concatenate([mesh.positions for mesh in meshes]), np.concatenate(faces).astype(np.int32))


class Gltf:
    """A glTF document and its binary chunk, put together by hand."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {"asset": {"version": "2.0"}, "bufferViews": [], "accessors": [], "meshes": []}
        self.binary = b""

    def view(self, data: bytes, **more: Any) -> int:
        self.binary += b"\0" * (-len(self.binary) % 4)
        place = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)}
        self.document["bufferViews"].append(place | more)
        self.binary += data
        return len(self.document["bufferViews"]) - 1

    def accessor(self, kind: int, shape: str, count: int, view: int | None, **more: Any) -> int:
        entry = {"componentType": kind, "type": shape, "count": count, **more}
        self.document["accessors"].append(entry if view is None else entry | {"bufferView": view})
        return len(self.document["accessors"]) - 1

    def plain(self, mesh: Mesh) -> dict[str, Any]:
        """A primitive of it."""
        points = self.accessor(FLOAT, "VEC3", len(mesh.positions), self.view(mesh.positions.astype("<f4").tobytes()))
        faces = mesh.faces.astype("<u4").tobytes()
        return {
            "attributes": {"POSITION": points},
            "indices": self.accessor(UINT, "SCALAR", mesh.faces.size, self.view(faces)),
        }

    def glb(self, *primitives: dict[str, Any], **document: Any) -> bytes:
        if primitives:
            self.document["meshes"].append({"primitives": list(primitives)})
        nodes = [{"mesh": number} for number in range(len(self.document["meshes"]))]
        default = {"scene": 0, "scenes": [{"nodes": list(range(len(nodes)))}], "nodes": nodes}
        if self.binary:
            default["buffers"] = [{"byteLength": len(self.binary)}]
        text = json.dumps({**default, **self.document, **document}).encode()
        text += b" " * (-len(text) % 4)
        body = self.binary + b"\0" * (-len(self.binary) % 4)
        chunks = struct.pack("<I4s", len(text), b"JSON") + text
        chunks += struct.pack("<I4s", len(body), b"BIN\0") + body if body else b""
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def draco() -> bytes:
    mesh, made = ball(), Gltf()
    data = DracoPy.encode(mesh.positions, mesh.faces.astype(np.uint32), preserve_order=True)
    extension = {"bufferView": made.view(data), "attributes": {"POSITION": 0}}
    primitive = {
        "attributes": {"POSITION": made.accessor(FLOAT, "VEC3", len(mesh.positions), None)},
        "indices": made.accessor(UINT, "SCALAR", mesh.faces.size, None),
        "extensions": {"KHR_draco_mesh_compression": extension},
    }
    return made.glb(primitive, extensionsRequired=["KHR_draco_mesh_compression"])


def packed_by_meshopt(announced: int = 0) -> bytes:
    """As gltfpack does it: quantised positions, both views compressed, and a fallback buffer that is not there.

    Args:
        announced: vertices that it claims to hold, instead of what it does.
    """
    mesh, made = ball(), Gltf()
    quantized = np.zeros((len(mesh.positions), 4), np.uint16)
    quantized[:, :3] = np.round((mesh.positions + 1) / 2 * 65535)

    def view(data: bytes, count: int, stride: int, mode: str, plain_bytes: int) -> int:
        made.view(data)
        extension = made.document["bufferViews"].pop() | {"count": count, "byteStride": stride, "mode": mode}
        place = {"buffer": 1, "byteLength": plain_bytes, "extensions": {"EXT_meshopt_compression": extension}}
        made.document["bufferViews"].append(place)
        return len(made.document["bufferViews"]) - 1

    count = len(quantized)
    points = view(meshopt.encode_gltf_buffer(quantized, "ATTRIBUTES"), announced or count, 8, "ATTRIBUTES", 8 * count)
    made.document["bufferViews"][points]["byteStride"] = 8
    order = mesh.faces.astype(np.uint32).reshape(-1)
    faces = view(meshopt.encode_gltf_buffer(order, "TRIANGLES"), len(order), 4, "TRIANGLES", 4 * len(order))
    primitive = {
        "attributes": {"POSITION": made.accessor(USHORT, "VEC3", count, points, normalized=True)},
        "indices": made.accessor(UINT, "SCALAR", len(order), faces),
    }
    return made.glb(
        primitive,
        nodes=[{"mesh": 0, "scale": [2, 2, 2], "translation": [-1, -1, -1]}],
        extensionsRequired=["EXT_meshopt_compression", "KHR_mesh_quantization"],
        buffers=[{"byteLength": len(made.binary)}, {"byteLength": 8 * count + 4 * len(order)}],
    )


def quantized() -> bytes:
    """KHR_mesh_quantization: signed bytes, blown up by the node."""
    mesh, made = ball(), Gltf()
    rows = np.zeros((len(mesh.positions), 4), np.int8)
    rows[:, :3] = np.round(mesh.positions * 127)
    primitive = made.plain(mesh)
    view = made.view(rows.tobytes(), byteStride=4)
    primitive["attributes"]["POSITION"] = made.accessor(BYTE, "VEC3", len(rows), view)
    nodes = [{"mesh": 0, "scale": [1 / 127] * 3}]
    return made.glb(primitive, nodes=nodes, extensionsRequired=["KHR_mesh_quantization"])


def sparse() -> bytes:
    """All of its positions are given as exceptions from zero."""
    mesh, made = ball(), Gltf()
    primitive = made.plain(mesh)
    count = len(mesh.positions)
    where = made.view(np.arange(count, dtype="<u2").tobytes())
    what = made.document["accessors"][primitive["attributes"]["POSITION"]]["bufferView"]
    entry = {
        "count": count,
        "indices": {"bufferView": where, "componentType": USHORT},
        "values": {"bufferView": what},
    }
    primitive["attributes"]["POSITION"] = made.accessor(FLOAT, "VEC3", count, None, sparse=entry)
    return made.glb(primitive)


def animated() -> bytes:
    """With a skin, a morph target and an animation, as a character comes from a game."""
    mesh, made = ball(), Gltf()
    count = len(mesh.positions)
    primitive = made.plain(mesh)
    attributes = primitive["attributes"]
    attributes["JOINTS_0"] = made.accessor(USHORT, "VEC4", count, made.view(bytes(8 * count)))
    weights = np.tile(np.array([1, 0, 0, 0], "<f4"), (count, 1))
    attributes["WEIGHTS_0"] = made.accessor(FLOAT, "VEC4", count, made.view(weights.tobytes()))
    primitive["targets"] = [{"POSITION": attributes["POSITION"]}]
    times = made.accessor(FLOAT, "SCALAR", 2, made.view(struct.pack("<2f", 0, 1)))
    moves = made.accessor(FLOAT, "VEC3", 2, made.view(struct.pack("<6f", 0, 0, 0, 1, 0, 0)))
    animation = {
        "channels": [{"sampler": 0, "target": {"node": 1, "path": "translation"}}],
        "samplers": [{"input": times, "output": moves}],
    }
    nodes = [{"mesh": 0, "skin": 0}, {"translation": [0, 1, 0]}]
    return made.glb(primitive, nodes=nodes, skins=[{"joints": [1]}], animations=[animation], scenes=[{"nodes": [0, 1]}])


def scenes() -> bytes:
    """Two scenes, of which the second is the file's."""
    made = Gltf()
    for mesh in (cube(), ball()):
        made.document["meshes"].append({"primitives": [made.plain(mesh)]})
    return made.glb(scene=1, scenes=[{"nodes": [0]}, {"nodes": [1]}])


def textured(image: dict[str, Any], texture: dict[str, Any]) -> bytes:
    """A ball whose material has such a texture."""
    made = Gltf()
    primitive = made.plain(ball()) | {"material": 0}
    material = {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}
    return made.glb(primitive, materials=[material], textures=[texture], images=[image])


def mode(number: int) -> bytes:
    made = Gltf()
    return made.glb(made.plain(ball()) | {"mode": number})


def obj(points: str, faces: str) -> bytes:
    rows = [f"v {point}" for point in points.split(",")] + [f"f {face}" for face in faces.split(",")]
    return "\n".join(rows).encode() + b"\n"


def ascii_ply(vertices: int, faces: int, body: str = "") -> bytes:
    return (
        f"ply\nformat ascii 1.0\nelement vertex {vertices}\nproperty float x\nproperty float y\nproperty float z\n"
        f"element face {faces}\nproperty list uchar int vertex_indices\nend_header\n{body}"
    ).encode()


SQUARE = "0 0 0,1 0 0,1 1 0,0 1 0"
BALL = write_glb(ball())

REFUSED: dict[str, tuple[str, Maker]] = {
    "empty": ("glb", lambda: b""),
    "noise": ("stl", lambda: np.random.default_rng(1).bytes(2000)),
    "prose": ("obj", lambda: b"Dear sir, please find attached my chair.\n" * 20),
    "half a file": ("glb", lambda: BALL[: len(BALL) // 2]),
    "bytes flipped": ("glb", lambda: BALL[:30] + bytes(byte ^ 0xFF for byte in BALL[30:60]) + BALL[60:]),
    "billions of faces announced, PLY": ("ply", lambda: ascii_ply(3, 10**12, "0 0 0\n")),
    "billions of faces announced, OFF": ("off", lambda: b"OFF\n3 999999999999 0\n0 0 0\n"),
    "billions of faces announced, STL": ("stl", lambda: bytes(80) + b"\xff" * 4 + bytes(500)),
    "billions of indices announced, glTF": (
        "glb", lambda: Gltf().glb(accessors=[{"componentType": UINT, "type": "SCALAR", "count": 2**40}] * 2,
                                  meshes=[{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
                                  nodes=[{"mesh": 0}], scenes=[{"nodes": [0]}])),
    "a million and one faces": ("glb", lambda: (made := Gltf()).glb(made.plain(
        Mesh(cube().positions, np.tile(cube().faces, (1_000_001 // 12 + 1, 1)))))),
    "coordinates that are no numbers": ("obj", lambda: obj("nan 0 0,1 inf 0,0 1 0", "1 2 3")),
    "faces of vertices that are not there": ("obj", lambda: obj(SQUARE, "1 2 900")),
    "all in one point": ("obj", lambda: obj("1 1 1,1 1 1,1 1 1", "1 2 3")),
    "points alone": ("ply", lambda: ascii_ply(3, 0, "0 0 0\n1 0 0\n0 1 0\n")),
    "points alone, glTF": ("glb", lambda: mode(0)),
    "lines alone, glTF": ("glb", lambda: mode(1)),
    "a file beside it": ("gltf", lambda: json.dumps({
        "asset": {"version": "2.0"}, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [{"bufferView": 0, "componentType": FLOAT, "type": "VEC3", "count": 3}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "buffers": [{"uri": "file:///etc/passwd", "byteLength": 36}]}).encode()),
    "a texture beside it": ("glb", lambda: textured({"uri": "../secret.png"}, {"source": 0})),
    "KTX2 textures": ("glb", lambda: textured(
        {"uri": "data:image/ktx2;base64,q0tUWCAyMLsNChoK"}, {"extensions": {"KHR_texture_basisu": {"source": 0}}})),
    "damaged Draco": ("glb", lambda: draco().replace(b"DRACO", b"DRAGO")),
    "a node that is its own child": ("glb", lambda: Gltf().glb(nodes=[{"children": [0]}], scenes=[{"nodes": [0]}])),
    "an empty scene": ("glb", lambda: Gltf().glb()),
}  # fmt: skip
"""What no model can do anything with."""

READ: dict[str, tuple[str, Maker]] = {
    "Draco": ("glb", draco),
    "meshopt": ("glb", packed_by_meshopt),
    "quantised": ("glb", quantized),
    "sparse": ("glb", sparse),
    "animated": ("glb", animated),
    "two scenes": ("glb", scenes),
}
"""Exotic ways to write a ball of radius 1."""

ODD: dict[str, tuple[str, Maker]] = {
    "one triangle": ("obj", lambda: obj("0 0 0,1 0 0,0 1 0", "1 2 3")),
    "a flat square": ("obj", lambda: obj(SQUARE, "1 2 3,1 3 4")),
    "faces without an area": ("obj", lambda: obj("0 0 0,1 0 0,2 0 0,3 0 0", "1 2 3,2 3 4")),
    "some faces without an area": ("glb", lambda: write_glb(Mesh(
        ball().positions, np.concatenate([ball().faces, [[0, 0, 1], [2, 2, 2]]]).astype(np.int32)))),
    "through itself": ("glb", lambda: write_glb(both(ball(), ball(1, (0.7, 0, 0)), ball(1, (0.3, 0.6, 0))))),
    "three faces on an edge": ("obj", lambda: obj("0 0 0,1 0 0,0 1 0,0 -1 0,0 0 1", "1 2 3,1 2 4,1 2 5")),
    "inside out": ("glb", lambda: write_glb(Mesh(ball().positions, np.ascontiguousarray(ball().faces[:, ::-1])))),
    "every face twice": ("glb", lambda: write_glb(both(ball(), ball()))),
    "open": ("glb", lambda: write_glb(Mesh(ball().positions, ball().faces[:60]))),
    "a hundred crumbs": ("glb", lambda: write_glb(both(*(
        ball(0.1, (k % 10, k // 10, 0), rings=3) for k in range(100))))),
    "as small as dust": ("glb", lambda: write_glb(ball(1e-9))),
    "as large as a planet": ("glb", lambda: write_glb(ball(6e6))),
    "far from the origin": ("glb", lambda: write_glb(ball(1, (1e5, 1e5, 1e5)))),
    "a needle": ("glb", lambda: write_glb(Mesh((ball().positions * [1, 1e-5, 1e-5]).astype(np.float32), ball().faces))),
    "vertices that nothing uses": ("glb", lambda: write_glb(Mesh(
        np.concatenate([ball().positions, np.full((50, 3), 9, np.float32)]), ball().faces))),
}  # fmt: skip
"""What some models can do something with, and others may refuse."""
