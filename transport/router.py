"""The bound end of a link: many peers, each with its own outbox, known from its first frame until it falls silent."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

import zmq

from transport.address import Address
from transport.counters import Counters
from transport.delivery import Delivery
from transport.envelope import BadFrame, Codec, Envelope, Reason
from transport.errors import Overloaded, PeerUnreachable
from transport.identity import checked_boot, name_of
from transport.link import Link
from transport.liveness import Liveness, Verdict
from transport.outbox import Outbox
from transport.settings import LinkSettings
from transport.sockets import HIGH_WATER_FRAMES, bound, close_bound, endpoint

S = TypeVar("S")
R = TypeVar("R")

RETRY_S = 0.01
"""While a peer is blocked its outbox is offered this often, and at each wake-up: a ROUTER cannot say who has room."""


class _Peer(Generic[S]):
    """One identity: what was heard of it and what waits for it."""

    __slots__ = ("boot", "heard", "identity", "outbox", "send")

    def __init__(self, identity: bytes, boot: str, outbox: Outbox[S], send: Callable[[bytes], bool]) -> None:
        self.identity = identity
        self.boot = boot
        self.heard = 0  # the number of its last frame
        self.outbox = outbox
        self.send = send


class Router(Generic[S, R]):
    """Listens at `address` from construction to `close`; see the package's docstring for what holds.

    Args:
        context: the process's one ZeroMQ context; inproc needs it shared.
        codec: sends S, receives R.
        on_batch: gets everything that one wake-up found, as (peer, envelope); heartbeats are answered before it.
        boot: this life's id, new for each life of the actor.
        on_peer: ALIVE when a peer is first heard and when a suspect one speaks again, SUSPECT, LOST. After LOST the
            identity is unknown, what waited for it is gone (`counters.undelivered`), and its owner comes back under a
            fresh identity with the same `envelope.boot`. Called in order with the batches around it.
    Raises:
        AddressInUse: somebody listens there.
        ValueError: the boot id is none.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        address: Address,
        codec: Codec[S, R],
        on_batch: Callable[[list[tuple[bytes, Envelope[R]]]], None],
        *,
        boot: str,
        on_peer: Callable[[bytes, Verdict], None] | None = None,
        settings: LinkSettings | None = None,
    ) -> None:
        self._settings = settings or LinkSettings()
        self._boot = checked_boot(boot)
        self._codec = codec
        self._delivery: Delivery[tuple[bytes, Envelope[R]]] = Delivery(on_batch)
        self._on_peer = on_peer
        self.counters = Counters()
        self._loop = asyncio.get_running_loop()
        self._peers: dict[bytes, _Peer[S]] = {}
        self._liveness: Liveness[bytes] = Liveness(self._settings.patience)
        self._waiting: set[_Peer[S]] = set()  # something to send since the last flush
        self._blocked: set[_Peer[S]] = set()  # ZeroMQ had no room for them
        self._flush_due = False
        self._retry: asyncio.TimerHandle | None = None
        self._closed = False
        socket = bound(context, zmq.ROUTER, address, codec.max_bytes, HIGH_WATER_FRAMES)
        self.address = endpoint(socket, address)
        """Where it listens, with the port that the system chose."""
        self._link = Link(socket, self._receive, self._room)
        self._timer = self._loop.call_later(self._settings.beat_s, self._tick)

    @property
    def peers(self) -> dict[bytes, Verdict]:
        """The identities that are known now, and what is thought of each."""
        return {peer: self._liveness.verdict(peer) for peer in self._peers}

    def waiting(self, peer: bytes) -> int:
        """Messages that wait in the outbox of `peer`; 0 for a stranger."""
        known = self._peers.get(peer)
        return len(known.outbox) if known else 0

    def send(self, peer: bytes, message: S, *, urgent: bool = False, trace: str = "") -> None:
        """`message` waits for `peer` and leaves with this turn of the loop; urgent ones leave before all others.

        Raises:
            PeerUnreachable: `peer` was never heard, is lost, or the router is closed.
            Overloaded: `peer` does not take what it is sent.
            MessageTooLarge: it fits no frame.
        """
        self._queue(peer, message, urgent, 0, trace)

    def reply(self, peer: bytes, correlation: int, message: S, *, urgent: bool = False, trace: str = "") -> None:
        """`message` answers the request of `peer` whose envelope had `correlation`. Raises as `send` does.

        With correlation 0 nobody asked: it is sent like any other message.
        """
        self._queue(peer, message, urgent, correlation, trace)

    def forget(self, peer: bytes) -> None:
        """`peer` has said good-bye: it will not be reported LOST, and what waits for it is dropped.

        If it speaks again it is told to begin anew, under a fresh identity.
        """
        self._drop(peer)

    def close(self, linger_ms: int = 0) -> None:
        """Nobody is heard any more, no callback runs, the address is free. Twice does no harm.

        With `linger_ms` what waits is handed to ZeroMQ, which goes on sending for so long at most.
        """
        if self._closed:
            return
        if linger_ms:
            self._flush()
        self._closed = True
        self._delivery.close()
        self._timer.cancel()
        if self._retry is not None:
            self._retry.cancel()
        self._link.close(partial(close_bound, address=self.address, linger_ms=linger_ms))
        self._peers.clear()
        self._waiting.clear()
        self._blocked.clear()

    # Sending

    def _queue(self, peer: bytes, message: S, urgent: bool, correlation: int, trace: str) -> None:
        known = self._peers.get(peer)
        if known is None:
            why = "this router is closed" if self._closed else "it was never heard, or is lost"
            raise PeerUnreachable(name_of(peer), why)
        try:
            known.outbox.put(message, urgent=urgent, correlation=correlation, trace=trace)
        except Overloaded:
            if known in self._blocked:
                raise
            self._offer(known)  # it was only this turn's burst: the peer has not been offered it yet
            known.outbox.put(message, urgent=urgent, correlation=correlation, trace=trace)
        self._wants_flush(known)

    def _wants_flush(self, peer: _Peer[S]) -> None:
        self._waiting.add(peer)
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        if self._closed or not self._waiting:
            return
        waiting, self._waiting = self._waiting, set()
        for peer in waiting:
            self._offer(peer)
        self._link.settle()

    def _offer(self, peer: _Peer[S]) -> None:
        try:
            is_empty = peer.outbox.flush(peer.send)
        except PeerUnreachable:
            self._loop.call_soon(self._lose, peer.identity)  # not inside the owner's own call
            return
        if is_empty:
            self._blocked.discard(peer)
            return
        self._blocked.add(peer)
        if self._retry is None:
            self._retry = self._loop.call_later(RETRY_S, self._try_again)

    def _room(self) -> None:
        if self._blocked:
            for peer in list(self._blocked):
                self._offer(peer)
            self._link.settle()

    def _try_again(self) -> None:
        self._retry = None
        self._room()

    # Receiving

    def _receive(self, batch: list[list[bytes]]) -> None:
        self._flush_due = True  # what is sent while the batch is heard leaves right after it, without another turn
        try:
            self._hear(batch)
        finally:
            self._flush()

    def _hear(self, batch: list[list[bytes]]) -> None:
        now = self._loop.time()
        strangers: set[bytes] = set()
        for parts in batch:
            if self._closed:
                return  # by its own callback
            peer = parts[0]
            if len(parts) != 2:
                self.counters.refuse(peer, BadFrame(Reason.PARTS, f"{len(parts) - 1} parts, 1 is right"))
                continue
            envelope = self._codec.decode(parts[1])
            if isinstance(envelope, BadFrame):
                self._refuse(peer, envelope)
            elif bad := self._follow(peer, envelope, strangers):
                self.counters.refuse(peer, bad)
            else:
                self._accept(peer, envelope, now)
        self._delivery.flush()
        for peer in strangers:
            self._begin_anew(peer)

    def _refuse(self, peer: bytes, bad: BadFrame) -> None:
        self.counters.refuse(peer, bad)
        known = self._peers.get(peer)
        if known is not None and bad.sequence == known.heard + 1:
            known.heard += 1  # dropped, but not missing

    def _follow(self, peer: bytes, envelope: Envelope[R], strangers: set[bytes]) -> BadFrame | None:
        """None if `envelope` is the next frame of a known peer, or the first of a new one."""
        known = self._peers.get(peer)
        if known is None:
            return self._meet(peer, envelope, strangers)
        if envelope.sequence == known.heard + 1 and envelope.boot == known.boot:
            known.heard += 1
            return None
        strangers.add(peer)
        self._lose(peer)
        return BadFrame(
            Reason.HOLE,
            f"frame {envelope.sequence} of boot {envelope.boot} after frame {known.heard} of {known.boot}",
        )

    def _meet(self, peer: bytes, envelope: Envelope[R], strangers: set[bytes]) -> BadFrame | None:
        if envelope.sequence != 1:
            strangers.add(peer)
            return BadFrame(Reason.STRANGER, f"frame {envelope.sequence} is the first that was heard of it")
        if len(self._peers) >= self._settings.peers:
            return BadFrame(Reason.CROWDED, f"{len(self._peers)} peers are known, {self._settings.peers} may be")
        outbox = Outbox(name_of(peer), self._codec, self._boot, self._settings.outbox, self.counters)
        known = _Peer(peer, envelope.boot, outbox, partial(self._link.send, peer=peer))
        known.heard = 1
        self._peers[peer] = known
        return None

    def _accept(self, peer: bytes, envelope: Envelope[R], now: float) -> None:
        if self._liveness.heard(peer, now):
            self._delivery.tell(self._on_peer, peer, Verdict.ALIVE)
        if envelope.messages:
            self.counters.messages_received += len(envelope.messages)
            self._delivery.add((peer, envelope))
        elif known := self._peers.get(peer):
            known.outbox.beat()
            self._wants_flush(known)

    def _begin_anew(self, peer: bytes) -> None:
        """`peer` hears that it is not known here, so that it need not wait for its own patience to end."""
        if self._closed:
            return
        try:
            self._link.send(self._codec.frame([], boot=self._boot, sequence=0), peer=peer)
        except PeerUnreachable:
            return
        self._link.settle()

    # Liveness

    def _tick(self) -> None:
        self._timer = self._loop.call_later(self._settings.beat_s, self._tick)
        # Drain first: after a pause of this process the signs of life wait in the socket, and silence was our own.
        if not self._link.drain():
            return
        for peer, verdict in self._liveness.overdue(self._loop.time()):
            if verdict is Verdict.LOST:
                self._lose(peer)
            else:
                self._delivery.tell(self._on_peer, peer, verdict)

    def _lose(self, peer: bytes) -> None:
        if self._drop(peer):
            self._delivery.tell(self._on_peer, peer, Verdict.LOST)

    def _drop(self, peer: bytes) -> bool:
        self._liveness.forget(peer)
        known = self._peers.pop(peer, None)
        if known is None:
            return False
        self._waiting.discard(known)
        self._blocked.discard(known)
        self.counters.undelivered += len(known.outbox)
        return True
