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
from transport.listener import Listener
from transport.liveness import Liveness, Verdict
from transport.outbox import Outbox
from transport.peers import Peer, Peers
from transport.settings import LinkSettings
from transport.sockets import HIGH_WATER_FRAMES

S = TypeVar("S")
R = TypeVar("R")

RETRY_S = 0.01
"""While a peer is blocked its outbox is offered this often, and at each wake-up: a ROUTER cannot say who has room."""

SHORTEST_S = 0.001
"""Between two looks for who is silent: an instant that is rounded must not make us spin."""
ASK_S = 0.25
"""So long after a connection broke everybody is sent a heartbeat: ZeroMQ does not tell whose it was, but it refuses to
send to whom it has lost."""


class Router(Generic[S, R]):
    """Listens at `address` from construction to `close`; see the package's docstring for what holds.

    Args:
        context: the process's one ZeroMQ context; inproc needs it shared.
        codec: sends S, receives R.
        on_batch: gets everything that one wake-up found, as (peer, envelope); heartbeats are answered before it.
        boot: this life's id, new for each life of the actor.
        on_peer: ALIVE when a peer is first heard and when a suspect one speaks again; SUSPECT when it is silent or its
            identity has ended: its connection broke, or frames are missing. What waited for it is gone then
            (`counters.undelivered`), and its owner comes back under a fresh identity with the same `envelope.boot`;
            LOST when it was not heard for the settings' patience. Called in order with the batches around it.
        takeover: listen on an ipc path even if somebody else holds it, for the holder of a lease.
    Raises:
        AddressInUse: somebody listens there.
        AddressInvalid: the address has a key, and it is not this machine's.
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
        takeover: bool = False,
    ) -> None:
        self._settings = settings = settings or LinkSettings()
        self._boot = checked_boot(boot)
        self._codec = codec
        self._delivery: Delivery[tuple[bytes, Envelope[R]]] = Delivery(on_batch)
        self._on_peer = on_peer
        self.counters = Counters()
        self._loop = asyncio.get_running_loop()
        self._peers: Peers[S] = Peers(settings.peers, self._meet)
        self._liveness: Liveness[bytes] = Liveness(settings.patience)
        self._waiting: set[Peer[S]] = set()  # something to send since the last flush
        self._blocked: set[Peer[S]] = set()  # ZeroMQ had no room for them
        self._flush_due = False
        self._retry: asyncio.TimerHandle | None = None
        self._asking: asyncio.TimerHandle | None = None
        self._closed = False
        self._listener = Listener(
            context,
            zmq.ROUTER,
            address,
            codec.max_bytes,
            HIGH_WATER_FRAMES,
            settings=settings,
            takeover=takeover,
            counters=self.counters,
            on_broken=self._ask_soon,
        )
        self.address = self._listener.address
        """Where it listens, with the port that the system chose."""
        self._link = Link(self._listener.socket, self._receive, self._room)
        self._timer = self._loop.call_later(settings.beat_s, self._tick)

    @property
    def peers(self) -> dict[bytes, Verdict]:
        """The identities that are known now, and what is thought of each."""
        return {peer: self._liveness.verdict(peer) for peer in self._peers.known}

    def waiting(self, peer: bytes) -> int:
        """Messages that wait in the outbox of `peer`; 0 for a stranger."""
        known = self._peers.known.get(peer)
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
        self._liveness.forget(peer)
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
        for timer in (self._timer, self._retry, self._asking):
            if timer is not None:
                timer.cancel()
        self._link.close(lambda _: self._listener.close(linger_ms))
        self._peers.known.clear()
        self._waiting.clear()
        self._blocked.clear()

    # Sending

    def _queue(self, peer: bytes, message: S, urgent: bool, correlation: int, trace: str) -> None:
        known = self._peers.known.get(peer)
        if known is None:
            why = "this router is closed" if self._closed else "it was never heard, or its connection has ended"
            raise PeerUnreachable(name_of(peer), why)
        try:
            known.outbox.put(message, urgent=urgent, correlation=correlation, trace=trace)
        except Overloaded:
            if known in self._blocked:
                raise
            self._offer(known)  # it was only this turn's burst: the peer has not been offered it yet
            known.outbox.put(message, urgent=urgent, correlation=correlation, trace=trace)
        self._wants_flush(known)

    def _wants_flush(self, peer: Peer[S]) -> None:
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

    def _offer(self, peer: Peer[S]) -> None:
        try:
            is_empty = peer.outbox.flush(peer.send)
        except PeerUnreachable:
            self._loop.call_soon(self._end, peer.identity)  # not inside the owner's own call
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
                self.counters.refuse(peer, envelope)
                self._peers.skip(peer, envelope)
            elif bad := self._peers.follow(peer, envelope):
                self.counters.refuse(peer, bad)
                if bad.reason is not Reason.CROWDED:
                    strangers.add(peer)
                    self._end(peer)
            else:
                self._accept(peer, envelope, now)
        self._delivery.flush()
        for peer in strangers:
            self._begin_anew(peer)

    def _meet(self, peer: bytes, boot: str) -> Peer[S]:
        outbox = Outbox(name_of(peer), self._codec, self._boot, self._settings.outbox, self.counters)
        return Peer(peer, boot, outbox, partial(self._link.send, peer=peer))

    def _accept(self, peer: bytes, envelope: Envelope[R], now: float) -> None:
        if self._liveness.heard(peer, now):
            self._delivery.tell(self._on_peer, peer, Verdict.ALIVE)
        if envelope.messages:
            self.counters.messages_received += len(envelope.messages)
            self._delivery.add((peer, envelope))
        elif known := self._peers.known.get(peer):
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
        # Drain first: after a pause of this process the signs of life wait in the socket, and silence was our own.
        if self._link.drain():
            for peer, verdict in self._liveness.overdue(self._loop.time()):
                if verdict is Verdict.LOST:
                    self._drop(peer)
                self._delivery.tell(self._on_peer, peer, verdict)
        if not self._closed:
            # A silence is judged when it is too long; who is first heard meanwhile has no less time than this.
            longest_s, due = self._settings.patience.suspect_s, self._liveness.due()
            wait_s = longest_s if due is None else min(longest_s, due - self._loop.time())
            self._timer = self._loop.call_later(max(wait_s, SHORTEST_S), self._tick)

    def _ask_soon(self) -> None:
        if self._asking is None:
            self._asking = self._loop.call_later(ASK_S, self._ask_all)

    def _ask_all(self) -> None:
        self._asking = None
        for peer in self._peers.known.values():
            peer.outbox.beat()
            self._wants_flush(peer)

    def _end(self, peer: bytes) -> None:
        """The identity has ended, its owner perhaps not: that is told by silence."""
        self._drop(peer)
        if self._liveness.suspect(peer):
            self._delivery.tell(self._on_peer, peer, Verdict.SUSPECT)

    def _drop(self, peer: bytes) -> None:
        known = self._peers.known.pop(peer, None)
        if known is None:
            return
        self._waiting.discard(known)
        self._blocked.discard(known)
        self.counters.undelivered += len(known.outbox)
