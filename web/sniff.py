"""What a file is, by its first bytes and its length, and what must be refused while it is still arriving.

Nothing here decodes a picture or builds a mesh: that happens in runners, under limits. Here the file is named, its
header is read for its size, and disguises are refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from aigc.core.errors import InputInvalid
from web.sniff_gltf import GltfScan, glb
from web.sniff_pictures import WALKS, Walker

HEAD_BYTES = 1 << 16
"""How much of a file's beginning is enough to tell what it is."""


@dataclass(frozen=True)
class Format:
    """One kind of file. `name` is its usual suffix, `kind` is `image` or `mesh`."""

    name: str
    kind: str
    content_type: str
    title: str
    suffixes: tuple[str, ...]


FORMATS: dict[str, Format] = {
    name: Format(name, kind, content_type, title, suffixes)
    for name, kind, content_type, title, suffixes in (
        ("png", "image", "image/png", "PNG", ("png",)),
        ("jpg", "image", "image/jpeg", "JPEG", ("jpg", "jpeg")),
        ("webp", "image", "image/webp", "WebP", ("webp",)),
        ("bmp", "image", "image/bmp", "BMP", ("bmp",)),
        ("tiff", "image", "image/tiff", "TIFF", ("tiff", "tif")),
        ("tga", "image", "image/x-tga", "TGA", ("tga",)),
        ("glb", "mesh", "model/gltf-binary", "GLB", ("glb",)),
        ("gltf", "mesh", "model/gltf+json", "glTF", ("gltf",)),
        ("obj", "mesh", "application/wavefront-obj", "OBJ", ("obj",)),
        ("fbx", "mesh", "model/fbx", "FBX", ("fbx",)),
        ("ply", "mesh", "model/ply", "PLY", ("ply",)),
        ("stl", "mesh", "model/stl", "STL", ("stl",)),
        ("off", "mesh", "model/off", "OFF", ("off",)),
        ("zip", "mesh", "application/zip", "ZIP of a mesh with its textures", ("zip",)),
    )
}
BY_SUFFIX: dict[str, Format] = {suffix: form for form in FORMATS.values() for suffix in form.suffixes}

_STRANGERS = (
    (b"PK\x03\x04", "a ZIP archive (3MF, USDZ and KMZ files are such, too)"),
    (b"GIF8", "a GIF"),
    (b"%PDF-", "a PDF"),
    (b"#!", "a script"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"PXR-USDC", "a USD scene"),
    (b"#usda", "a USD scene"),
    (b"\xff\x0a", "a JPEG XL"),
    (b"BLENDER", "a Blender file"),
    (b"<", "HTML, SVG or another kind of XML"),
    (b"\xef\xbb\xbf<", "HTML, SVG or another kind of XML"),
)
_TEXT_BYTES = bytes(range(0x20, 0x7F)) + b"\t\r\n\f" + bytes(range(0x80, 0x100))
_OBJ_WORDS = frozenset(
    b"v vt vn vp f l p o g s mg usemtl mtllib usemap maplib deg bmat step cstype curv curv2 surf parm trim hole "
    b"scrv sp end con bevel c_interp d_interp lod shadow_obj trace_obj ctech stech call csh".split()
)
_OFF = re.compile(rb"\s*(?:ST)?C?N?OFF\s+(?:#[^\n]*\n\s*)*\d+\s+\d+")
_PLY = re.compile(
    rb"ply\r?\n(?:(?:comment|obj_info)[^\n]*\n)*format (?:ascii|binary_little_endian|binary_big_endian) 1"
)
_MAGICS = (
    ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("jpg", re.compile(rb"\xff\xd8\xff")),
    ("webp", re.compile(rb"RIFF....WEBPVP8", re.DOTALL)),
    ("bmp", re.compile(rb"BM.{8}.\0\0\0[\x0c-\x7c]\0\0\0", re.DOTALL)),
    ("tiff", re.compile(rb"II\*\0|MM\0\*")),
    ("glb", re.compile(rb"glTF[\x01\x02]\0\0\0")),
    ("fbx", re.compile(rb"Kaydara FBX Binary  \0")),
    ("fbx", re.compile(rb";\s*FBX \d.*FBXHeaderExtension\s*:", re.DOTALL)),
    ("ply", _PLY),
    ("off", _OFF),
)


def sniff(head: bytes, suffix: str = "", size: int | None = None) -> Format | None:
    """The format of a file, or None if it is none of ours.

    Args:
        head: its first HEAD_BYTES, or all of it.
        suffix: of its name, lower case without the dot; decides only where content alone cannot (TGA, binary STL, ZIP).
        size: its whole length, where that is known already.
    """
    for name, magic in _MAGICS:
        if magic.match(head):
            return FORMATS[name]
    for name, looks_like in (("gltf", _is_gltf(head)), ("stl", _is_ascii_stl(head)), ("obj", _is_obj(head))):
        if looks_like:
            return FORMATS[name]
    if suffix == "zip" and head.startswith(b"PK\x03\x04"):
        return FORMATS["zip"]
    if stranger(head):
        return None
    if suffix == "tga" and _is_tga(head):
        return FORMATS["tga"]
    if len(head) >= 84 and (suffix == "stl" or size == _stl_bytes(head)):
        return FORMATS["stl"]
    return None


def stranger(head: bytes) -> str:
    """What a file that is not accepted is, in words; empty if nobody knows."""
    if head[4:8] == b"ftyp":
        return "a HEIC, an AVIF or a video"
    return next((title for magic, title in _STRANGERS if head.lstrip().startswith(magic)), "")


def _is_text(head: bytes) -> bool:
    return not head.translate(None, _TEXT_BYTES)


def _is_gltf(head: bytes) -> bool:
    # A key must come first: `{}` and `{"` in UTF-16 are not glTF.
    return bool(re.match(rb'(?:\xef\xbb\xbf)?\s*\{\s*"', head)) and _is_text(head)


def _is_ascii_stl(head: bytes) -> bool:
    return bool(re.match(rb"\s*solid\b[^\n]*\n\s*(?:facet\s+normal|endsolid)\b", head, re.IGNORECASE)) and _is_text(
        head
    )


def _is_obj(head: bytes) -> bool:
    """Every whole line begins with a word of the format, and one of them is a vertex."""
    if not _is_text(head):
        return False
    lines = head.split(b"\n")
    if len(head) >= HEAD_BYTES:
        lines.pop()  # cut off, maybe in its first word
    words = set()
    continued = False
    for line in lines:
        parts = line.split(None, 1)
        if parts and not continued and not parts[0].startswith(b"#"):
            words.add(parts[0])
        continued = line.rstrip(b"\r").endswith(b"\\")
    return b"v" in words and words <= _OBJ_WORDS


def _is_tga(head: bytes) -> bool:
    if len(head) < 18:
        return False
    mapped, kind, depth = head[1], head[2], head[16]
    kinds = (1, 2, 3, 9, 10, 11) if mapped == 1 else (2, 3, 10, 11)
    return mapped in (0, 1) and kind in kinds and depth in (8, 15, 16, 24, 32)


def _stl_bytes(head: bytes) -> int:
    """How long a binary STL is that begins so: 84 bytes and 50 for each triangle."""
    return 84 + 50 * int.from_bytes(head[80:84], "little")


# Scripts that hide in a picture's metadata or between a mesh's vertices, for a server or browser that trusts names.
_HIDDEN = re.compile(rb"<script|<\?php\s|<!doctype\s+html|<\?=`", re.IGNORECASE)
_HIDDEN_BYTES = 16
_ZIP_END_BYTES = 22 + 0xFFFF


class _Check(Protocol):
    def feed(self, chunk: bytes) -> None: ...

    def finish(self) -> None: ...


class Inspection:
    """Watches one file while it streams by. Feed it every byte in order, then call `finish`.

    Both raise InputInvalid at the first fault: a picture that is too large, a length that does not fit the header,
    something appended, a hidden script or archive, a glTF that refers to other files.

    Args:
        form: what the file was found to be.
        max_edge: pixels that a picture may have along each side.
    """

    def __init__(self, form: Format, *, max_edge: int) -> None:
        self.form = form
        self.bytes = 0
        self._tail = b""
        self._head = b""
        self._checks: list[_Check] = []
        if form.name in WALKS:
            self._checks.append(Walker(WALKS[form.name](max_edge), form.title))
        elif form.name == "glb":
            self._checks.append(Walker(glb(), form.title))
        elif form.name == "gltf":
            self._checks.append(GltfScan())

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the file."""
        if len(self._head) < HEAD_BYTES:
            self._head += chunk[: HEAD_BYTES - len(self._head)]
        self.bytes += len(chunk)
        for check in self._checks:
            check.feed(chunk)
        if self.form.name == "zip":
            return  # whatever it holds, a runner looks for a mesh in it
        if _HIDDEN.search(self._tail[-_HIDDEN_BYTES:] + chunk[:_HIDDEN_BYTES]) or _HIDDEN.search(chunk):
            raise self._disguise("a script")
        self._tail = (self._tail + chunk)[-_ZIP_END_BYTES:]

    def finish(self) -> None:
        """The file is at its end."""
        for check in self._checks:
            check.finish()
        if self.form.name == "zip":
            return
        # An archive is found from its end: its last record closes the file, with a comment of the length that it says.
        found = self._tail.rfind(b"PK\x05\x06")
        if found >= 0 and len(self._tail) - found == 22 + int.from_bytes(self._tail[found + 20 : found + 22], "little"):
            raise self._disguise("an archive")
        if b"%PDF-" in self._head[:1024]:
            raise self._disguise("a PDF")
        if self.form.name == "stl" and not _is_ascii_stl(self._head) and self.bytes != _stl_bytes(self._head):
            raise InputInvalid(
                f"the STL says that it is {_stl_bytes(self._head)} bytes long and is {self.bytes}",
                suggestion="send the whole file",
            )

    def _disguise(self, what: str) -> InputInvalid:
        return InputInvalid(
            f"this {self.form.title} hides {what}", suggestion="save it again in another program", code="disguised"
        )


def titles(names: Iterable[str]) -> str:
    """Formats in words, for messages: `PNG, JPEG or WebP`."""
    found = list(dict.fromkeys(BY_SUFFIX[name].title for name in names if name in BY_SUFFIX))
    return " or ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
