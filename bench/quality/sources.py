"""Files for the names in `cases.py`: what others made comes from pinned npm packages, what we make of it is kept."""

from __future__ import annotations

import functools
import hashlib
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from PIL import Image

from aigc.mesh.preview import View, render
from aigc.mesh.read import read_mesh
from aigc.runner.testing import run_model

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
SAMPLES = HERE.parents[1] / "web" / "static" / "samples"
MADE = HERE.parents[1] / ".venv" / "quality"
"""Meshes that are inputs and were made by us, by the hash of how."""


def install() -> None:
    """The packages are there in the versions of the lock file."""
    if not (MODULES / "@webxr-input-profiles" / "assets").is_dir():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=HERE, check=True)


def path_of(source: str) -> str:
    """The file of that name; words are returned as they are."""
    kind, _, name = source.partition(":")
    match kind:
        case "sample":
            return str(SAMPLES / name)
        case "emoji":
            return str(_png(MODULES / "@lobehub" / "fluent-emoji-3d" / "assets" / f"{name}.webp"))
        case "photo":
            return str(_photo(name))
        case "controller":
            return str(MODULES / "@webxr-input-profiles" / "assets" / "dist" / "profiles" / f"{name}.glb")
        case "shape":
            return str(_made("aigc.models.shape_grammar:ShapeGrammar", {"text": name}))
        case "front" | "edited":
            return str(_drawn(kind, name))
        case "solid":
            return str(_made("aigc.models.silhouette_inflate:SilhouetteInflate", {"image": path_of(name)}))
        case _:
            return source


def _png(file: Path) -> Path:
    """As PNG, four times as large: the pictures have 256 pixels, and photographs have more."""
    made = MADE / f"{file.stem}.png"
    if not made.is_file():
        MADE.mkdir(parents=True, exist_ok=True)
        with Image.open(file) as picture:
            picture.convert("RGBA").resize((1024, 1024), Image.Resampling.LANCZOS).save(made)
    return made


def _photo(name: str) -> Path:
    made = MADE / f"{name}.png"
    if not made.is_file():
        MADE.mkdir(parents=True, exist_ok=True)
        Image.fromarray(getattr(skimage.data, name)()).save(made)
    return made


def _made(model: str, inputs: dict[str, str]) -> Path:
    key = hashlib.sha256(repr((model, inputs)).encode()).hexdigest()[:16]
    made = MADE / f"{key}.glb"
    if not made.is_file():
        MADE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            result = run_model(_loaded(model), inputs, {}, Path(folder))
            data = result.outputs[0].data or Path(folder, str(result.outputs[0].path)).read_bytes()
        made.write_bytes(data)
    return made


def _drawn(kind: str, name: str) -> Path:
    """The mesh straight from the front; `edited:HOW:MESH` is that with a red spot, a ball on top, or its top gone."""
    how, mesh = ("", name) if kind == "front" else name.split(":", 1)
    made = MADE / f"{hashlib.sha256(repr((kind, name)).encode()).hexdigest()[:16]}.png"
    if made.is_file():
        return made
    pixels = render(read_mesh(path_of(mesh)), View(0, 0, orthographic=True), 512, "transparent").copy()
    solid = pixels[..., 3] > 127
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    y, x = np.mgrid[0:512, 0:512]
    middle, height = (columns[0] + columns[-1]) / 2, rows[-1] - rows[0]
    if how == "spot":
        pixels[(np.hypot(x - middle, y - rows[0] - height / 2) < height / 8) & solid, :3] = (200, 30, 30)
    elif how == "ball":
        pixels[np.hypot(x - middle, y - rows[0]) < min(height / 10, rows[0] - 1)] = (40, 90, 200, 255)
    elif how == "topless":
        pixels[: rows[0] + height // 6] = 0
    MADE.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(made)
    return made


@functools.cache
def _loaded(path: str) -> Any:
    from aigc.runner.classpath import load_class

    model = load_class(path)()
    model.load("cpu")
    return model
