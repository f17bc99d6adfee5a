"""A contact sheet: each case's input and its result from three sides, with its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from aigc.mesh.preview import View, render
from aigc.mesh.read import read_mesh
from aigc.runner.model import InputInvalid

CELL = 220
CAPTION = 30
VIEWS = (View(20, 12), View(110, 12), View(200, 12))
COLUMNS = 2
"""Cases beside each other."""


def sheet(cases: list[tuple[str, dict[str, str], Path | None]]) -> Image.Image:
    """Name, inputs and main file of each; None where there is no result."""
    width = (1 + len(VIEWS)) * CELL
    rows = -(-len(cases) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * (width + 16), rows * (CELL + CAPTION)), "white")
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(15)
    for number, (name, inputs, made) in enumerate(cases):
        left, top = number % COLUMNS * (width + 16), number // COLUMNS * (CELL + CAPTION)
        draw.text((left + 6, top + 6), name[:90], fill="black", font=font)
        page.paste(_input(inputs), (left, top + CAPTION))
        for place, view in enumerate(VIEWS):
            page.paste(_view(made, view), (left + (1 + place) * CELL, top + CAPTION))
    return page


def _input(inputs: dict[str, str]) -> Image.Image:
    blank = Image.new("RGB", (CELL, CELL), "white")
    drawn = inputs.get("image") or inputs.get("target_image")
    if drawn is not None:
        with Image.open(drawn) as picture:
            small = picture.convert("RGBA")
            small.thumbnail((CELL, CELL))
            blank.paste(small, ((CELL - small.width) // 2, (CELL - small.height) // 2), small)
        return blank
    if "mesh" in inputs:
        return _view(Path(inputs["mesh"]), VIEWS[0])
    return blank


def _view(file: Path | None, view: View) -> Image.Image:
    if file is None:
        return Image.new("RGB", (CELL, CELL), (255, 220, 220))
    try:
        pixels: Any = render(read_mesh(file), view, CELL)
    except InputInvalid:
        return Image.new("RGB", (CELL, CELL), (255, 235, 200))
    return Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
