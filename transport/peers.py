"""The identities that a router knows: which frame of each comes next, and what waits for it. Pure."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from transport.envelope import BadFrame, Envelope, Reason
from transport.outbox import Outbox

S = TypeVar("S")


class Peer(Generic[S]):
    """One identity."""

    __slots__ = ("boot", "heard", "identity", "outbox", "send")

    def __init__(self, identity: bytes, boot: str, outbox: Outbox[S], send: Callable[[bytes], bool]) -> None:
        self.identity = identity
        self.boot = boot
        self.heard = 1
        """The number of its last frame."""
        self.outbox = outbox
        self.send = send


class Peers(Generic[S]):
    """Identities from their first frame until they are dropped; at most `limit` at a time.

    Args:
        new: makes the peer of that identity and boot.
    """

    def __init__(self, limit: int, new: Callable[[bytes, str], Peer[S]]) -> None:
        self.known: dict[bytes, Peer[S]] = {}
        self._limit, self._new = limit, new

    def follow(self, identity: bytes, envelope: Envelope[Any]) -> BadFrame | None:
        """None if `envelope` is the next frame of a known identity, or the first of a new one; it counts as heard then.

        HOLE: frames are missing, and what comes after them must not be heard. STRANGER: its first frame never came.
        CROWDED: there is no room for it.
        """
        peer = self.known.get(identity)
        if peer is None:
            return self._meet(identity, envelope)
        if envelope.sequence == peer.heard + 1 and envelope.boot == peer.boot:
            peer.heard += 1
            return None
        return BadFrame(
            Reason.HOLE, f"frame {envelope.sequence} of boot {envelope.boot} after frame {peer.heard} of {peer.boot}"
        )

    def skip(self, identity: bytes, bad: BadFrame) -> None:
        """A frame of `identity` was dropped alone: it is not missing."""
        peer = self.known.get(identity)
        if peer is not None and bad.sequence == peer.heard + 1:
            peer.heard += 1

    def _meet(self, identity: bytes, envelope: Envelope[Any]) -> BadFrame | None:
        if envelope.sequence != 1:
            return BadFrame(Reason.STRANGER, f"frame {envelope.sequence} is the first that was heard of it")
        if len(self.known) >= self._limit:
            return BadFrame(Reason.CROWDED, f"{len(self.known)} peers are known, {self._limit} may be")
        self.known[identity] = self._new(identity, envelope.boot)
        return None
