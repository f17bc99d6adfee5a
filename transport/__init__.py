"""Bytes between actors, over ZeroMQ; this package knows no job.

One link class for `inproc://`, `ipc://` and `tcp://`. Everything runs on the asyncio loop that was running when the
object was made; every callback is a plain function called on that loop; nothing here blocks.

Public names:
    Address                     a checked address: `Address.parse("ipc:///run/aigc/broker")`, or with the key of the
                                machine that listens there `Address.parse("tcp://10.0.0.1:7843", key="…")`
    Codec[S, R], Envelope[R]    S: union that this end sends, R: union that it receives (tagged array_like structs)
    BadFrame, Reason            what was wrong with a frame that was refused
    Router[S, R]                bound end: `send(peer, message)`, `reply(peer, correlation, message)`, `forget(peer)`
    Dealer[S, R]                connecting end: `send(message)`, `await ask(message, timeout_s)`
    Publisher[S], Subscriber[R] one to many; a hole or a new publisher is reported by `on_gap`
    Verdict                     ALIVE, SUSPECT, LOST
    LinkSettings                heartbeats, limits and keys, of Patience, Backoff, OutboxLimits and Keys
    Keys, Authenticator         this machine's keys, one object for a process, and who answers ZeroMQ whether a peer is
                                allowed, one for a context that listens with keys
    KeyFolder, KeyPair          key files
    Counters                    `link.counters`: what passed, what was refused, from whom, why
    name_of(peer)               the name inside a peer's identity, for logs
    transport.link.Link         the reader alone, for whoever speaks another format (a runner's)
    TransportError              parent of AddressInvalid, AddressInUse, KeysInvalid, MessageTooLarge, Overloaded,
                                PeerUnreachable, NoReply

Callbacks:
    Router      on_batch(batch: list[tuple[bytes, Envelope[R]]])   all that one wake-up found, peer beside envelope
                on_peer(peer: bytes, verdict: Verdict)             ALIVE when first heard and after SUSPECT; LOST once,
                                                                   for silence; SUSPECT also if its connection ended
    Dealer      on_batch(batch: list[Envelope[R]])
                on_reconnect()                                     heard on a fresh socket: say hello again, urgent=True
                on_verdict(verdict: Verdict)                       what is thought of the router
    Subscriber  on_batch(batch: list[Envelope[R]])
                on_gap(gap: Gap)                                   fetch a snapshot; called before what follows the hole

What holds:
    * `send` only queues: messages of one loop tick leave as one frame per peer (64 KiB or 512 messages, then another),
      in order; urgent ones leave first. It
      raises `Overloaded` when the peer's outbox is full, `PeerUnreachable` when the peer is not known (any more),
      `MessageTooLarge`; it never waits and never drops in silence.
    * Frames are numbered. From one identity they arrive without a hole, or the identity ends: the router reports
      SUSPECT and in the end LOST, the dealer opens a fresh socket under a fresh identity and calls `on_reconnect`. So
      an owner that restates its state after `on_reconnect` has missed nothing for good.
    * Who connects to several places looks for the one that listens. A place that refuses is left at once, one that does
      not answer after half a second or a little more, and only one where somebody was heard is given the patience of
      the settings. A connection that breaks, because the other process died, is noticed at once.
    * `takeover=True` (Router, Publisher) listens on an ipc path that another process still holds.
    * `envelope.boot` is the sender's life (the same over its reconnects), `peer` one socket of that life.
    * A hostile frame is counted, logged once per peer and dropped. Beyond twice `Codec.max_bytes` ZeroMQ itself cuts
      the connection, which nobody counts; and ZeroMQ gathers a multi-part message of any number of parts before anybody
      sees it. So an address is for peers that may be trusted not to exhaust memory: loopback, a private folder, or
      machines whose keys are allowed. Nobody else gets further than the handshake, which `counters.turned_away` counts.
    * `Keys.reload()` reads the list of allowed machines again. If one may come no more, all connections are cut in that
      moment, and those who may come back do so by themselves.

Example (one process, `inproc://`; the same lines work over `ipc://` and `tcp://`)::

    class Ping(msgspec.Struct, array_like=True, tag=1, frozen=True): n: int
    class Pong(msgspec.Struct, array_like=True, tag=1, frozen=True): n: int

    context = zmq.Context()                          # one per process: inproc needs it shared
    address = Address.parse("inproc://broker")

    def serve(batch: list[tuple[bytes, Envelope[Ping]]]) -> None:
        for peer, envelope in batch:
            for ping in envelope.messages:
                router.reply(peer, envelope.correlation, Pong(ping.n))

    router: Router[Pong, Ping] = Router(context, address, Codec(Ping), serve, boot="b1")
    dealer: Dealer[Ping, Pong] = Dealer(context, address, Codec(Pong), print, name="web-0", boot="w1")
    assert await dealer.ask(Ping(7), timeout_s=1.0) == Pong(7)      # or dealer.send(Ping(7)), without an answer
    dealer.close(), router.close(), context.term()
"""

from transport.address import Address, Scheme
from transport.backoff import Backoff
from transport.counters import Counters
from transport.curve import Authenticator, Keys
from transport.dealer import Dealer
from transport.envelope import BadFrame, Codec, Envelope, Reason
from transport.errors import (
    AddressInUse,
    AddressInvalid,
    KeysInvalid,
    MessageTooLarge,
    NoReply,
    Overloaded,
    PeerUnreachable,
    TransportError,
)
from transport.identity import name_of
from transport.keys import KeyFolder, KeyPair
from transport.liveness import Patience, Verdict
from transport.outbox import OutboxLimits
from transport.pubsub import Gap, Publisher, Subscriber
from transport.router import Router
from transport.settings import LinkSettings

__all__ = [
    "Address",
    "AddressInUse",
    "AddressInvalid",
    "Authenticator",
    "Backoff",
    "BadFrame",
    "Codec",
    "Counters",
    "Dealer",
    "Envelope",
    "Gap",
    "KeyFolder",
    "KeyPair",
    "Keys",
    "KeysInvalid",
    "LinkSettings",
    "MessageTooLarge",
    "NoReply",
    "OutboxLimits",
    "Overloaded",
    "Patience",
    "PeerUnreachable",
    "Publisher",
    "Reason",
    "Router",
    "Scheme",
    "Subscriber",
    "TransportError",
    "Verdict",
    "name_of",
]
