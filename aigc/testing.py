"""Run a model under a real server, for its author's tests. Standard library only.

::

    def test_a_server_serves_it(tmp_path):
        with serving("models.yaml", tmp_path) as client:
            job = client.submit("text_to_raw_mesh", model="spiral-staircase", text="upstairs")
            assert client.wait(job["id"])["status"] == "completed"

`aigc.runner.testing.run_model` runs one without a server, in the test's own process.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aigc.client import Client
from aigc.runner.glb import mesh_glb

STOP_S = 30


@contextmanager
def serving(catalogue: str | Path, folder: Path, *, settings: Mapping[str, Any] | None = None) -> Iterator[Client]:
    """A client of a server of its own, with a broker, a worker and runners, that serves these models and no others.

    Args:
        catalogue: a `models.yaml`.
        folder: where the server keeps everything, its log in `server.log`; empty at first.
        settings: more of `system.yaml`.
    Raises:
        RuntimeError: the server did not start; the text is the end of its log.
    """
    log = folder / "server.log"
    file = folder / "system.yaml"
    # Every JSON file is a YAML file.
    file.write_text(json.dumps({"models": {"catalogue": str(Path(catalogue).absolute())}, **(settings or {})}))
    command = [sys.executable, "-m", "aigc", "serve", "--config", str(file), "--data", str(folder / "data")]
    # In the server's own folder: Python would take modules beside the test for its own.
    with log.open("w") as errors, subprocess.Popen(  # noqa: S603 - our own program
        [*command, "--port", "0"], stdout=subprocess.PIPE, stderr=errors, text=True, cwd=folder, env=_environment()
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            words = process.stdout.readline().split()
            if not words:
                raise RuntimeError(f"the server did not start:\n{log.read_text()[-3000:]}")
            yield Client(words[-1])
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def sample_file(kind: str, folder: Path) -> Path:
    """A small file to try a model on: an `image` (a red disc on white, PNG) or a `mesh` (a cube, GLB).

    Raises:
        ValueError: there is none of that kind.
    """
    makers = {"image": ("sample.png", _disc), "mesh": ("sample.glb", _cube)}
    if kind not in makers:
        raise ValueError(f"there is no sample {kind}; there are {' and '.join(makers)}")
    name, make = makers[kind]
    path = folder / name
    path.write_bytes(make())
    return path


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "AIGC_CONFIG")}


def _disc(edge: int = 128) -> bytes:
    """A PNG."""
    rows = b""
    for y in range(edge):
        inside = ((x - edge / 2) ** 2 + (y - edge / 2) ** 2 < (0.4 * edge) ** 2 for x in range(edge))
        rows += b"\0" + b"".join(b"\xc8\x28\x1e" if each else b"\xff\xff\xff" for each in inside)
    header = struct.pack(">2I5B", edge, edge, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def _cube() -> bytes:
    """A GLB."""
    points = [(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)]
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    return mesh_glb(points, [corner for a, b, c, d in quads for corner in ((a, b, c), (a, c, d))])
