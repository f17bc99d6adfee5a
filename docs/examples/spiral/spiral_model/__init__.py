"""A model that lives outside the server: a spiral staircase of a text, one step per letter.

It shows all that a model has to do. It needs nothing but the standard library, and no line of the server changes.
"""

import json
import math
import random
import struct

from aigc.runner.model import InputInvalid, Output, Progress, Result


class Spiral:
    """Serves the feature text_to_raw_mesh."""

    # What a request may set, as JSON Schema; a pydantic model class does as well.
    parameters = {  # noqa: RUF012
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "seed": {"type": "integer", "minimum": 0, "default": 42, "description": "Start of the random numbers."},
            "radius": {"type": "number", "minimum": 0.2, "maximum": 5.0, "default": 1.0, "description": "In metres."},
        },
    }

    def load(self, device: str) -> None:
        """Weights would be read here, onto `device`: "cpu" or "cuda:0"."""

    def run(self, inputs: dict[str, str], params: dict[str, object], progress: Progress) -> Result:
        """One box for each letter, turned and raised a little against the one before."""
        letters = [letter for letter in inputs["text"] if not letter.isspace()]
        if not letters:
            raise InputInvalid("the text has no letters", "write a few words")
        dice = random.Random(params["seed"])  # noqa: S311 - equal seeds, equal stairs
        points: list[tuple[float, float, float]] = []
        triangles: list[tuple[int, int, int]] = []
        for step, letter in enumerate(letters, start=1):
            # Reports the work and raises, within the model, if the job was cancelled.
            progress(step / len(letters), "sampling", step, len(letters), f"the letter {letter}")
            _add_step(points, triangles, step, float(params["radius"]), 0.15 + 0.05 * dice.random())  # type: ignore[arg-type]
        progress(1.0, "exporting")
        return Result([Output("mesh.glb", "model", data=_glb(points, triangles), stats={"triangles": len(triangles)})])

    def unload(self) -> None:
        """Nothing to give back."""


def _add_step(
    points: list[tuple[float, float, float]],
    triangles: list[tuple[int, int, int]],
    step: int,
    radius: float,
    height: float,
) -> None:
    first, angle, floor = len(points), step * 0.3, step * 0.2
    for level in (floor, floor + height):
        for reach, turn in ((0.2, 0.0), (radius, 0.0), (radius, 0.3), (0.2, 0.3)):
            points.append((reach * math.cos(angle + turn), level, -reach * math.sin(angle + turn)))
    quads = ((0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7))
    for a, b, c, d in quads:
        triangles += [(first + a, first + b, first + c), (first + a, first + c, first + d)]


def _glb(points: list[tuple[float, float, float]], triangles: list[tuple[int, int, int]]) -> bytes:
    """A binary glTF 2.0 file with one mesh."""
    positions = b"".join(struct.pack("<3f", *point) for point in points)
    indices = b"".join(struct.pack("<3I", *triangle) for triangle in triangles)
    stored = [struct.unpack("<3f", struct.pack("<3f", *point)) for point in points]
    low, high = ([pick(axis) for axis in zip(*stored, strict=True)] for pick in (min, max))
    scene = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "buffers": [{"byteLength": len(positions) + len(indices)}],
        "bufferViews": [
            {"buffer": 0, "byteLength": len(positions), "target": 34962},
            {"buffer": 0, "byteOffset": len(positions), "byteLength": len(indices), "target": 34963},
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": len(points), "type": "VEC3", "min": low, "max": high},
            {"bufferView": 1, "componentType": 5125, "count": 3 * len(triangles), "type": "SCALAR"},
        ],
    }
    text = json.dumps(scene).encode()
    text += b" " * (-len(text) % 4)
    body = positions + indices
    total = 12 + 8 + len(text) + 8 + len(body)
    head = struct.pack("<4sII", b"glTF", 2, total)
    return head + struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(body), b"BIN\0") + body
