"""Files for the names in `cases.py`: what others made comes from pinned npm packages, what we make of it is kept."""

from __future__ import annotations

import functools
import hashlib
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import skimage.data
from PIL import Image

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


@functools.cache
def _loaded(path: str) -> Any:
    from aigc.runner.classpath import load_class

    model = load_class(path)()
    model.load("cpu")
    return model
