import io
import struct

import pytest
from PIL import Image

from aigc.core.errors import InputInvalid
from tests.web.files_kit import bmp, jpeg, png, png_chunk, tga, tiff, webp
from web.sniff_pictures import SEGMENTS_MAX, WALKS, Walker


def walk(data: bytes, name: str, max_edge: int = 4096, step: int = 1 << 16) -> None:
    walker = Walker(WALKS[name](max_edge), name.upper())
    for start in range(0, len(data), step):
        walker.feed(data[start : start + step])
    walker.finish()


SIZED = {"png": png, "jpg": jpeg, "webp": webp, "bmp": bmp, "tga": tga, "tiff": tiff}


@pytest.mark.parametrize("name", SIZED)
@pytest.mark.parametrize("step", [1, 3, 1 << 16])
def test_a_picture_as_large_as_allowed_passes_and_one_pixel_more_does_not(name: str, step: int) -> None:
    walk(SIZED[name](100, 100), name, max_edge=100, step=step)
    for width, height in ((101, 100), (100, 101)):
        with pytest.raises(InputInvalid, match=rf"{width} x {height} pixels; at most 100 x 100") as caught:
            walk(SIZED[name](width, height), name, max_edge=100, step=step)
        assert caught.value.code == "picture_too_large"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("png", png(2**31 - 1, 2**31 - 1)),
        ("jpg", jpeg(65535, 65535)),
        ("webp", webp(1 << 24, 1 << 24)),
        ("bmp", bmp(2**31 - 1, -(2**31) + 1)),
        ("tga", tga(2, 2)[:12] + b"\xff\xff\xff\xff" + tga()[16:]),
        ("tiff", tiff(70_000, 2**32 - 1)),
    ],
)
def test_a_pixel_bomb_is_refused_by_its_header_before_its_content_arrives(name: str, data: bytes) -> None:
    walker = Walker(WALKS[name](4096), name)
    with pytest.raises(InputInvalid, match="at most 4096 x 4096"):
        walker.feed(data[:200])


@pytest.mark.parametrize("name", [name for name in SIZED if name != "webp"])  # WebP stores sizes less one
def test_a_picture_without_pixels_is_refused(name: str) -> None:
    with pytest.raises(InputInvalid, match="no pixels"):
        walk(SIZED[name](0, 5), name)


@pytest.mark.parametrize("name", SIZED)
def test_a_picture_that_ends_in_its_header_is_cut_off(name: str) -> None:
    with pytest.raises(InputInvalid, match="cut off"):
        walk(SIZED[name](5, 5)[:16], name)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"exif": b"Exif\0\0" + b"x" * 60_000}),
        ("JPEG", {"icc_profile": b"p" * 200_000}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\0\0" + b"x" * 100}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TGA", {}),
        ("TGA", {"compression": "tga_rle"}),
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_what_a_common_writer_makes_is_read_as_large_as_it_is(kind: str, options: dict[str, object], mode: str) -> None:
    picture = Image.effect_noise((123, 45), 60).convert(mode)
    out = io.BytesIO()
    picture.save(out, kind, **options)
    name = {"JPEG": "jpg"}.get(kind, kind.lower())
    walk(out.getvalue(), name, max_edge=123, step=1000)
    with pytest.raises(InputInvalid, match="123 x 45"):
        walk(out.getvalue(), name, max_edge=122)


def test_an_animated_picture_is_measured_as_a_whole() -> None:
    out = io.BytesIO()
    frames = [Image.new("RGBA", (64, 32), (shade, 0, 0, 255)) for shade in (1, 200)]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    walk(out.getvalue(), "webp", max_edge=64)


def test_a_second_header_in_a_png_is_refused() -> None:
    second = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    with pytest.raises(InputInvalid, match="out of order"):
        walk(png(2, 2, more=second), "png")


def test_every_frame_header_of_a_jpeg_counts() -> None:
    huge = struct.pack(">BBHBHHB", 0xFF, 0xC2, 11, 8, 60_000, 60_000, 1) + b"\x01\x11\x00"
    with pytest.raises(InputInvalid, match="60000 x 60000"):
        walk(jpeg(8, 8, before=huge), "jpg")


def test_a_jpeg_may_hold_a_thumbnail_with_its_own_header_in_its_metadata() -> None:
    thumbnail = jpeg(60_000, 60_000)
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail
    walk(jpeg(8, 8, before=segment), "jpg", max_edge=8)


def test_a_tiff_may_keep_its_directory_behind_its_pixels() -> None:
    walk(tiff(100, 50, gap=300_000), "tiff", max_edge=100)


def test_a_tiff_whose_directory_lies_behind_its_end_is_cut_off() -> None:
    with pytest.raises(InputInvalid, match="cut off"):
        walk(tiff(10, 10, gap=100)[:60], "tiff")


def test_a_png_of_endless_empty_chunks_is_given_up() -> None:
    empty = png_chunk(b"teSt", b"") * (SEGMENTS_MAX + 1)
    with pytest.raises(InputInvalid, match="too many chunks"):
        walk(png(1, 1, more=empty), "png")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("jpg", b"\xff\xd8\xff\xd9" + b"\0" * 40),
        ("jpg", b"\xff\xd8\xff\xe0\x00\x01" + b"\0" * 40),
        ("jpg", b"\xff\xd8" + b"\0" * 40),
        ("webp", b"RIFF\x20\0\0\0WEBPVP8Z" + b"\0" * 40),
        ("webp", webp()[:4] + b"\0\0\0\0" + webp()[8:]),
        ("bmp", b"BM" + b"\0" * 60),
        ("tiff", b"II*\0\x04\0\0\0" + b"\0" * 40),
    ],
)
def test_a_damaged_header_is_refused_in_words(name: str, data: bytes) -> None:
    with pytest.raises(InputInvalid) as caught:
        walk(data, name)
    assert caught.value.suggestion
