"""Width and height of a picture from its header, read while the file streams by; nothing is decoded.

Each format is a generator that asks for bytes: it yields how many it wants next, or `-n` to skip n, and is sent them.
It returns True if the file must end where it stopped, False if the rest is the decoder's affair.
"""

import struct
from collections.abc import Callable, Generator

from aigc.core.errors import InputInvalid

Walk = Generator[int, bytes, bool]

SEGMENTS_MAX = 20_000
"""Parts of one file that are looked at: a file of many empty ones costs no more than this."""


class Walker:
    """Drives one walk with whatever pieces of the file arrive."""

    def __init__(self, walk: Walk, title: str) -> None:
        self._walk = walk
        self._title = title
        self._held = bytearray()
        self._need: int | None = None
        self._exact = False
        self._advance(None)

    def feed(self, chunk: bytes) -> None:
        """The walk has seen this piece. Raises InputInvalid as soon as it finds a fault."""
        position = 0
        while self._need is not None and position < len(chunk):
            if self._need < 0:
                step = min(-self._need, len(chunk) - position)
                self._need += step
            else:
                step = min(self._need - len(self._held), len(chunk) - position)
                self._held += chunk[position : position + step]
            position += step
            if self._need in (0, len(self._held)):
                piece = bytes(self._held)
                self._held.clear()
                self._advance(piece)
        if self._exact and position < len(chunk):
            raise InputInvalid(
                f"something is appended to the {self._title}", suggestion="save it again and send the clean file"
            )

    def finish(self) -> None:
        """The file is at its end. Raises InputInvalid if the walk is not."""
        if self._need is not None:
            raise InputInvalid(f"the {self._title} is cut off", suggestion="send the whole file")

    def _advance(self, piece: bytes | None) -> None:
        try:
            self._need = next(self._walk) if piece is None else self._walk.send(piece)
            while self._need == 0:
                self._need = self._walk.send(b"")
        except StopIteration as stop:
            self._need = None
            self._exact = bool(stop.value)


def _fits(width: int, height: int, max_edge: int) -> None:
    if width < 1 or height < 1:
        raise InputInvalid("the picture says that it has no pixels", suggestion="save it again in another program")
    if max(width, height) > max_edge:
        raise InputInvalid(
            f"the picture is {width} x {height} pixels; at most {max_edge} x {max_edge} are accepted",
            suggestion="make it smaller and send it again",
            code="picture_too_large",
        )


def png(max_edge: int) -> Walk:
    """PNG (ISO/IEC 15948): IHDR first and once, then chunks up to IEND, and nothing after."""
    yield -8
    for index in range(SEGMENTS_MAX):
        length, kind = struct.unpack(">I4s", (yield 8))
        if (kind == b"IHDR") != (index == 0) or length >= 2**31:
            raise InputInvalid("the PNG's chunks are out of order", suggestion="save it again in another program")
        if index == 0:
            width, height = struct.unpack(">II", (yield 8))
            _fits(width, height, max_edge)
            length -= 8
            if length < 0:
                raise InputInvalid("the PNG has no whole header", suggestion="save it again in another program")
        yield -(length + 4)
        if kind == b"IEND":
            return True
    raise InputInvalid("the PNG has too many chunks", suggestion="save it again in another program")


_NO_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def jpeg(max_edge: int) -> Walk:
    """JPEG (ITU-T T.81, annex B): markers up to the first scan; every frame header counts, as decoders differ in
    which one they believe. What follows the scan is not looked at: cameras append videos there."""
    yield -2
    seen = False
    for _ in range(SEGMENTS_MAX):
        lead, marker = yield 2
        while marker == 0xFF:
            (marker,) = yield 1
        if lead != 0xFF or marker in (0x00, 0xD9):
            break
        if marker in _NO_LENGTH:
            continue
        (length,) = struct.unpack(">H", (yield 2))
        if length < 2:
            break
        if marker == 0xDA and seen:
            return False
        if marker in _FRAMES and length >= 7:
            height, width = struct.unpack(">xHH", (yield 5))
            _fits(width, height, max_edge)
            seen, length = True, length - 5
        yield -(length - 2)
    raise InputInvalid("the JPEG's header is damaged", suggestion="save it again in another program")


def webp(max_edge: int) -> Walk:
    """WebP (RFC 9649): lossy, lossless or extended; the length in its RIFF header is the file's."""
    _riff, size, _form, kind, _length = struct.unpack("<4sI4s4sI", (yield 20))
    body = yield 10
    if kind == b"VP8X":
        width = 1 + int.from_bytes(body[4:7], "little")
        height = 1 + int.from_bytes(body[7:10], "little")
    elif kind == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = (value & 0x3FFF for value in struct.unpack("<HH", body[6:10]))
    else:
        raise InputInvalid("the WebP's header is damaged", suggestion="save it again in another program")
    _fits(width, height, max_edge)
    left = size + 8 - 30
    if left < 0:
        raise InputInvalid("the WebP says that it is shorter than its header", suggestion="save it again")
    yield -left
    return True


def bmp(max_edge: int) -> Walk:
    """BMP: core header (12 bytes) with 16-bit sizes, all later ones with 32-bit sizes, of which the height may be
    negative (rows from the top)."""
    (header,) = struct.unpack("<14xI", (yield 18))
    if header == 12:
        width, height = struct.unpack("<HH", (yield 4))
    elif 16 <= header <= 256:
        width, height = struct.unpack("<ii", (yield 8))
    else:
        raise InputInvalid("the BMP's header is damaged", suggestion="save it again in another program")
    _fits(width, abs(height), max_edge)
    return False


def tga(max_edge: int) -> Walk:
    """TGA: the 18 bytes that every one begins with."""
    width, height = struct.unpack("<12xHH2x", (yield 18))
    _fits(width, height, max_edge)
    return False


def tiff(max_edge: int) -> Walk:
    """TIFF 6.0: the first directory, which may stand anywhere after the header."""
    head = yield 8
    order = "<" if head[:2] == b"II" else ">"
    (offset,) = struct.unpack(order + "4xI", head)
    if offset < 8:
        raise InputInvalid("the TIFF's directory lies in its header", suggestion="save it again in another program")
    yield -(offset - 8)
    (count,) = struct.unpack(order + "H", (yield 2))
    sizes = {256: 0, 257: 0}
    for _ in range(min(count, 1024)):
        entry = yield 12
        tag, kind = struct.unpack(order + "HH", entry[:4])
        if tag in sizes and kind in (3, 4):
            (sizes[tag],) = struct.unpack(order + ("H" if kind == 3 else "I"), entry[8 : 10 if kind == 3 else 12])
    _fits(sizes[256], sizes[257], max_edge)
    return False


WALKS: dict[str, Callable[[int], Walk]] = {
    "png": png,
    "jpg": jpeg,
    "webp": webp,
    "bmp": bmp,
    "tiff": tiff,
    "tga": tga,
}
