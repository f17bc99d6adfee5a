"""Passwords as they are kept: salted, and hashed by scrypt, which needs much memory for each guess."""

import asyncio
import base64
import functools
import hashlib
import hmac
import os

LOG2_N, R, P = 15, 8, 3
"""32 MiB, three times over: some 0.2 s. The figures stand in each hash, so that they can be raised later."""
CHARACTERS_MAX = 1024
"""Of a password."""
AT_ONCE = 2
"""Hashes under way at once: a crowd of logins takes 64 MiB and not all of the memory."""


class Passwords:
    """Hashes passwords and checks them, never on the loop.

    Args:
        log2_n: of scrypt's cost; tests take less.
    """

    def __init__(self, log2_n: int = LOG2_N) -> None:
        self._log2_n = log2_n
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def hashed(self, password: str) -> str:
        """What is kept of it: `scrypt$15$8$3$SALT$HASH`."""
        return await self._in_turn(functools.partial(_hash, password, os.urandom(16), self._log2_n, R, P))

    async def matches(self, password: str, kept: str | None) -> bool:
        """True if it is the one that `kept` was made of. For nobody's (None) it is False, after the same time."""
        if kept is None:
            await self.hashed(password)
            return False
        try:
            kind, log2_n, r, p, salt, _ = kept.split("$")
            numbers = int(log2_n), int(r), int(p)
        except ValueError:
            return False
        if kind != "scrypt":
            return False
        found = await self._in_turn(functools.partial(_hash, password, base64.b64decode(salt), *numbers))
        return hmac.compare_digest(found, kept)

    async def _in_turn(self, work: functools.partial[str]) -> str:
        async with self._turns:
            return await asyncio.to_thread(work)


def _hash(password: str, salt: bytes, log2_n: int, r: int, p: int) -> str:
    n = 1 << log2_n
    raw = password[:CHARACTERS_MAX].encode("utf-8", "surrogatepass")
    found = hashlib.scrypt(raw, salt=salt, n=n, r=r, p=p, maxmem=256 * n * r, dklen=32)
    return f"scrypt${log2_n}${r}${p}${base64.b64encode(salt).decode()}${base64.b64encode(found).decode()}"
