import pytest

from aigc.core.errors import InputInvalid
from tests.web.files_kit import FBX, GOOD, OBJ, OFF, PLY, STL_TEXT, SVG, ZIP_END, glb, gltf, jpeg, png, stl, tga, webp
from web.sniff import BY_SUFFIX, FORMATS, HEAD_BYTES, Inspection, sniff, stranger, titles


def inspect(data: bytes, name: str, step: int = 1 << 18, max_edge: int = 4096) -> None:
    inspection = Inspection(FORMATS[name], max_edge=max_edge)
    for start in range(0, len(data), step):
        inspection.feed(data[start : start + step])
    inspection.finish()


def named(data: bytes, suffix: str = "", size: int | None = None) -> str | None:
    form = sniff(data[:HEAD_BYTES], suffix, size)
    return form.name if form else None


@pytest.mark.parametrize("name", GOOD)
def test_every_format_is_recognised_and_passes_inspection_in_pieces_of_any_size(name: str) -> None:
    data, suffix = GOOD[name], name.rpartition(".")[2]
    form = sniff(data, suffix, len(data))
    assert form is not None and suffix in form.suffixes
    for step in (1, 7, 1000):
        inspect(data, form.name, step)


@pytest.mark.parametrize("name", [name for name in GOOD if not name.endswith(("tga", "zip"))])
def test_content_alone_decides_where_the_format_has_a_signature_or_a_length_rule(name: str) -> None:
    form = sniff(GOOD[name], "", len(GOOD[name]))
    assert form is not None and name.rpartition(".")[2] in form.suffixes


@pytest.mark.parametrize("suffix", ["tga", "obj", "stl", "jpg", "glb"])
def test_a_signature_outweighs_the_name(suffix: str) -> None:
    assert named(png(), suffix) == "png"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (SVG, "HTML, SVG or another kind of XML"),
        (b"\n <!DOCTYPE html><script>", "HTML, SVG or another kind of XML"),
        (b"\xef\xbb\xbf<svg/>", "HTML, SVG or another kind of XML"),
        (b"GIF89a" + b"\0" * 20, "a GIF"),
        (b"PK\x03\x04" + b"\0" * 100, "a ZIP archive (3MF, USDZ and KMZ files are such, too)"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"#!/bin/sh\nrm -rf /\n", "a script"),
        (b"\x7fELF\x02\x01", "a program"),
        (b"\0\0\0\x1cftypheic\0\0", "a HEIC, an AVIF or a video"),
        (b"\x1f\x8b\x08\0", "a gzip archive"),
        (b"PXR-USDC\0\0", "a USD scene"),
    ],
)
@pytest.mark.parametrize("suffix", ["png", "tga", "obj", "stl", "glb", ""])
def test_what_is_not_accepted_is_refused_by_its_own_name_whatever_it_is_called(
    data: bytes, what: str, suffix: str
) -> None:
    assert named(data + b"\0" * 100, suffix) is None
    assert stranger(data) == what


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (b"", "png"),
        (b"import os\nos.system('x')\n", "png"),
        (b"import os\nos.system('x')\n", "obj"),
        (b"v = 1\nprint(v)\n", "obj"),
        (b"f 1 2 3\n", "obj"),
        (b"# only a comment\n", "obj"),
        (b"v 0 0 0\0\n", "obj"),
        (b"\x89PNG\r\n\x1a", "png"),
        (b"{}", "gltf"),
        (gltf().decode().encode("utf-16"), "gltf"),
        (b"[1, 2]", "gltf"),
        (b"solid", "stl"),
        (b"OFFICE 3 1 0", "off"),
        (b"ply\nformat ascii 2.0\n", "ply"),
        (b"glTF\x03\0\0\0", "glb"),
        (b"\x01" * 17, "tga"),
        (b"\x00\x00\x07" + b"\0" * 40, "tga"),
        (b"RIFF\0\0\0\0WAVEfmt ", "webp"),
        (b"BM is how this text begins, and it is no picture", "bmp"),
    ],
)
def test_what_only_seems_to_be_of_a_format_is_not(data: bytes, suffix: str) -> None:
    assert named(data, suffix) is None


def test_an_obj_may_begin_with_a_long_comment_and_continue_lines() -> None:
    assert named(b"# words\n" * 2000 + b"v 0 0 \\\n 0\nf 1 \\\n1 1\n") == "obj"


def test_an_obj_whose_head_ends_within_a_word_is_recognised() -> None:
    lines = b"v 0.125 0.250 0.375\n" * (HEAD_BYTES // 20)
    cut = (b"#" * (HEAD_BYTES - len(lines) - 5) + b"\n" + lines + b"usemtl x\n")[:HEAD_BYTES]
    assert cut.endswith(b"\nusem")
    assert named(cut) == "obj"


def test_a_binary_stl_may_begin_with_the_word_solid() -> None:
    data = b"solid made by a program that does not care".ljust(80, b"\0") + stl(3)[80:]
    assert named(data, "stl") == "stl"
    inspect(data, "stl")


@pytest.mark.parametrize("said", [1, 3, 2**32 - 1])
def test_a_binary_stl_of_another_length_than_it_says_is_refused(said: int) -> None:
    with pytest.raises(InputInvalid, match="bytes long"):
        inspect(stl(2, said=said), "stl")


@pytest.mark.parametrize("name", ["a.png", "b.jpg", "d.bmp", "i.obj", "j.ply", "h.gltf", "n.fbx", "e.tga"])
def test_an_archive_behind_any_file_is_found(name: str) -> None:
    suffix = name.rpartition(".")[2]
    with pytest.raises(InputInvalid, match=r"hides an archive|appended"):
        inspect(GOOD[name] + b"PK\x03\x04 some entry " + ZIP_END, BY_SUFFIX[suffix].name)


def test_an_archive_with_a_long_comment_behind_a_picture_is_found_whatever_the_pieces() -> None:
    end = ZIP_END[:20] + (60_000).to_bytes(2, "little") + b"c" * 60_000
    for step in (100, 1 << 18):
        with pytest.raises(InputInvalid, match="hides an archive"):
            inspect(jpeg(after=b"x" * 1000 + end), "jpg", step)


def test_bytes_that_only_look_like_an_archive_are_no_fault() -> None:
    inspect(jpeg(after=ZIP_END + b"and more"), "jpg")


@pytest.mark.parametrize(
    "script", [b"<script>alert(1)", b"<ScRiPt src=x>", b"<?php\nsystem($_GET[0]);", b"<!DOCTYPE html>"]
)
@pytest.mark.parametrize("step", [5, 1 << 18])
def test_a_script_in_a_picture_or_mesh_is_found_even_across_pieces(script: bytes, step: int) -> None:
    for data, name in ((jpeg(after=script), "jpg"), (OBJ + b"# " + script, "obj"), (tga() + script, "tga")):
        with pytest.raises(InputInvalid, match="hides a script"):
            inspect(data, name, step)


def test_a_pdf_that_is_a_picture_too_is_refused() -> None:
    comment = b"\xff\xfe\x00\x0b%PDF-1.7\n"
    with pytest.raises(InputInvalid, match="hides a PDF"):
        inspect(jpeg(before=comment), "jpg")


def test_noise_is_no_script() -> None:
    # The whole of a random megabyte goes through the search without an alarm.
    import random

    inspect(png(filler=0) + b"", "png")
    inspect(jpeg(after=random.Random(1).randbytes(1 << 20)), "jpg")


@pytest.mark.parametrize("data", [glb(binary=b"12345678"), png(4, 4), webp()])
def test_a_container_that_was_cut_off_or_appended_to_is_refused(data: bytes) -> None:
    form = sniff(data)
    assert form is not None
    with pytest.raises(InputInvalid, match="cut off"):
        inspect(data[:-1], form.name)
    with pytest.raises(InputInvalid, match="appended"):
        inspect(data + b"!", form.name)


def test_titles_are_words_for_people() -> None:
    assert titles(["png"]) == "PNG"
    assert titles(["png", "jpg", "jpeg", "webp"]) == "PNG, JPEG or WebP"


def test_every_sample_keeps_its_kind() -> None:
    assert {named(data) for data in (OFF, PLY, STL_TEXT, FBX, OBJ)} == {"off", "ply", "stl", "fbx", "obj"}
