"""Whether a file is what its suffix says: enough structure that a client's loader will not choke on the first bytes.

Only cheap facts are checked, those that a truncated, empty or mixed-up file gets wrong; no mesh is built.
"""

from __future__ import annotations

import json
import mmap
import os
import re
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from aigc.runner.failures import ResultInvalid

_GLB_JSON, _GLB_BINARY = 0x4E4F534A, 0x004E4942
_JSON_BYTES = 64 << 20
_SMALL_BYTES = 64 << 10  # reading is cheaper than mapping
_PLY_HEADER_BYTES = 64 << 10

Content = Any  # a memory map, or bytes: both are sliced and searched


class Format(NamedTuple):
    """One kind of file."""

    content_type: str
    check: Callable[[Content], None]
    """Raises ResultInvalid."""


def content_type_of(suffix: str) -> str:
    """Media type of files with that suffix (without the dot)."""
    known = FORMATS.get(suffix)
    return known.content_type if known else "application/octet-stream"


def check_file(fd: int, size: int, suffix: str) -> None:
    """The file behind `fd`, of `size` bytes (not 0), is sound as far as its format is known.

    Raises:
        ResultInvalid: says what is wrong.
    """
    known = FORMATS.get(suffix)
    if known is None:
        return
    if size <= _SMALL_BYTES:
        known.check(os.pread(fd, size, 0))
        return
    with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as content:
        known.check(content)


def _glb(content: Content) -> None:
    """glTF 2.0 specification, section 4: GLB file format."""
    size = len(content)
    if size < 20 or content[:4] != b"glTF":
        raise ResultInvalid("it does not begin as a GLB file does")
    version, length = struct.unpack("<II", content[4:12])
    if version != 2 or length != size:
        raise ResultInvalid(f"its header says version {version} and {length} bytes; version 2 and {size} are right")
    chunks = _glb_chunks(content)
    kind, start, end = chunks[0]
    if kind != _GLB_JSON:
        raise ResultInvalid("its first chunk is not the JSON one")
    binary = chunks[1][2] - chunks[1][1] if len(chunks) > 1 and chunks[1][0] == _GLB_BINARY else 0
    _gltf(content[start:end], binary)


def _glb_chunks(content: Content) -> list[tuple[int, int, int]]:
    """(kind, start, end) of every chunk; there is at least one."""
    chunks: list[tuple[int, int, int]] = []
    at = 12
    while at < len(content):
        if at + 8 > len(content):
            raise ResultInvalid(f"it ends within the header of chunk {len(chunks)}")
        length, kind = struct.unpack("<II", content[at : at + 8])
        if at + 8 + length > len(content):
            raise ResultInvalid(f"chunk {len(chunks)} is said to be {length} bytes long and reaches beyond the end")
        chunks.append((kind, at + 8, at + 8 + length))
        at += 8 + length
    return chunks


def _gltf(text: bytes, binary_bytes: int | None = None) -> None:
    """`binary_bytes`: length of the GLB's binary chunk; None for a file of JSON alone."""
    if len(text) > _JSON_BYTES:
        raise ResultInvalid(f"its JSON is {len(text)} bytes long, {_JSON_BYTES} may be")
    try:
        document = json.loads(text.decode())  # as bytes their encoding would be guessed
    except (ValueError, RecursionError) as error:
        raise ResultInvalid(f"its JSON cannot be read: {error}") from error
    asset = document.get("asset") if isinstance(document, dict) else None
    if not isinstance(asset, dict) or not str(asset.get("version", "")).startswith("2"):
        raise ResultInvalid("its JSON has no asset.version 2")
    for kind in ("buffers", "images"):
        entries = document.get(kind, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ResultInvalid(f"its {kind} is not a list of objects")
        for number, entry in enumerate(entries):
            if not str(entry.get("uri", "data:")).startswith("data:"):
                raise ResultInvalid(f"{kind}[{number}] is in another file; put it into this one")
    buffers = document.get("buffers", [])
    if binary_bytes is not None and buffers and "uri" not in buffers[0]:
        wanted = buffers[0].get("byteLength")
        if not isinstance(wanted, int) or wanted > binary_bytes:
            raise ResultInvalid(f"buffers[0] is {wanted} bytes long, but its binary chunk {binary_bytes}")


def _png(content: Content) -> None:
    """PNG specification (third edition), sections 5.2 and 11.2."""
    if content[:8] != b"\x89PNG\r\n\x1a\n" or content[12:16] != b"IHDR":
        raise ResultInvalid("it does not begin as a PNG file does")
    if 0 in struct.unpack(">II", content[16:24].ljust(8, b"\0")):
        raise ResultInvalid("its width or height is 0")
    if content[-12:] != b"\0\0\0\0IEND\xaeB`\x82":
        raise ResultInvalid("it does not end as a PNG file does")


def _jpeg(content: Content) -> None:
    if content[:3] != b"\xff\xd8\xff" or b"\xff\xd9" not in content[-64:]:
        raise ResultInvalid("it does not begin and end as a JPEG file does")


def _webp(content: Content) -> None:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        raise ResultInvalid("it does not begin as a WebP file does")
    length = struct.unpack("<I", content[4:8])[0]
    if length + 8 > len(content):
        raise ResultInvalid(f"its header says {length + 8} bytes, but it has {len(content)}")


def _obj(content: Content) -> None:
    for mark, what in ((b"v ", "vertices"), (b"f ", "faces")):
        if content[:2] != mark and content.find(b"\n" + mark) < 0:
            raise ResultInvalid(f"it has no {what}")


def _ply(content: Content) -> None:
    header = content[:_PLY_HEADER_BYTES].partition(b"end_header")
    if not re.match(rb"ply\r?\n", header[0]) or not header[1]:
        raise ResultInvalid("it has no PLY header")
    if not re.search(rb"\nformat (ascii|binary_little_endian|binary_big_endian) 1\.0", header[0]):
        raise ResultInvalid("its header names no format")
    vertices = re.search(rb"\nelement vertex (\d+)", header[0])
    if vertices is None or int(vertices.group(1)) == 0:
        raise ResultInvalid("it has no vertices")


def _stl(content: Content) -> None:
    if content[:5] == b"solid" and content.find(b"facet") >= 0 and content.find(b"endsolid") >= 0:
        return
    if len(content) < 84:
        raise ResultInvalid("it is shorter than an STL header")
    triangles = struct.unpack("<I", content[80:84])[0]
    if triangles == 0 or len(content) != 84 + 50 * triangles:
        raise ResultInvalid(f"its header says {triangles} triangles, which does not fit its {len(content)} bytes")


def _begins_with(*marks: bytes) -> Callable[[Content], None]:
    def check(content: Content) -> None:
        if not any(content[: len(mark)] == mark for mark in marks):
            raise ResultInvalid("it does not begin as a file of its kind does")

    return check


FORMATS = {
    "fbx": Format("model/fbx", _begins_with(b"Kaydara FBX Binary", b"; FBX")),
    "glb": Format("model/gltf-binary", _glb),
    "gltf": Format("model/gltf+json", lambda content: _gltf(content[:])),
    "jpeg": Format("image/jpeg", _jpeg),
    "jpg": Format("image/jpeg", _jpeg),
    "obj": Format("model/obj", _obj),
    "off": Format("model/off", _begins_with(b"OFF", b"COFF", b"NOFF", b"STOFF")),
    "ply": Format("model/ply", _ply),
    "png": Format("image/png", _png),
    "stl": Format("model/stl", _stl),
    "usdz": Format("model/vnd.usdz+zip", _begins_with(b"PK\x03\x04")),
    "webp": Format("image/webp", _webp),
    "zip": Format("application/zip", _begins_with(b"PK\x03\x04")),
}
