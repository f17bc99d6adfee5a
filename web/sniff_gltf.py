"""What a glTF document refers to, found in its JSON while it streams by; no document is built.

A glTF that names other files makes its reader open them: the path of a stranger's choice. So every `uri` must hold
its data itself.
"""

import re
import struct

from aigc.core.errors import InputInvalid
from web.sniff_pictures import Walk

BLANKS_MAX = 4096
"""More blanks in a row are refused: a search across pieces of the file must end somewhere."""
_KEY_BYTES = 32
_BLANK = b" \t\r\n"
_RESAVE = "export it again as one .glb file"

# A quotation mark within a JSON string is escaped, so what stands between two bare ones is a whole key or string; a key
# may be written with escapes of its letters.
_REFERENCE = re.compile(rb'"(?:u|\\u0075)(?:r|\\u0072)(?:i|\\u0069)"[ \t\r\n]*:[ \t\r\n]*"(?!data:)', re.IGNORECASE)
_ASSET = re.compile(rb'"asset"[ \t\r\n]*:[ \t\r\n]*\{')
_VERSION = re.compile(rb'"version"[ \t\r\n]*:[ \t\r\n]*"2')


class GltfScan:
    """Reads JSON text in pieces of any size.

    Raises InputInvalid, while it reads or at its end: a `uri` that is no `data:` URI, no `asset` with a `version` of 2,
    an end in the middle.
    """

    def __init__(self) -> None:
        self._carry = b""
        self._has_asset = False
        self._has_version = False

    def feed(self, chunk: bytes) -> None:
        """The scan has seen this piece."""
        data = self._carry + chunk
        begun = len(data)
        found = _REFERENCE.search(data)
        if found:
            if not b"data:".startswith(data[found.end() :].lower()):
                raise _reference(data[found.end() : found.end() + 60])
            begun = found.start()  # the piece ends within the value's first letters
        self._look_for_version(data)
        rest = data.rstrip(_BLANK)
        rest = rest[:-1].rstrip(_BLANK) if rest.endswith(b":") else rest
        self._carry = data[max(0, min(begun, len(rest) - _KEY_BYTES)) :]
        if len(self._carry) > BLANKS_MAX:
            raise InputInvalid(f"the glTF document has more than {BLANKS_MAX} blanks in a row", suggestion=_RESAVE)

    def finish(self) -> None:
        """The document is at its end."""
        # Nothing follows that could complete a reference which a piece left open.
        if not self._carry.rstrip(_BLANK + b"\0").endswith(b"}"):
            raise InputInvalid(
                "the glTF document does not end with a bracket: it is cut off, or something is appended",
                suggestion="send the file as it was exported",
            )
        if not self._has_version:
            raise InputInvalid("the glTF document names no asset.version of 2", suggestion=_RESAVE)

    def _look_for_version(self, data: bytes) -> None:
        if self._has_version:
            return
        start = 0
        if not self._has_asset:
            asset = _ASSET.search(data)
            if asset is None:
                return
            self._has_asset, start = True, asset.end()
        self._has_version = _VERSION.search(data, start) is not None


def _reference(value: bytes) -> InputInvalid:
    name = value.partition(b'"')[0].decode("ascii", "replace")
    return InputInvalid(
        f"the glTF refers to another file ({name!r}), which is not here",
        suggestion="send both in one ZIP archive, or export it as one .glb file",
        code="external_reference",
    )


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
