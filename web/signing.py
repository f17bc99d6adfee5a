"""URLs that carry their own right: who has one may fetch that file, and nothing else, until it expires.

Pictures, viewers and downloads of existing clients send no header. The signature is an HMAC over method, path and
expiry, under a key that all gateways share.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote

from aigc.core.errors import NotAllowed, Unavailable

Sign = Callable[[str], str]
"""Makes a path a URL that can be fetched as it is."""

EXPIRES, SIGNATURE = "expires", "signature"
STEPS = 8
"""Expiries are rounded to a part of their length, so that a browser meets the same URL again and keeps what it has."""


def unsigned(path: str) -> str:
    """The path itself, where nobody has to log in."""
    return path


KEPT = 8192
"""Signed URLs that are remembered."""


class Signer:
    """Signs paths and judges them.

    Args:
        valid_s: how long a URL can be used; up to an eighth more.
        clock: seconds since the epoch.
    """

    def __init__(self, valid_s: float, clock: Callable[[], float]) -> None:
        self._valid_s = valid_s
        self._step_s = max(1, int(valid_s / STEPS))
        self._clock = clock
        self._key = b""
        # Who polls a job is told the same URLs again and again; each costs 10 µs.
        self._signed = lru_cache(KEPT)(self._sign)

    @property
    def is_ready(self) -> bool:
        """It has its key."""
        return bool(self._key)

    def use(self, key: bytes) -> None:
        """Sign with this key."""
        self._key = key
        self._signed.cache_clear()

    def __call__(self, path: str) -> str:
        """The path, to be fetched with GET, with expiry and signature behind it. Raises Unavailable without a key."""
        expires = (int(self._clock() + self._valid_s) // self._step_s + 1) * self._step_s
        return self._signed(path, expires)

    def check(self, raw_path: str, expires: str, signature: str) -> None:
        """Return if it was signed here and is still valid.

        Raises:
            NotAllowed: it was changed (code `url_invalid`), or its time is over (`url_expired`).
            Unavailable: the key is not there yet.
        """
        if not hmac.compare_digest(self._made(unquote(raw_path), expires).encode(), signature.encode()):
            raise NotAllowed(
                "the signature in this URL is not valid for this address",
                suggestion="take the URL as the API gives it, unchanged",
                code="url_invalid",
            )
        if int(expires) < self._clock():
            raise NotAllowed(
                "this URL has expired",
                suggestion="ask for the job again: its URLs are signed anew each time",
                code="url_expired",
            )

    def _sign(self, path: str, expires: int) -> str:
        return f"{path}?{EXPIRES}={expires}&{SIGNATURE}={self._made(unquote(path), str(expires))}"

    def _made(self, path: str, expires: str) -> str:
        if not self._key:
            raise Unavailable("the key that signs URLs is not there yet; the server that keeps it does not answer")
        text = f"GET\n{path}\n{expires}".encode()
        return base64.urlsafe_b64encode(hmac.digest(self._key, text, hashlib.sha256)[:24]).decode()
