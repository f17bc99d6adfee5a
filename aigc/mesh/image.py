"""Reading a picture from somebody's file, with nothing taken on trust."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from aigc.mesh.types import BytePixels
from aigc.runner.model import InputInvalid

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "TGA")
MOST_PIXELS = 64_000_000
LEAST_EDGE = 16
WORKING_EDGE = 2048


def read_picture(path: str | Path, longest: int = WORKING_EDGE) -> BytePixels:
    """uint8 (h, w, 4), sRGB with straight alpha, turned as its EXIF says, at most `longest` pixels along an edge.

    Of an animation this is the first frame. The size is looked up in the header before any pixel is decoded.

    Raises:
        InputInvalid: it is no picture of a known format, is damaged, or is too small or too large.
    """
    with warnings.catch_warnings():
        # Pillow warns of what the check below refuses anyway, and of damaged metadata that does not matter.
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=FORMATS) as picture:
                _check_size(*picture.size)
                return _pixels(picture, longest)
        except UnidentifiedImageError:
            raise InputInvalid(
                "the picture is damaged or of an unknown format",
                "send a PNG, JPEG, WebP, BMP, TIFF or TGA file",
            ) from None
        except Image.DecompressionBombError as problem:
            raise InputInvalid(f"the picture is too large: {problem}", _SMALLER) from None
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError, OverflowError) as problem:
            raise InputInvalid(
                f"the picture cannot be decoded: {problem}", "open it in an image editor and export it anew"
            ) from None


_SMALLER = f"make it smaller: {WORKING_EDGE} pixels along the longer edge are used"


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise InputInvalid(
            f"the picture has {width} x {height} pixels, more than the {MOST_PIXELS // 1_000_000} million allowed",
            _SMALLER,
        )
    if min(width, height) < LEAST_EDGE:
        raise InputInvalid(
            f"the picture has {width} x {height} pixels, too few to see anything in",
            "send one with some hundred pixels along each edge",
        )


def _pixels(picture: Image.Image, longest: int) -> BytePixels:
    """The picture as RGBA bytes, whatever it was."""
    # Only JPEG knows draft: it decodes straight to a smaller size.
    picture.draft("RGB" if picture.mode in ("RGB", "YCbCr") else picture.mode, (longest, longest))
    scale = longest / max(picture.size)
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I;16") or upright.mode in ("I", "F"):
        upright = _from_deep(upright)
    if scale < 1:
        size = (max(1, round(upright.width * scale)), max(1, round(upright.height * scale)))
        mode = "RGBA" if "transparency" in upright.info or "A" in upright.mode else "RGB"
        upright = upright.convert(mode).resize(size, Image.Resampling.BOX if scale < 0.25 else Image.Resampling.LANCZOS)
    return np.ascontiguousarray(np.asarray(upright.convert("RGBA"), np.uint8))


def _from_deep(picture: Image.Image) -> Image.Image:
    """Eight bits of a grey picture with more: 16-bit ones keep their exposure, and so do numbers from 0 to 1; others
    are spread from their least to their greatest value, for nobody says what white is."""
    values = np.nan_to_num(np.asarray(picture, np.float64))
    low, high = float(values.min()), float(values.max())
    if picture.mode == "F" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif picture.mode != "F" and low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0
    grey = (values - low) / ((high - low) or 1.0) * 255
    return Image.fromarray((grey + 0.5).astype(np.uint8))
