"""Pictures as they come from the world, made small: broken, odd and exotic ones. Each is a name and its bytes."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

Maker = Callable[[], bytes]
EDGE = 96


def disc(mode: str = "RGB", background: Any = (255, 255, 255), size: tuple[int, int] = (EDGE, EDGE)) -> Image.Image:
    """A red disc, a little left of the middle, with a dark upper half."""
    picture = Image.new("RGB", size, background)
    draw = ImageDraw.Draw(picture)
    width, height = size
    box = (0.15 * width, 0.2 * height, 0.75 * width, 0.8 * height)
    draw.ellipse(box, fill=(200, 40, 30))
    draw.chord(box, 180, 360, fill=(90, 20, 15))
    return picture.convert(mode)


def saved(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def deep_grey() -> Image.Image:
    """16 bits, of which it uses a quarter."""
    return Image.fromarray(np.asarray(disc("L"), np.uint16) * 64)


def transparent() -> Image.Image:
    picture = disc("RGBA")
    pixels = np.array(picture)
    pixels[..., 3] = np.where((pixels[..., :3] == 255).all(axis=2), 0, 255)
    return Image.fromarray(pixels)


def palette() -> Image.Image:
    """Few colours, one of them transparent."""
    return disc().quantize(8)


def turned() -> bytes:
    """Stored on its side; its EXIF says so."""
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees clockwise to see it upright
    return saved(disc().transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=95)


def announced(width: int, height: int) -> bytes:
    """A PNG of that size by its header, with next to nothing behind it."""
    chunks = ((b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0" * 100)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def uniform(color: tuple[int, int, int]) -> bytes:
    return saved(Image.new("RGB", (EDGE, EDGE), color))


REFUSED: dict[str, tuple[str, Maker]] = {
    "empty": ("png", lambda: b""),
    "noise": ("png", lambda: np.random.default_rng(1).bytes(2000)),
    "half a file": ("png", lambda: saved(disc())[:200]),
    "one pixel": ("png", lambda: saved(Image.new("RGB", (1, 1)))),
    "a line": ("png", lambda: saved(Image.new("RGB", (4000, 1)))),
    "a hundred megapixels": ("png", lambda: announced(10_000, 10_000)),
    "four billion pixels": ("png", lambda: announced(65_535, 65_535)),
    "a picture of another kind": ("png", lambda: saved(disc(), "GIF")),
}
"""What no model can do anything with."""

READ: dict[str, tuple[str, Maker]] = {
    "palette": ("png", lambda: saved(palette())),
    "palette with a transparent colour": ("png", lambda: saved(palette(), transparency=0)),
    "CMYK": ("jpg", lambda: saved(disc("CMYK"), "JPEG", quality=95)),
    "CMYK, TIFF": ("tiff", lambda: saved(disc("CMYK"), "TIFF")),
    "grey": ("png", lambda: saved(disc("L"))),
    "grey with alpha": ("png", lambda: saved(transparent().convert("LA"))),
    "black and white": ("png", lambda: saved(disc("1"))),
    "16 bits": ("png", lambda: saved(deep_grey())),
    "16 bits, TIFF": ("tiff", lambda: saved(deep_grey(), "TIFF")),
    "floating point": ("tiff", lambda: saved(Image.fromarray(np.asarray(disc("L"), np.float32) / 255), "TIFF")),
    "animated": ("webp", lambda: saved(disc(), "WEBP", save_all=True, append_images=[disc("RGB", (0, 0, 0))] * 2)),
    "animated, PNG": ("png", lambda: saved(disc(), "PNG", save_all=True, append_images=[disc("RGB", (0, 0, 0))])),
    "transparent": ("png", lambda: saved(transparent())),
    "turned by EXIF": ("jpg", turned),
    "progressive": ("jpg", lambda: saved(disc(), "JPEG", progressive=True)),
}
"""Exotic ways to store the disc."""

ODD: dict[str, tuple[str, Maker]] = {
    "nothing but white": ("png", lambda: uniform((255, 255, 255))),
    "nothing but black": ("png", lambda: uniform((0, 0, 0))),
    "nothing to see through": ("png", lambda: saved(Image.new("RGBA", (EDGE, EDGE), (0, 0, 0, 0)))),
    "static": (
        "png",
        lambda: saved(Image.fromarray(np.random.default_rng(2).integers(0, 255, (EDGE, EDGE, 3), np.uint8))),
    ),
    "seventeen pixels": ("png", lambda: saved(disc(size=(17, 17)))),
    "a long strip": ("png", lambda: saved(disc(size=(1000, 20)))),
}
"""What some models can do something with, and others may refuse."""
