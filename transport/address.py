"""Where an actor listens or connects: `inproc://name`, `ipc:///path`, `tcp://host:port`, checked before use."""

import ipaddress
import os
import re
from dataclasses import dataclass
from enum import StrEnum

from transport.errors import AddressInvalid
from transport.keys import is_key

IPC_PATH_BYTES = 107
"""`sockaddr_un.sun_path` holds 108 bytes with the final zero on Linux (unix(7))."""

_HOST = re.compile(r"\*|\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_FORMS = "write inproc://name, ipc:///path/to/socket or tcp://host:port"


class Scheme(StrEnum):
    """How bytes travel."""

    INPROC = "inproc"
    IPC = "ipc"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address. `place` is the name, the path or the host (an IPv6 host without brackets).

    `port` is None for inproc and ipc; 0 means any free port, which only a bound end can use. `key` is the public key
    (Z85) of the machine that listens there; whoever connects or listens then needs keys of its own. Prefer IP addresses
    to host names: nobody can listen at a name, and ZeroMQ looks it up in the thread that serves all connections.
    """

    scheme: Scheme
    place: str
    port: int | None = None
    key: str = ""

    @classmethod
    def parse(cls, text: str, *, key: str = "", allow_plain_tcp: bool = False) -> "Address":
        """The address that `text` names.

        Args:
            text: `inproc://name`, `ipc:///path` (107 bytes at most), `tcp://host:port` or, to bind, `tcp://host:*`.
            key: public key of the machine that listens there; the link is encrypted, and only for tcp.
            allow_plain_tcp: whoever sets this knows that everybody on the way can read, forge and send messages.
        Raises:
            AddressInvalid: it is none of these, the key is none, or plain TCP would leave this machine and was not
                allowed in words.
        """
        scheme, separator, rest = text.partition("://")
        if not separator or scheme not in Scheme.__members__.values():
            raise AddressInvalid(text, "is not an address of a known kind", _FORMS)
        if not rest or not rest.isprintable() or rest != rest.strip():
            raise AddressInvalid(text, "names no place, or holds characters that cannot be seen", _FORMS)
        if key and (scheme != Scheme.TCP or not is_key(key)):
            problem = f"{key!r} is not a public key" if scheme == Scheme.TCP else "only tcp is encrypted"
            raise AddressInvalid(text, problem, "give what `aigc keys show` prints on the machine that listens there")
        if scheme == Scheme.INPROC:
            return cls(Scheme.INPROC, rest)
        if scheme == Scheme.IPC:
            return cls(Scheme.IPC, _path(text, rest))
        host, port = _host_and_port(text, rest)
        if not key and not allow_plain_tcp and not _is_loopback(host):
            raise AddressInvalid(
                text,
                "plain TCP beyond loopback is readable and forgeable by everybody on the way",
                "name the key of the machine that listens there, or allow plain TCP in words",
            )
        return cls(Scheme.TCP, host, port, key)

    @property
    def is_ipv6(self) -> bool:
        """True for a literal IPv6 host."""
        return self.scheme is Scheme.TCP and ":" in self.place

    def __str__(self) -> str:
        if self.scheme is not Scheme.TCP:
            return f"{self.scheme}://{self.place}"
        host = f"[{self.place}]" if self.is_ipv6 else self.place
        return f"tcp://{host}:{self.port or '*'}"


def _path(text: str, path: str) -> str:
    if path.startswith("@"):
        raise AddressInvalid(text, "an abstract socket has no file permissions", "give the path of a file")
    if path.endswith(("/", "*")):
        raise AddressInvalid(text, "does not name a file", "give the path of the socket itself")
    size = len(os.fsencode(path))
    if size > IPC_PATH_BYTES:
        raise AddressInvalid(
            text, f"the path is {size} bytes long, {IPC_PATH_BYTES} are possible", "choose a shorter directory"
        )
    return path


def _host_and_port(text: str, rest: str) -> tuple[str, int]:
    host, separator, port = rest.rpartition(":")
    if not separator or not _HOST.fullmatch(host):
        raise AddressInvalid(text, "has no host and port", "write tcp://host:port, an IPv6 host in brackets")
    if port == "*":
        return host.strip("[]"), 0
    if not (port.isascii() and port.isdigit()) or not 1 <= int(port) <= 65535:
        raise AddressInvalid(text, f"{port!r} is not a port", "write a number from 1 to 65535, or * for any free one")
    return host.strip("[]"), int(port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
