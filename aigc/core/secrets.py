"""What of a name or a text nobody may read who reads a log, an error or the settings."""

import re
from functools import lru_cache

HIDDEN = "***"
"""Stands in the place of a secret."""

_NAMES = re.compile(r"secret|passw|passphrase|token$|private|authorization|cookie|key_id$|(?<!public_)key$", re.I)
_USER = re.compile(r"(?<=://)[^/\s]*@")
"""User and password of a URL."""
_QUERY = re.compile(r"(://[^\s?'\"]*|/[^\s?'\"]*)\?[^\s'\"]*")
"""The query of a URL: a signature may be in it."""
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}")


@lru_cache(1024)
def is_secret(name: str) -> bool:
    """Whatever stands under that name is nobody's business."""
    return _NAMES.search(name) is not None


def without_passwords(text: str) -> str:
    """The text with user and password of its URLs left out."""
    return _USER.sub(f"{HIDDEN}@", text) if "://" in text else text


def without_secrets(text: str) -> str:
    """The same, with queries of URLs and what stands behind `Bearer` left out, too."""
    if "?" in text:
        text = _QUERY.sub(rf"\1?{HIDDEN}", text)
    text = without_passwords(text)
    lower = text.lower()
    return _BEARER.sub(rf"\1 {HIDDEN}", text) if "bearer " in lower or "basic " in lower else text
