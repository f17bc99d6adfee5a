"""What the models' tests share: pictures drawn here, and a look at what a model made."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import cv2
import numpy as np
import trimesh
from PIL import Image

from aigc.runner.model import Cancelled, Model, Result
from aigc.runner.testing import Recorder, run_model


def figure(size: int = 320, background: tuple[int, int, int] | None = None) -> Image.Image:
    """A gingerbread man, on nothing or on a plain backdrop."""
    scale = 4
    large = np.zeros((size * scale, size * scale, 4), np.uint8)
    unit = size * scale / 100
    brown, white = (166, 98, 43, 255), (250, 240, 220, 255)

    def dot(x: float, y: float, radius: float, color: tuple[int, ...]) -> None:
        cv2.circle(large, (round(x * unit), round(y * unit)), round(radius * unit), color, -1)

    def limb(x0: float, y0: float, x1: float, y1: float, width: float) -> None:
        ends = (round(x0 * unit), round(y0 * unit)), (round(x1 * unit), round(y1 * unit))
        cv2.line(large, *ends, brown, round(width * unit), cv2.LINE_AA)

    dot(50, 25, 15, brown)
    limb(50, 40, 50, 62, 24)
    limb(50, 46, 24, 54, 11)
    limb(50, 46, 76, 54, 11)
    limb(46, 66, 38, 88, 12)
    limb(54, 66, 62, 88, 12)
    for x, y in ((45, 23), (55, 23), (50, 46), (50, 54), (50, 62)):
        dot(x, y, 2.2, white)
    small = cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA)
    picture = Image.fromarray(small)
    if background is None:
        return picture
    flat = Image.new("RGBA", picture.size, (*background, 255))
    return Image.alpha_composite(flat, picture).convert("RGB")


def vase(size: int = 320) -> Image.Image:
    """A symmetric vase with stripes, on nothing."""
    y = np.linspace(0, 1, size)
    half = (0.16 + 0.14 * np.sin(y * 5.2 + 0.3)) * size
    column = np.arange(size) - size / 2 + 0.5
    inside = (np.abs(column)[None] < half[:, None]) & (y > 0.06)[:, None] & (y < 0.94)[:, None]
    color = np.where((np.arange(size) // 20 % 2 == 0)[:, None, None], (40, 90, 170), (230, 225, 210)).astype(np.uint8)
    pixels = np.broadcast_to(color, (size, size, 3))
    return Image.fromarray(np.dstack([pixels, np.where(inside, 255, 0).astype(np.uint8)]))


def saved(picture: Image.Image, path: Path) -> str:
    """Where the picture lies now."""
    picture.save(path)
    return str(path)


def main_mesh(result: Result) -> trimesh.Trimesh:
    """The main file as trimesh reads it, welded."""
    kind = result.outputs[0].name.rsplit(".", 1)[1]
    mesh = trimesh.load(BytesIO(result.outputs[0].data), file_type=kind, force="mesh")
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    return mesh


@contextmanager
def small_thumbnails(module: ModuleType) -> Iterator[None]:
    """The model of this module draws its thumbnails small: at full size they cost more than the edits under test."""
    with mock.patch.object(module, "thumbnail", partial(module.thumbnail, size=48)):
        yield


def digest(result: Result) -> str:
    """One hash over all files of a result."""
    value = hashlib.sha256()
    for output in result.outputs:
        value.update(output.name.encode() + (output.data or b""))
    return value.hexdigest()


def digest_elsewhere(model: str, inputs: dict[str, str], params: dict[str, Any]) -> str:
    """The same hash, made by the model of this class path in a process of its own."""
    return digests_elsewhere((model, inputs, params))[0]


def digests_elsewhere(*runs: tuple[str, dict[str, str], dict[str, Any]]) -> list[str]:
    """The hashes of several runs, made in one process of their own."""
    code = (
        "import tempfile, pathlib, importlib\n"
        "from aigc.runner.testing import run_model\n"
        "from tests.models.kit import digest\n"
        f"for path, inputs, params in {runs!r}:\n"
        "    module, name = path.split(':')\n"
        "    model = getattr(importlib.import_module(module), name)()\n"
        "    model.load('cpu')\n"
        "    with tempfile.TemporaryDirectory() as folder:\n"
        "        print(digest(run_model(model, inputs, params, pathlib.Path(folder))))\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=250, cwd=root)
    return done.stdout.decode().split()[-len(runs) :]


def check_progress(model: Model, inputs: dict[str, str], params: dict[str, Any], folder: Path) -> Recorder:
    """Run the model and look at what it reported: rising fractions, all steps, a folder left as it was."""
    recorder = Recorder(folder)
    run_model(model, inputs, params, folder, recorder=recorder)
    fractions = [report["fraction"] for report in recorder.reports]
    assert fractions == sorted(fractions)
    assert len(recorder.reports) >= 5
    assert list(folder.iterdir()) == []
    return recorder


def check_cancel(run: Callable[[int], Any], calls: int, folder: Path) -> None:
    """Cancelled at every call of `progress`, the model stops at once and leaves no file behind."""
    for call in sorted({1, 2, calls // 2, calls - 1, calls}):
        try:
            run(call)
        except Cancelled:
            assert list(folder.iterdir()) == []
            continue
        raise AssertionError(f"the run went on although it was cancelled at call {call} of {calls}")
