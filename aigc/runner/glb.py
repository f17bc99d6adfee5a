"""A binary glTF file of one plain mesh, for models that bring no library of their own to write it."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from itertools import chain

Triple = Sequence[float]


def mesh_glb(points: Sequence[Triple], triangles: Sequence[Sequence[int]]) -> bytes:
    """A valid glTF 2.0 binary file.

    Args:
        points: metres, +Y up.
        triangles: indices of points, counter-clockwise seen from outside.
    Raises:
        ValueError: there is nothing to write, or a triangle names a point that is not there.
    """
    indices = list(chain.from_iterable(triangles))
    if not points or not indices:
        raise ValueError("a mesh needs points and triangles")
    if min(indices) < 0 or max(indices) >= len(points):
        raise ValueError(f"triangles name points {min(indices)} to {max(indices)}, there are {len(points)}")
    positions = struct.pack(f"<{3 * len(points)}f", *chain.from_iterable(points))
    # Bounds as they are stored: the validator compares them with the file's 32-bit numbers.
    stored = [struct.unpack_from("<3f", positions, 12 * index) for index in range(len(points))]
    bounds = [[pick(axis) for axis in zip(*stored)] for pick in (min, max)]  # noqa: B905 - Python 3.10 has it too
    faces = struct.pack(f"<{len(indices)}I", *indices)
    scene = {
        "asset": {"version": "2.0", "generator": "aigc"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "buffers": [{"byteLength": len(positions) + len(faces)}],
        "bufferViews": [
            {"buffer": 0, "byteLength": len(positions), "target": 34962},
            {"buffer": 0, "byteOffset": len(positions), "byteLength": len(faces), "target": 34963},
        ],
        "accessors": [
            {
                "bufferView": 0,
                "componentType": 5126,
                "count": len(points),
                "type": "VEC3",
                "min": bounds[0],
                "max": bounds[1],
            },
            {"bufferView": 1, "componentType": 5125, "count": len(indices), "type": "SCALAR"},
        ],
    }
    text = json.dumps(scene).encode()
    text += b" " * (-len(text) % 4)
    body = positions + faces
    head = struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + len(body))
    return head + struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(body), b"BIN\0") + body
