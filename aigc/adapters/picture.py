"""A picture from a file; the thumbnail of a mesh, by numpy and Pillow alone, which every heavy environment has."""

from __future__ import annotations

import importlib
import io
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from aigc.adapters.family import found, required
from aigc.runner.model import InputInvalid

EDGE = 384
_POINTS = 250_000
_SPOT = [(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1)]  # of a point, in pixels of twice the size
_VIEW = (0.62, 0.42)  # radians around the vertical and above the horizon


def read_picture(path: str) -> Any:
    """The picture as RGBA, upright.

    Raises:
        InputInvalid: it cannot be read.
    """
    image, ops = importlib.import_module("PIL.Image"), importlib.import_module("PIL.ImageOps")
    try:
        with image.open(path) as opened:
            return ops.exif_transpose(opened).convert("RGBA")
    except (OSError, ValueError, SyntaxError, image.DecompressionBombError) as error:
        raise InputInvalid(f"the picture cannot be read ({error})", "send a PNG or a JPEG") from None


def subject_of(prepare: Callable[[Any], Any], picture: Any) -> Any:
    """What a pipeline's own preparation makes of the picture.

    Raises:
        InputInvalid: it fails on the empty mask of a picture without a subject.
    """
    try:
        return prepare(picture)
    except ValueError as error:
        what = f"no subject was found in the picture ({error})"
        raise InputInvalid(what, "send one on a plain background") from None


def without_background(picture: Any, weights: Path, recipe: str) -> Any:
    """The picture with its background transparent, by U^2-Net where it is not already.

    Raises:
        InputInvalid: nothing is left of it.
    """
    if picture.getchannel("A").getextrema()[0] == 255:
        remove, session = _remover(weights, recipe)
        picture = remove(picture.convert("RGB"), session=session, bgcolor=[255, 255, 255, 0])
    left, top, right, bottom = picture.getchannel("A").getbbox() or (0, 0, 0, 0)
    if right - left < 2 or bottom - top < 2:
        raise InputInvalid("no subject was found in the picture", "send one on a plain background")
    return picture


def on_white(picture: Any, edge: int, border: float = 0.1) -> Any:
    """The subject in the middle of a white square of `edge` pixels, with that share of it as a border all around."""
    image = importlib.import_module("PIL.Image")
    subject = picture.crop(picture.getchannel("A").getbbox())
    scale = edge * (1 - 2 * border) / max(subject.size)
    size = tuple(max(1, round(side * scale)) for side in subject.size)
    subject = subject.resize(size, image.Resampling.BILINEAR)
    square = image.new("RGB", (edge, edge), "white")
    square.paste(subject, ((edge - size[0]) // 2, (edge - size[1]) // 2), subject.getchannel("A"))
    return square


@lru_cache(maxsize=1)
def _remover(weights: Path, recipe: str) -> tuple[Any, Any]:
    rembg = required("rembg", recipe)
    os.environ["U2NET_HOME"] = str(Path(found(weights, "u2net/u2net.onnx", recipe)).parent)
    return rembg.remove, rembg.new_session("u2net")


def thumbnail(vertices: Any, faces: Any, colours: Any = None, edge: int = EDGE) -> bytes:
    """A PNG of the mesh, seen from its front a little from the side and above.

    The surface is sampled densely and splatted into a depth buffer of twice the size: no triangle is rasterised, so it
    takes half a second whatever the mesh, without a graphics library.

    Args:
        vertices: (n, 3), +Y up. `faces`: (m, 3).
        colours: (m, 3) of 0 to 255 for each face; None: clay.
    """
    np, image = importlib.import_module("numpy"), importlib.import_module("PIL.Image")
    corners = np.asarray(vertices, dtype=np.float64)[np.asarray(faces)]
    flat = corners.reshape(-1, 3)
    low, high = flat.min(axis=0), flat.max(axis=0)
    corners = (corners - (low + high) / 2) / max(float((high - low).max()), 1e-12)
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(cross, axis=1)
    chance = np.random.default_rng(0)
    picked = np.searchsorted(np.cumsum(area), chance.random(_POINTS) * area.sum())
    picked = np.minimum(picked, len(area) - 1)
    # The square folded onto the triangle spreads points evenly (Turk, Graphics Gems I, 1990).
    along = chance.random((_POINTS, 2))
    along = np.where(along.sum(axis=1, keepdims=True) > 1, 1 - along, along)
    triangle = corners[picked]
    points = triangle[:, 0] + along[:, :1] * (triangle[:, 1] - triangle[:, 0])
    points += along[:, 1:] * (triangle[:, 2] - triangle[:, 0])
    normals = cross[picked] / np.maximum(area[picked, None], 1e-20)
    turned = _turn(np)
    seen, facing = points @ turned.T, normals @ turned.T
    facing *= np.sign(facing[:, 2:] + 1e-9)  # both sides are lit
    light = np.clip(facing @ np.array([-0.35, 0.6, 0.72]), 0, 1) * 0.75 + 0.25
    shade = np.full((_POINTS, 3), (205.0, 200.0, 192.0)) if colours is None else np.asarray(colours)[picked][:, :3]
    size = edge * 2
    drawn = np.full((size, size, 3), 245.0)
    at = ((seen[:, :2] * [1, -1] * 0.62 + 0.5) * size).astype(int)
    inside = ((at >= 0) & (at < size)).all(axis=1)
    order = np.argsort(seen[inside, 2])  # what is nearer is written later
    spots = (at[inside][order][:, None] + _SPOT).reshape(-1, 2).clip(0, size - 1)
    drawn[spots[:, 1], spots[:, 0]] = np.repeat((shade * light[:, None])[inside][order], len(_SPOT), axis=0)
    made = image.fromarray(drawn.clip(0, 255).astype(np.uint8)).resize((edge, edge), image.Resampling.BOX)
    out = io.BytesIO()
    made.save(out, "PNG")
    return out.getvalue()


def _turn(np: Any) -> Any:
    """The rotation from the world to the eye, which looks along -Z."""
    (sin_y, cos_y), (sin_x, cos_x) = ((np.sin(angle), np.cos(angle)) for angle in _VIEW)
    around = np.array([[cos_y, 0, -sin_y], [0, 1, 0], [sin_y, 0, cos_y]])
    above = np.array([[1, 0, 0], [0, cos_x, -sin_x], [0, sin_x, cos_x]])
    return above @ around
