"""Who should not be there: scans, other protocols, the slow and the replayed, on the port that workers connect to."""

import asyncio
import socket as unix
from collections.abc import Iterator
from dataclasses import replace

import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.transport.kit import QUICK, Answer, Ask, Heard, ToDealer, ToRouter, dealer_codec, router_codec, until
from transport import Address, Dealer, Envelope, Router
from transport.curve import Authenticator, Keys
from transport.keys import KeyPair
from transport.liveness import Patience

Context = zmq.Context[zmq.Socket[bytes]]

GREETING = b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\x00"  # ZMTP 3.0, up to the name of the mechanism
KINDS = ("curve", "plain")
LONG = Patience(30.0, 60.0)
"""With it the router's own peer is not lost on a busy machine."""


class Target:
    """A router on loopback, encrypted or not, that answers; and raw connections to it."""

    def __init__(self, context: Context, kind: str, patience: Patience = LONG) -> None:
        self.keys = Keys(KeyPair.new())
        self.settings = replace(QUICK, keys=self.keys, patience=patience)
        self.heard = Heard()
        self.authenticator = Authenticator(context, self.keys)
        key = self.keys.own.public if kind == "curve" else ""
        self.router: Router[ToDealer, ToRouter] = Router(
            context,
            Address.parse("tcp://127.0.0.1:*", key=key),
            router_codec(),
            self._serve,
            boot="b1",
            settings=self.settings,
        )
        self.dealer: Dealer[ToRouter, ToDealer] = Dealer(
            context, self.router.address, dealer_codec(), self.heard.batch, name="d", boot="d1", settings=self.settings
        )
        self.raws: list[unix.socket] = []

    def _serve(self, batch: list[tuple[bytes, Envelope[ToRouter]]]) -> None:
        self.heard.batch_at_router(batch)
        for peer, envelope in batch:
            for message in envelope.messages:
                self.router.reply(peer, envelope.correlation, Answer(message.n))

    def raw(self) -> unix.socket:
        raw = unix.create_connection(("127.0.0.1", self.router.address.port or 0))
        raw.setblocking(False)
        self.raws.append(raw)
        return raw

    async def turns_away(self, count: int) -> None:
        counters = self.router.counters
        await until(lambda: counters.turned_away == count)

    async def is_unharmed(self) -> None:
        """Its own peer is answered on the same socket as ever, and nobody else was heard."""
        assert await self.dealer.ask(Ask(1), timeout_s=20.0) == Answer(1)
        assert self.dealer.counters.reconnects == 0
        assert {peer for peer, _ in self.heard.log} == {self.dealer.identity}
        assert set(self.router.peers) == {self.dealer.identity}

    def close(self) -> None:
        self.dealer.close()
        self.router.close()
        self.authenticator.close()
        for raw in self.raws:
            raw.close()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(context: Context) -> "Iterator[list[Target]]":
    targets: list[Target] = []
    yield targets
    for target in targets:
        target.close()


async def target_of(context: Context, kind: str, opened: list[Target], patience: Patience = LONG) -> Target:
    opened.append(Target(context, kind, patience))
    await opened[0].is_unharmed()
    return opened[0]


async def test_a_port_scan_is_counted_and_harms_nobody(context: Context, kind: str, opened: list[Target]) -> None:
    target = await target_of(context, kind, opened)
    for number in range(1, 101):
        target.raw().close()
        await target.turns_away(number)
    await target.is_unharmed()


@pytest.mark.parametrize(
    "words",
    [
        b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),  # TLS says hello
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        bytes(1_000),
        b"\xff" * 1_000,
        GREETING + b"NULL" + bytes(48) + b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x06DEALER",
        GREETING + b"CURVE" + bytes(47) + b"\x04\xc8\x05HELLO\x01\x00" + bytes(192),
        GREETING + b"PLAIN" + bytes(47) + b"\x04\x10\x05HELLO\x04root\x05admin",
        GREETING + b"CURVE" + bytes(47) + b"\x06\xff\xff\xff\xff\xff\xff\xff\xff",
    ],
    ids=["http", "tls", "ssh", "zeros", "ones", "null", "curve", "plain", "endless"],
)
async def test_another_protocol_is_never_heard(context: Context, kind: str, words: bytes, opened: list[Target]) -> None:
    target = await target_of(context, kind, opened)
    raw = target.raw()
    raw.sendall(words)
    await until(lambda: target.router.counters.accepted == 2)
    await target.is_unharmed()
    if kind == "curve":
        await target.turns_away(1)


async def test_who_never_ends_its_greeting_is_cut_off(context: Context, kind: str, opened: list[Target]) -> None:
    target = await target_of(context, kind, opened, Patience(3.0, 5.0))  # a greeting has twice as long
    loop = asyncio.get_running_loop()
    slow = [target.raw() for _ in range(20)]
    for raw in slow:
        raw.sendall(GREETING[:1])
    await target.turns_away(20)
    for raw in slow:
        while await loop.sock_recv(raw, 4096):  # until the other end hangs up
            pass
    await target.is_unharmed()
    assert target.router.counters.turned_away == 20


async def test_a_handshake_that_was_listened_to_is_worth_nothing_when_it_is_said_again(
    context: Context, opened: list[Target]
) -> None:
    target = await target_of(context, "curve", opened)
    loop = asyncio.get_running_loop()
    with unix.socket() as middle:
        middle.bind(("127.0.0.1", 0))
        middle.listen()
        middle.setblocking(False)
        said = bytearray()
        address = replace(target.router.address, port=middle.getsockname()[1])
        dealer: Dealer[ToRouter, ToDealer] = Dealer(
            context, address, dealer_codec(), print, name="e", boot="e1", settings=target.settings
        )
        there, _ = await loop.sock_accept(middle)
        there.setblocking(False)
        here = target.raw()

        async def pass_on(source: unix.socket, to: unix.socket, keep: bytearray) -> None:
            while words := await loop.sock_recv(source, 65536):
                keep += words
                await loop.sock_sendall(to, words)

        passing = [
            asyncio.ensure_future(pass_on(there, here, said)),
            asyncio.ensure_future(pass_on(here, there, bytearray())),
        ]
        assert await dealer.ask(Ask(7), timeout_s=20.0) == Answer(7)
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
        dealer.close()
        there.close()
        here.close()
    target.router.forget(dealer.identity)
    target.heard.log.clear()
    assert b"Curve" in said or b"CURVE" in said
    again = target.raw()
    await loop.sock_sendall(again, said)
    while await loop.sock_recv(again, 4096):
        pass
    await target.turns_away(1)
    await target.is_unharmed()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.one_of(st.binary(max_size=200), st.binary(max_size=100).map(lambda tail: GREETING + tail)))
def test_whatever_bytes_come_nothing_is_delivered(context: Context, kind: str, words: bytes) -> None:
    async def main() -> None:
        target = Target(context, kind)
        try:
            await target.is_unharmed()
            raw = target.raw()
            raw.sendall(words)
            await until(lambda: target.router.counters.accepted == 2)
            await target.is_unharmed()
        finally:
            target.close()

    asyncio.run(main())
