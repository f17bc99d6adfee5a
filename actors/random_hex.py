"""Random ids as text, many from one system call."""

import os

BYTES = 2048
"""Fetched at a time."""


class RandomHex:
    """Random hexadecimal digits that nobody can foresee, none given out twice. A forked process would have the same.

    A system call for each id lets another thread have the interpreter, and then waits to get it back.
    """

    def __init__(self) -> None:
        self._digits = ""
        self._at = 0

    def take(self, count: int) -> str:
        """So many digits, at most 2 * BYTES."""
        at = self._at
        if at + count > len(self._digits):
            self._digits, at = os.urandom(BYTES).hex(), 0
        self._at = at + count
        return self._digits[at : at + count]
