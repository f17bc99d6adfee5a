"""A model that does nothing, for benchmarks, load tests and as the smallest example."""

from __future__ import annotations

import ctypes
import json
import os
import struct
import time
from typing import Any, ClassVar

from aigc.runner.model import InputInvalid, Output, Progress, Result

_FAILURES = ("", "error", "input", "memory", "exit", "segfault", "empty", "broken")


class Noop:
    """Returns one triangle, after as much waiting, padding or failing as it is asked for."""

    parameters: ClassVar[dict[str, Any]] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "sleep_s": {
                "type": "number", "minimum": 0, "maximum": 86400, "default": 0,
                "description": "Seconds that the run takes.",
            },
            "steps": {"type": "integer", "minimum": 0, "default": 0, "description": "Reports during that time."},
            "fail": {"enum": list(_FAILURES), "default": "", "description": "How the run shall fail, after its steps."},
            "bytes": {
                "type": "integer", "minimum": 0, "maximum": 1 << 32, "default": 0,
                "description": "Least size of the result.",
            },
        },
    }  # fmt: skip

    def load(self, device: str) -> None:
        """Ready at once."""
        self._triangle = triangle_glb()

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """Wait in steps, then fail or return the triangle."""
        steps = params.get("steps", 0)
        pause_s = params.get("sleep_s", 0) / max(steps, 1)
        for step in range(steps):
            progress(step / steps, "sampling", step, steps)
            time.sleep(pause_s)
        if not steps and pause_s:
            time.sleep(pause_s)
        if fail := params.get("fail", ""):
            return _fail(fail)
        least = params.get("bytes", 0)
        data = self._triangle if least <= len(self._triangle) else triangle_glb(least)
        return Result([Output("noop.glb", "model", data=data, stats={"triangles": 1})])

    def unload(self) -> None:
        """Nothing is held."""


def triangle_glb(least_bytes: int = 0) -> bytes:
    """A valid GLB of one triangle, padded to at least that many bytes."""
    positions = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)
    binary = positions + bytes((least_bytes + 3) // 4 * 4)
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "aigc noop"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "buffers": [{"byteLength": len(binary)}],
        "bufferViews": [{"buffer": 0, "byteLength": len(positions), "target": 34962}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0]}
        ],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    size = 12 + 8 + len(text) + 8 + len(binary)
    head = b"glTF" + struct.pack("<II", 2, size)
    return head + struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary


def _fail(how: str) -> Result:
    if how == "error":
        raise RuntimeError("asked to fail")
    if how == "input":
        raise InputInvalid("asked to refuse the input", "ask for something else")
    if how == "memory":
        raise MemoryError("asked to run out of memory")
    if how == "exit":
        os._exit(3)
    if how == "segfault":
        ctypes.string_at(0)
    if how == "empty":
        return Result([Output("noop.glb", "model", data=b"")])
    return Result([Output("noop.glb", "model", data=triangle_glb()[:-4])])
