"""What a look at a set-up has found."""

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """One thing looked at."""

    level: Literal["fine", "note", "wrong"]
    code: str
    """By which scripts know it; stays the same when the words change."""
    what: str
    do: str = ""
    """What to do about it; empty where nothing is to be done."""
