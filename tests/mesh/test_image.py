import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from aigc.mesh.image import read_picture
from aigc.runner.model import InputInvalid


def picture(mode: str = "RGB", size: tuple[int, int] = (64, 40)) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(values).convert(mode)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("RGB", "PNG"), ("P", "PNG"), ("L", "PNG"), ("1", "PNG"), ("LA", "PNG"), ("RGBA", "PNG"), ("I;16", "PNG"),
        ("CMYK", "JPEG"), ("RGB", "JPEG"), ("L", "JPEG"), ("RGB", "WEBP"), ("RGBA", "WEBP"), ("RGB", "BMP"),
        ("RGB", "TIFF"), ("CMYK", "TIFF"), ("F", "TIFF"), ("RGBA", "TGA"), ("RGB", "TGA"),
    ],
)  # fmt: skip
def test_every_mode_of_every_format_becomes_rgba(tmp_path, mode, kind):
    source = picture("L" if mode in ("I;16", "F") else mode)
    if mode == "I;16":
        source = Image.fromarray((np.asarray(source, np.uint16) * 257).astype(np.uint16))
    elif mode == "F":
        source = source.convert("F")
    source.save(tmp_path / "picture", kind)

    pixels = read_picture(tmp_path / "picture")

    assert pixels.shape == (40, 64, 4)
    assert pixels.dtype == np.uint8
    assert pixels[..., :3].std() > 20


def test_a_picture_is_turned_as_its_exif_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture().save(tmp_path / "turned.jpg", exif=exif)

    assert read_picture(tmp_path / "turned.jpg").shape == (64, 40, 4)


def test_the_first_frame_of_an_animation_is_read(tmp_path):
    first = Image.new("RGB", (32, 32), (200, 0, 0))
    first.save(tmp_path / "moving.webp", save_all=True, append_images=[Image.new("RGB", (32, 32), (0, 0, 200))])

    pixels = read_picture(tmp_path / "moving.webp")

    assert pixels[16, 16, 0] > 150 > pixels[16, 16, 2]


def test_a_large_picture_is_shrunk_to_the_working_size(tmp_path):
    Image.new("RGB", (5000, 2500), (10, 200, 30)).save(tmp_path / "large.png")

    assert read_picture(tmp_path / "large.png").shape == (1024, 2048, 4)


def bomb() -> bytes:
    """A PNG of a few bytes that says that it has 30,000 x 30,000 pixels."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 6, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "damaged or of an unknown format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "damaged or of an unknown format"),
        (b"#!/bin/sh\necho", "damaged or of an unknown format"),
        (b"GIF89a" + b"\0" * 50, "damaged or of an unknown format"),
        (bomb(), "too large|more than"),
    ],
    ids=["empty", "svg", "script", "gif", "bomb"],
)
def test_what_is_no_picture_is_refused_in_words(tmp_path, data, words):
    path = tmp_path / "upload.png"
    path.write_bytes(data)

    with pytest.raises(InputInvalid, match=words) as caught:
        read_picture(path)

    assert caught.value.suggestion


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_a_picture_that_is_cut_off_is_refused(tmp_path, kind):
    path = tmp_path / "cut"
    picture(size=(256, 256)).save(path, kind)
    path.write_bytes(path.read_bytes()[:2000])

    with pytest.raises(InputInvalid):
        read_picture(path)


def test_a_picture_of_one_pixel_is_refused(tmp_path):
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")

    with pytest.raises(InputInvalid, match="too few"):
        read_picture(tmp_path / "dot.png")
