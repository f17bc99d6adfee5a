"""The descriptor is edge-triggered: these tests hang if a wake-up is lost, since no timer comes to the rescue."""

import asyncio
import select
import time

import pytest
import uvloop
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.transport.kit import Heard, bound, connected, fresh_name
from transport.address import Address
from transport.errors import PeerUnreachable
from transport.link import FRAMES_PER_DRAIN, Link
from transport.sockets import HIGH_WATER_FRAMES, endpoint

Context = zmq.Context[zmq.Socket[bytes]]


ENDLESS = 1_000_000
STALLED_S = 250.0
"""Takes some seconds; on a very busy machine a minute."""


class End:
    """One end that sends numbers in bursts from a task, never from the reader, and keeps the numbers that it hears."""

    def __init__(self, socket: "zmq.Socket[bytes]") -> None:
        self.heard: list[int] = []
        self.peer: bytes | None = None
        self.changed = asyncio.Event()
        self.room = asyncio.Event()
        self.link = Link(socket, self._parts, self.room.set)

    def _parts(self, batch: list[list[bytes]]) -> None:
        assert len(batch) <= FRAMES_PER_DRAIN
        for parts in batch:
            if len(parts) == 2:
                self.peer = parts[0]
            self.heard.append(int(parts[-1]))
        self.changed.set()

    async def send(self, number: int) -> None:
        while not self.link.send(b"%d" % number, self.peer):
            assert self.peer is None  # a ROUTER cannot be told that its peer has room; here it always has
            self.room.clear()
            self.link.settle(wants_room=True)
            await self.room.wait()

    async def send_bursts(self, bursts: list[tuple[int, int]], start: int = 0) -> None:
        number = start
        for size, turns in bursts:
            for _ in range(size):
                await self.send(number)
                number += 1
            self.link.settle()
            for _ in range(turns):
                await asyncio.sleep(0)

    def state(self) -> str:
        """What a stall leaves behind: whether there was a sign that nobody followed, or none of what is there."""
        sign = select.select([self.link._fd], [], [], 0)[0]
        return f"{len(self.heard)} heard, sign {bool(sign)}, then events {self.link._events()}, {self.room.is_set()=}"

    async def hears(self, count: int) -> None:
        while len(self.heard) < count:
            self.changed.clear()
            await self.changed.wait()


def ends(context: Context, address: Address) -> tuple[End, End]:
    server = bound(context, zmq.ROUTER, address, 1 << 20, ENDLESS)
    client = connected(context, zmq.DEALER, endpoint(server, address), 1 << 20, HIGH_WATER_FRAMES)
    return End(server), End(client)


async def exchange(
    context: Context, address: Address, bursts: list[tuple[int, int]], back: list[tuple[int, int]]
) -> None:
    server, client = ends(context, address)
    try:
        await client.send(0)
        client.link.settle()
        await server.hears(1)
        there, here = 1 + sum(size for size, _ in bursts), sum(size for size, _ in back)
        try:
            async with asyncio.timeout(STALLED_S):
                await asyncio.gather(client.send_bursts(bursts, start=1), server.send_bursts(back))
                await asyncio.gather(server.hears(there), client.hears(here))
        except TimeoutError:
            pytest.fail(f"stalled: of {there} at the server {server.state()}; of {here} at the client {client.state()}")
        assert server.heard == list(range(there))
        assert client.heard == list(range(here))
    finally:
        server.link.close()
        client.link.close()


def test_a_hundred_thousand_frames_each_way_arrive_in_order_without_a_stall(context: Context, address: Address) -> None:
    sizes = [1, 1, 2, 3, 5, 8, 1, 13, 21, 34, 1, 55, 89, 144, 1, 233, 377, 610]
    bursts = [(size, turn % 3) for turn in range(63) for size in sizes]
    assert sum(size for size, _ in bursts) > 100_000
    asyncio.run(exchange(context, address, bursts, bursts[::-1]))


def test_on_uvloop_no_frame_stalls_either(context: Context, address: Address) -> None:
    bursts = [(1 + 7 * turn % 50, turn % 3) for turn in range(600)]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(exchange(context, address, bursts, bursts[::-1]))


pattern = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 3)), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bursts=pattern, back=pattern)
def test_no_pattern_of_bursts_stalls(
    context: Context, bursts: list[tuple[int, int]], back: list[tuple[int, int]]
) -> None:
    asyncio.run(exchange(context, Address.parse(f"inproc://{fresh_name()}"), bursts, back))


async def test_a_sign_that_a_send_swallowed_is_made_good(context: Context) -> None:
    address = Address.parse(f"inproc://{fresh_name()}")
    server = End(bound(context, zmq.ROUTER, address, 1 << 20, 100_000))
    client = End(connected(context, zmq.DEALER, address, 1 << 20, 100_000))
    for asker, answerer in ((client, server), (server, client)):
        asker.link.send(b"0", asker.peer)
        asker.link.settle()
        await answerer.hears(1)
    for sender, listener in ((server, client), (client, server)):
        sender.link.send(b"1", sender.peer)
        end_s = time.perf_counter() + 0.005  # ZeroMQ works off its commands in a send once a millisecond at most
        while time.perf_counter() < end_s:
            listener.link.send(b"2", listener.peer)
        listener.link.settle()
        await listener.hears(2)
    server.link.close()
    client.link.close()


async def test_frames_that_came_before_the_reader_are_found(context: Context, address: Address) -> None:
    server = bound(context, zmq.ROUTER, address, 1 << 20, HIGH_WATER_FRAMES)
    client = connected(context, zmq.DEALER, endpoint(server, address), 1 << 20, HIGH_WATER_FRAMES)
    assert client.poll(5_000, zmq.POLLOUT)
    client.send(b"7")
    assert server.poll(5_000)  # reading the events takes the sign away that the descriptor would have given
    end = End(server)
    await end.hears(1)
    end.link.close()
    client.close()


async def test_one_drain_takes_a_bounded_number_and_the_rest_follows_by_itself(
    context: Context, inproc: Address
) -> None:
    server = bound(context, zmq.PULL, inproc, 1 << 20, 10_000)
    client = connected(context, zmq.PUSH, inproc, 1 << 20, 10_000)
    for number in range(1_000):
        client.send(b"%d" % number)
    sizes: list[int] = []
    heard = Heard()

    def on_parts(batch: list[list[bytes]]) -> None:
        sizes.append(len(batch))
        heard.add(*batch)

    link = Link(server, on_parts, lambda: None)
    await heard.holds(1_000)
    assert sizes == [256, 256, 256, 232]
    link.close()
    client.close()


async def test_one_drain_takes_a_bounded_number_of_bytes(context: Context, inproc: Address) -> None:
    server = bound(context, zmq.PULL, inproc, 1 << 20, 10_000)
    client = connected(context, zmq.PUSH, inproc, 1 << 20, 10_000)
    for _ in range(20):
        client.send(bytes(1 << 20))
    heard = Heard()
    link = Link(server, lambda batch: heard.add(len(batch)), lambda: None)
    await heard.until(lambda: sum(heard.log) == 20)
    assert heard.log == [8, 8, 4]
    link.close()
    client.close()


async def test_a_callback_that_raises_ends_neither_the_loop_nor_the_link(context: Context, inproc: Address) -> None:
    loop = asyncio.get_running_loop()
    raised = Heard()
    loop.set_exception_handler(lambda _, told: raised.add(told["exception"]))
    server = bound(context, zmq.PULL, inproc, 1 << 20, 10_000)
    client = connected(context, zmq.PUSH, inproc, 1 << 20, 10_000)
    heard = Heard()

    def on_parts(batch: list[list[bytes]]) -> None:
        heard.add(*batch)
        raise LookupError

    link = Link(server, on_parts, lambda: None)
    for number in range(600):
        client.send(b"%d" % number)
    await heard.holds(600)
    assert {type(error) for error in raised.log} == {LookupError}
    link.close()
    client.close()


async def test_a_router_without_the_peer_says_so(context: Context, inproc: Address) -> None:
    end = End(bound(context, zmq.ROUTER, inproc, 1 << 20, 8))
    with pytest.raises(PeerUnreachable, match="worker-0 cannot be reached"):
        end.link.send(b"frame", b"worker-0.boot.1")
    end.link.close()


async def test_a_closed_link_calls_nobody(context: Context, inproc: Address) -> None:
    server, client = ends(context, inproc)
    client.link.send(b"1")
    server.link.close()
    server.link.close()
    client.link.settle()
    client.link.close()
    client.link.settle()
    for _ in range(5):
        await asyncio.sleep(0)
    assert server.heard == []


async def test_a_context_that_ends_under_a_link_does_not_spin_the_loop(inproc: Address) -> None:
    loop = asyncio.get_running_loop()
    raised = Heard()
    loop.set_exception_handler(lambda _, told: raised.add(told["exception"]))
    context: Context = zmq.Context()
    End(bound(context, zmq.ROUTER, inproc, 1 << 20, 8))
    ending = loop.run_in_executor(None, context.term)
    await raised.holds(1)
    await ending
    for _ in range(50):
        await asyncio.sleep(0)
    assert [type(error) for error in raised.log] == [zmq.ContextTerminated]
