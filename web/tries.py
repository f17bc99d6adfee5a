"""How often somebody may try to log in: by name and address, by address, by name."""

from aigc.core.buckets import Bucket

PAIR, ADDRESS, NAME = (5, 5), (20, 20), (30, 60)
"""Tries a minute, and at once. One who guesses meets the first. The last stops a crowd of addresses that guesses one
name, and is wide, since it also stops whose name it is, where no cookie or token says so."""


def buckets(name: str, address: str, *, is_known: bool = False) -> list[Bucket]:
    """What a try of that name from there takes a drop of.

    Args:
        is_known: a valid cookie or token of that account came along: nobody else's tries hold its owner up.
    """
    name = name.lower()[:100]
    found = [Bucket(f"login\n{name}\n{address}", *PAIR), Bucket(f"login from\n{address}", *ADDRESS)]
    return found if is_known else [*found, Bucket(f"login of\n{name}", *NAME)]
