"""Which keys an `AssetStore` takes: so few signs that no key can mean anything to a file system or a URL."""

import re

from aigc.core.errors import InputInvalid

KEY_MAX = 200
"""Characters; with what a store adds, a key still fits into one file name."""

_SEGMENT = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")


def segments(key: str, *, at_least: int = 2) -> tuple[str, ...]:
    """The parts of a key, or of a prefix.

    Raises:
        InputInvalid: code `bad_key`; it is not `segment/segment/...` of `[A-Za-z0-9._-]`, none beginning with a dot,
            is longer than KEY_MAX, or has fewer segments than `at_least`.
    """
    parts = tuple(key.split("/"))
    if len(key) > KEY_MAX or not _KEY.fullmatch(key) or len(parts) < at_least:
        raise InputInvalid(
            f"{key[:80]!r} is not a key of a stored file",
            suggestion=f"write at least {at_least} parts of letters, digits, '.', '_' and '-', joined by '/'",
            code="bad_key",
        )
    return parts
