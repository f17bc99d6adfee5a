import json
import os
import struct
from contextlib import suppress

import pytest

from aigc.runner import formats
from aigc.runner.failures import ResultInvalid
from aigc.runner.formats import check_file, content_type_of
from aigc.runner.noop import triangle_glb
from tests.runner_models.stepping import png


def glb(document, binary=b"", *, length=None, json_length=None):
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", json_length or len(text), b"JSON") + text
    if binary:
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, length or 12 + len(chunks)) + chunks


ASSET = {"asset": {"version": "2.0"}}
PLY = b"ply\nformat binary_little_endian 1.0\nelement vertex 1\nproperty float x\nend_header\n\0\0\0\0"
STL = bytes(80) + struct.pack("<I", 1) + bytes(50)

GOOD = {
    "glb": [triangle_glb(), triangle_glb(100_000), glb(ASSET), glb({**ASSET, "buffers": [{"byteLength": 4}]}, b"1234")],
    "gltf": [json.dumps(ASSET).encode(), json.dumps({**ASSET, "buffers": [{"uri": "data:,x"}]}).encode()],
    "png": [png()],
    "jpg": [b"\xff\xd8\xff\xe0" + bytes(20) + b"\xff\xd9"],
    "webp": [b"RIFF" + struct.pack("<I", 12) + b"WEBPVP8 " + bytes(4)],
    "obj": [b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", b"# made by hand\nv 0 0 0\nvn 0 0 1\nf 1 1 1"],
    "ply": [PLY, PLY.replace(b"\n", b"\r\n", 1)],
    "stl": [STL, b"solid x\nfacet normal 0 0 1\nendfacet\nendsolid x\n"],
    "off": [b"OFF\n3 1 0\n"],
    "fbx": [b"Kaydara FBX Binary  \0"],
    "zip": [b"PK\x03\x04" + bytes(30)],
    "npz": [b"whatever"],
}

BAD = {
    "glb": [
        (b"x", "does not begin"),
        (b"{}" * 20, "does not begin"),
        (triangle_glb()[:-1], "its header says"),
        (triangle_glb() + b"\0", "its header says"),
        (struct.pack("<4sII", b"glTF", 1, 20) + bytes(8), "version 1"),
        (glb(ASSET, json_length=4000), "reaches beyond the end"),
        (glb(ASSET)[:8] + struct.pack("<I", len(glb(ASSET)) + 4) + glb(ASSET)[12:] + b"abcd", "within the header"),
        (glb(b"{nonsense"), "cannot be read"),
        (glb(b"[" * 100_000), "cannot be read"),
        (glb(b"[]"), "no asset.version"),
        (glb({}), "no asset.version"),
        (glb({**ASSET, "buffers": 3}), "not a list"),
        (glb({**ASSET, "buffers": [{"byteLength": 5}]}, b"1234"), "buffers[0] is 5 bytes"),
        (glb({**ASSET, "images": [{"uri": "file:///etc/passwd"}]}), "images[0] is in another file"),
        (glb({**ASSET, "buffers": [{"uri": "other.bin", "byteLength": 1}]}), "buffers[0] is in another file"),
        (glb(ASSET).replace(b"JSON", b"BIN\0"), "not the JSON one"),
    ],
    "gltf": [(b"\xff\xfe", "cannot be read"), (b"{}", "no asset.version")],
    "png": [
        (b"x", "does not begin"),
        (png()[:-1], "does not end"),
        (png()[:16] + bytes(4) + png()[20:], "is 0"),
        (png()[:18], "is 0"),
    ],
    "jpg": [(b"\xff\xd8\xff" + bytes(100), "begin and end")],
    "webp": [(b"RIFF", "does not begin"), (GOOD["webp"][0][:-1], "its header says")],
    "obj": [(b"v 0 0 0\n", "no faces"), (b"f 1 2 3\n", "no vertices"), (b"hello", "no vertices")],
    "ply": [
        (b"ply\n", "no PLY header"),
        (PLY.replace(b"vertex 1", b"vertex 0"), "no vertices"),
        (PLY.replace(b"binary_little_endian", b"zip"), "names no format"),
        (b"plywood end_header", "no PLY header"),
    ],
    "stl": [(STL[:-1], "does not fit"), (bytes(84), "0 triangles"), (b"solid", "shorter")],
    "off": [(b"NOPE", "does not begin")],
}


def check(tmp_path, suffix, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    fd = os.open(path, os.O_RDONLY)
    try:
        check_file(fd, len(content), suffix)
    finally:
        os.close(fd)


@pytest.mark.parametrize(("suffix", "content"), [(suffix, content) for suffix in GOOD for content in GOOD[suffix]])
def test_sound_files_pass_read_or_mapped(tmp_path, monkeypatch, suffix, content):
    check(tmp_path, suffix, content)
    monkeypatch.setattr(formats, "_SMALL_BYTES", 0)
    check(tmp_path, suffix, content)


@pytest.mark.parametrize(("suffix", "content", "words"), [(suffix, *case) for suffix in BAD for case in BAD[suffix]])
def test_unsound_files_are_refused_with_the_reason(tmp_path, monkeypatch, suffix, content, words):
    for small in (64 << 10, 0):
        monkeypatch.setattr(formats, "_SMALL_BYTES", small)
        with pytest.raises(ResultInvalid) as refused:
            check(tmp_path, suffix, content)
        assert words in str(refused.value)


@pytest.mark.parametrize("suffix", sorted(GOOD))
def test_no_cut_of_a_sound_file_makes_the_check_fall_over(tmp_path, suffix):
    for content in GOOD[suffix]:
        for end in range(1, min(len(content), 200)):
            with suppress(ResultInvalid):
                check(tmp_path, suffix, content[:end])


def test_every_suffix_has_a_content_type():
    assert content_type_of("glb") == "model/gltf-binary"
    assert content_type_of("unheard") == "application/octet-stream"
