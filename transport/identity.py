"""What a connecting socket calls itself: name, boot id and incarnation.

A ROUTER never hears a second socket under an identity that still lives, and says nothing about it. So no identity is
ever used twice: the boot id is new for each life of an actor, the incarnation for each socket of that life.
"""

import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_@:-]{0,63}")
_BOOT = re.compile(r"[A-Za-z0-9_-]{1,64}")


def checked_boot(boot: str) -> str:
    """`boot`, if it can be one: 1 to 64 letters, digits, `_` or `-`. Draw it anew for each life of an actor.

    Raises:
        ValueError: it cannot.
    """
    if not _BOOT.fullmatch(boot):
        raise ValueError(f"boot id {boot!r} is not 1 to 64 letters, digits, '_' or '-'")
    return boot


def identity(name: str, boot: str, incarnation: int) -> bytes:
    """The routing identity of one socket, `name.boot.incarnation`.

    Raises:
        ValueError: the name is not 1 to 64 letters, digits or `_ @ : -`, or the boot id is none.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"name {name!r} is not 1 to 64 letters, digits, '_', '@', ':' or '-'")
    return f"{name}.{checked_boot(boot)}.{incarnation}".encode("ascii")


def name_of(peer: bytes) -> str:
    """The name inside an identity, for logs and for telling peers to people; never fails, whatever the bytes."""
    return peer.partition(b".")[0].decode("ascii", "backslashreplace")
