"""Small files of every kind, good and bad, made from their formats' rules."""

import json
import struct
import zlib
from pathlib import Path
from typing import Any

PIXEL_PNG_ROWS = b"\0" + b"\xff\0\0"


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int = 1, height: int = 1, *, more: bytes = b"", filler: int = 0) -> bytes:
    """A PNG that says it is so large; `filler` bytes of noise-free payload make the file long."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress((b"\0" + b"\x80\x40\x20" * min(width, 64)) * min(height, 64))
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + more
        + (png_chunk(b"teSt", b"\x55" * filler) if filler else b"")
        + png_chunk(b"IDAT", body)
        + png_chunk(b"IEND", b"")
    )


def jpeg(width: int = 8, height: int = 8, *, before: bytes = b"", after: bytes = b"") -> bytes:
    frame = struct.pack(">BBHBHHB", 0xFF, 0xC0, 11, 8, height, width, 1) + b"\x01\x11\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x12\x34\xff\x00\x56"
    return (
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
        + before
        + frame
        + scan
        + b"\xff\xd9"
        + after
    )


def webp(width: int = 16, height: int = 16) -> bytes:
    body = (
        b"VP8X"
        + struct.pack("<I", 10)
        + b"\0\0\0\0"
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def bmp(width: int = 2, height: int = 2) -> bytes:
    pixels = b"\0" * 16
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(pixels), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(pixels), 0, 0, 54) + header + pixels


def tga(width: int = 2, height: int = 2) -> bytes:
    return struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, width, height, 24, 0) + b"\x10\x20\x30" * (
        width * height
    )


def tiff(width: int = 2, height: int = 2, *, order: str = "<", gap: int = 0) -> bytes:
    """A TIFF whose directory comes after `gap` bytes of pixels, as most writers leave it."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + gap)
    entries = struct.pack(order + "HHIHH", 256, 3, 1, width & 0xFFFF, 0) if width < 65536 else b""
    entries = entries or struct.pack(order + "HHII", 256, 4, 1, width)
    entries += struct.pack(order + "HHII", 257, 4, 1, height)
    return head + b"\x11" * gap + struct.pack(order + "H", 2) + entries + struct.pack(order + "I", 0)


def gltf(**more: Any) -> bytes:
    return json.dumps({"asset": {"version": "2.0"}, **more}).encode()


def glb(document: bytes | None = None, *, length: int | None = None, binary: bytes = b"") -> bytes:
    text = gltf() if document is None else document
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if binary:
        binary += b"\0" * (-len(binary) % 4)
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks) if length is None else length) + chunks


OBJ = (
    b"# a triangle\nmtllib a.mtl\no thing\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvn 0 0 1\n"
    b"usemtl m\ns off\nf 1/1/1 2/1/1 3/1/1\n"
)
PLY = b"ply\nformat ascii 1.0\ncomment made by hand\nelement vertex 0\nend_header\n"
OFF = b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
STL_TEXT = (
    b"solid thing\n facet normal 0 0 1\n outer loop\n vertex 0 0 0\n vertex 1 0 0\n vertex 0 1 0\n"
    b" endloop\n endfacet\nendsolid thing\n"
)
FBX = b"Kaydara FBX Binary  \x00\x1a\x00" + struct.pack("<I", 7400) + b"\0" * 40
FBX_TEXT = b"; FBX 7.4.0 project file\n; ----\n\nFBXHeaderExtension:  {\n\tFBXHeaderVersion: 1003\n}\n"
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
ZIP_END = b"PK\x05\x06" + b"\0" * 18


def stl(triangles: int = 2, *, said: int | None = None) -> bytes:
    return b"\0" * 80 + struct.pack("<I", triangles if said is None else said) + b"\x01" * 50 * triangles


GOOD: dict[str, bytes] = {
    "a.png": png(),
    "b.jpg": jpeg(),
    "b.jpeg": jpeg(),
    "c.webp": webp(),
    "d.bmp": bmp(),
    "e.tga": tga(),
    "f.tiff": tiff(),
    "f.tif": tiff(order=">"),
    "g.glb": glb(binary=b"1234"),
    "h.gltf": gltf(),
    "i.obj": OBJ,
    "j.ply": PLY,
    "k.stl": stl(),
    "l.stl": STL_TEXT,
    "m.off": OFF,
    "n.fbx": FBX,
    "o.fbx": FBX_TEXT,
    "p.zip": b"PK\x03\x04" + bytes(26),
}
"""One good file for each suffix."""


def files_below(folder: Path) -> list[str]:
    """Every file of an AssetStore's folder, finished or not; its locks and its index of times are not counted."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock" and "expiry" not in path.relative_to(folder).parts
    )
