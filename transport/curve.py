"""Links between machines are encrypted and both ends prove who they are (CurveZMQ): one key pair for each machine.

Whoever connects knows the key of who listens from its configuration, whoever listens has a list of those it lets in.
ZeroMQ asks for each connection (ZAP, RFC 27 of the ZeroMQ project) over an inproc socket, which `Authenticator` answers
on the loop. Without one nobody with a key is let in.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import structlog
import zmq
from zmq.utils import z85

from transport.errors import AddressInUse
from transport.keys import KeyFolder, KeyPair
from transport.link import Link

DOMAIN = b"aigc"
"""Named, since ZeroMQ asks nobody about a socket without one."""

ZAP_PLACE = "inproc://zeromq.zap.01"
STRANGERS_COUNTED = 1024
"""Addresses and keys beyond so many share one entry: a hostile peer could come with another for each connection."""

EVERYBODY_ELSE = ("*", "")
THIS_MACHINE = "this machine"

log = structlog.get_logger(__name__)


class Keys:
    """This machine's keys and the machines that it lets in; one for all sockets of a process.

    Args:
        own: this machine's pair. Whoever has it may connect, too: several processes of a machine share it.
        read_allowed: public keys by name; read now and at each `reload`.
    """

    def __init__(self, own: KeyPair, read_allowed: Callable[[], Mapping[str, str]] = dict) -> None:
        self.own = own
        self._read_allowed = read_allowed
        self._names = self._read()
        self._watchers: list[Callable[[], None]] = []

    @classmethod
    def of(cls, folder: Path) -> "Keys":
        """Those in the files of `folder`.

        Raises:
            KeysInvalid: there are none, or a file is not as it must be.
        """
        files = KeyFolder(folder)
        return cls(files.own(), files.allowed)

    def name_of(self, public: str) -> str | None:
        """The machine to which the key belongs, if it may connect."""
        return self._names.get(public)

    def reload(self) -> bool:
        """The list is in force as it is now; true if somebody may not connect any more.

        The connections of all listening sockets are cut then: ZeroMQ cannot cut a single one. Whoever still may
        connect does so again within a fraction of a second.

        Raises:
            KeysInvalid: a file holds no key; the former list stays in force.
        """
        former, self._names = self._names, self._read()
        revoked = sorted(name for key, name in former.items() if key not in self._names)
        joined = sorted(name for key, name in self._names.items() if key not in former)
        log.info("keys.reloaded", allowed=len(self._names), joined=joined, revoked=revoked)
        if revoked:
            for watcher in tuple(self._watchers):
                watcher()
        return bool(revoked)

    def watch(self, on_revoked: Callable[[], None]) -> Callable[[], None]:
        """`on_revoked` runs whenever somebody may not connect any more, until the function returned is called."""
        self._watchers.append(on_revoked)
        return lambda: self._watchers.remove(on_revoked)

    def guard(self, socket: "zmq.Socket[bytes]") -> None:
        """`socket`, which will listen, lets in only those who prove that they are allowed."""
        self._equip(socket)
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.ZAP_DOMAIN, DOMAIN)
        # Without this ZeroMQ lets everybody in who knows the public key, if there is no authenticator to ask.
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)

    def prove(self, socket: "zmq.Socket[bytes]", server: str) -> None:
        """`socket`, which will connect, talks to the owner of the public key `server` only, and proves who it is."""
        self._equip(socket)
        socket.setsockopt(zmq.CURVE_SERVERKEY, server.encode("ascii"))

    def _equip(self, socket: "zmq.Socket[bytes]") -> None:
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self.own.public.encode("ascii"))
        socket.setsockopt(zmq.CURVE_SECRETKEY, self.own.secret.encode("ascii"))

    def _read(self) -> dict[str, str]:
        return {key: name for name, key in self._read_allowed().items()} | {self.own.public: THIS_MACHINE}


class Authenticator:
    """Answers for `context` who may connect, from construction to `close`; make it before what listens.

    Raises:
        AddressInUse: the context has one already.
    """

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", keys: Keys) -> None:
        self._keys = keys
        self.granted = 0
        """Handshakes of machines that are allowed."""
        self.refused: dict[tuple[str, str], int] = {}
        """Handshakes of all others, by network address and public key."""
        self._socket: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        try:
            self._socket.bind(ZAP_PLACE)
        except zmq.ZMQError as error:
            self._socket.close()
            raise AddressInUse(ZAP_PLACE, "this context has an authenticator") from error
        self._link = Link(self._socket, self._answer, _nothing)

    def close(self) -> None:
        """Nobody with a key is let in any more; who is, stays. Twice does no harm."""
        self._link.close(_close)

    def _answer(self, batch: list[list[bytes]]) -> None:
        for parts in batch:
            if len(parts) < 8:
                continue  # it does not come from ZeroMQ
            asker, _, version, request, domain, place, _identity, mechanism, *credentials = parts
            key = _key(credentials) if (version, domain, mechanism) == (b"1.0", DOMAIN, b"CURVE") else ""
            name = self._keys.name_of(key) if key else None
            if name is None:
                self._refuse(place.decode("ascii", "backslashreplace"), key)
                verdict = [b"400", b"not allowed", b""]
            else:
                self.granted += 1
                verdict = [b"200", b"", name.encode()]
            self._socket.send_multipart([asker, b"", version, request, *verdict, b""], zmq.DONTWAIT)
        self._link.settle()

    def _refuse(self, place: str, key: str) -> None:
        who = (place, key)
        if who not in self.refused and len(self.refused) >= STRANGERS_COUNTED:
            who = EVERYBODY_ELSE
        if who not in self.refused:
            remedy = "if it is one of yours: aigc keys allow NAME KEY, then reload"
            log.warning("handshake.refused", address=who[0], public_key=who[1], remedy=remedy)
        self.refused[who] = self.refused.get(who, 0) + 1


def _key(credentials: list[bytes]) -> str:
    return z85.encode(credentials[0]).decode("ascii") if [len(part) for part in credentials] == [32] else ""


def _close(socket: "zmq.Socket[bytes]") -> None:
    socket.unbind(ZAP_PLACE)  # now, not in ZeroMQ's own time: another may take the place at once
    socket.close(linger=0)


def _nothing() -> None:
    """An authenticator answers at once."""
