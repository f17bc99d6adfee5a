"""Which page may do what: a browser names the origin of the page that sends a request, and one table decides."""

from enum import Enum, auto
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import Struct


class Sender(Enum):
    """Who sends a request, as far as its `Origin` tells."""

    PROGRAM = auto()
    """No page: a program, or a browser that reads from its page's own origin or goes to another address."""
    OWN = auto()
    """A page of this server."""
    NAMED = auto()
    """A page of an origin that the operator named."""
    FOREIGN = auto()
    """Any other page that a user of ours may have open; also one that hides its origin (`null`)."""


class Use(Enum):
    """What a request wants."""

    ASK = auto()
    """Anything at all."""
    OPERATE = auto()
    """What operators alone may where accounts are on, while they are off: who sends it needs nothing to be let in."""
    COOKIE = auto()
    """A change by the session's cookie, which a browser sends along whatever page it shows."""


MAY = {
    Use.ASK: {Sender.PROGRAM, Sender.OWN, Sender.NAMED},  # and FOREIGN, where any page may
    Use.OPERATE: {Sender.PROGRAM, Sender.OWN, Sender.NAMED},
    Use.COOKIE: {Sender.OWN, Sender.NAMED},
}


class Origins(Struct, frozen=True, kw_only=True):
    """Which origins this server knows."""

    named: frozenset[str] = frozenset()
    """`https://studio.example`: its pages may do what this server's own may."""
    anywhere: bool = True
    """Pages of any origin may send requests, as existing clients expect."""
    public_url: str = ""
    """Under which this server is known; empty: as the client calls it."""

    def sender(self, origin: str | None, host: str) -> Sender:
        """Who sends a request with these headers `Origin` and `Host`."""
        if origin is None:
            return Sender.PROGRAM
        place = _place(origin)
        if place and place in (host, _place(self.public_url)):
            return Sender.OWN
        return Sender.NAMED if origin in self.named else Sender.FOREIGN

    def may(self, use: Use, origin: str | None, host: str) -> bool:
        """True for a request with these headers `Origin` and `Host` that may do that."""
        return (use is Use.ASK and self.anywhere) or self.sender(origin, host) in MAY[use]

    def knows(self, host: str, here: str) -> bool:
        """False for a request to `here`, an address of this machine that only it can reach, under a name that is not
        ours: a page of another origin whose name suddenly leads to this machine looks like our own, but for that name.
        """
        if not (_is_address(here) and ip_address(here).is_loopback):
            return True
        name = _hostname(f"//{host}")
        known = {_hostname(url) for url in (self.public_url, *self.named) if url}
        return name == "localhost" or name.endswith(".localhost") or _is_address(name) or (name != "" and name in known)


def _place(origin: str) -> str:
    """Host and port; empty where it is no origin."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
