"""What a glTF document refers to, found in its JSON while it streams by; no document is built.

A glTF that names other files makes its reader open them: the path of a stranger's choice. So every `uri` must hold
its data itself.
"""

import re
import struct

from aigc.core.errors import InputInvalid
from web.sniff_pictures import Walk

STRINGS_MAX = 1_000_000
DEPTH_MAX = 128
_KEPT = 256
_INSIDE = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_BLANK = b" \t\r\n"
_RESAVE = "export it again as one .glb file"


class GltfScan:
    """Reads JSON text in pieces of any size and looks at every key and string; numbers and nesting are only counted.

    Raises InputInvalid: a `uri` that is not a `data:` URI, no `asset.version` of 2, too many strings, too deep.
    """

    def __init__(self) -> None:
        self._carry = b""  # a backslash at the end of a piece
        self._inside = False
        self._text = bytearray()
        self._key = b""
        self._between = b""  # the first two characters since the last string that are not blank
        self._depth = 0
        self._strings = 0
        self._in_asset = False
        self._version = b""

    def feed(self, chunk: bytes) -> None:
        """The scan has seen this piece."""
        data, self._carry = self._carry + chunk, b""
        position = 0
        while position < len(data):
            if not self._inside:
                quote = data.find(b'"', position)
                self._structure(data[position:] if quote < 0 else data[position:quote])
                if quote < 0:
                    return
                self._inside, position = True, quote + 1
                continue
            end = _INSIDE.match(data, position).end()  # type: ignore[union-attr]  # it matches nothing, too
            self._text += data[position : min(end, position + _KEPT)]
            if end == len(data):
                return
            if data[end : end + 1] == b"\\":
                self._carry = data[end:]
                return
            self._string(bytes(self._text[:_KEPT]))
            self._text.clear()
            self._inside, position = False, end + 1

    def finish(self) -> None:
        """The document is at its end."""
        if self._inside or self._depth:
            raise InputInvalid("the glTF document is cut off", suggestion="send the whole file")
        if not self._version.startswith(b"2"):
            raise InputInvalid("the glTF document names no asset.version of 2", suggestion=_RESAVE)

    def _structure(self, text: bytes) -> None:
        self._depth += text.count(b"{") + text.count(b"[") - text.count(b"}") - text.count(b"]")
        if not 0 <= self._depth <= DEPTH_MAX:
            raise InputInvalid("the glTF document's brackets do not match or nest too deep", suggestion=_RESAVE)
        if len(self._between) < 2:
            self._between = (self._between + text.translate(None, _BLANK)[:2])[:2]

    def _string(self, text: bytes) -> None:
        self._strings += 1
        if self._strings > STRINGS_MAX:
            raise InputInvalid(f"the glTF document holds more than {STRINGS_MAX} strings", suggestion=_RESAVE)
        if self._depth < 2:
            self._in_asset = False
        elif self._depth == 2 and self._between == b":{" and self._key == b"asset":
            self._in_asset = True
        if self._between == b":":
            self._value(text)
        self._key, self._between = _unescaped(text), b""

    def _value(self, text: bytes) -> None:
        if self._key == b"version" and self._in_asset and self._depth == 2:
            self._version = text
        if self._key == b"uri" and text[:5].lower() != b"data:":
            shown = text[:60].decode("ascii", "replace")
            raise InputInvalid(
                f"the glTF refers to another file ({shown!r}), which is not here",
                suggestion="export it as one .glb file, or embed everything in the .gltf",
                code="external_reference",
            )


def _unescaped(text: bytes) -> bytes:
    """A key as it reads without \\u escapes of ASCII letters, behind which `uri` could hide."""
    if b"\\u" not in text:
        return text
    return re.sub(rb"\\u00([0-7][0-9a-fA-F])", lambda found: bytes.fromhex(found[1].decode()), text)


def glb() -> Walk:
    """GLB 2.0: its length is the file's, its first chunk is JSON without references, and nothing follows."""
    _magic, version, length, json_length, kind = struct.unpack("<4sII I4s", (yield 20))
    if version != 2 or kind != b"JSON":
        raise InputInvalid("this is no GLB of version 2", suggestion=_RESAVE)
    if 20 + json_length > length:
        raise InputInvalid("the GLB's first chunk is longer than the file says it is", suggestion=_RESAVE)
    scan = GltfScan()
    left = json_length
    while left:
        piece = yield min(left, 1 << 16)
        scan.feed(piece)
        left -= len(piece)
    scan.finish()
    yield -(length - 20 - json_length)
    return True
