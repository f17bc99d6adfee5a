import asyncio

import zmq

from tests.transport.kit import Heard, connected
from transport import LinkSettings, monitor
from transport.address import Address
from transport.monitor import Monitor
from transport.sockets import connect, connecting, endpoint, listen, listening

Context = zmq.Context[zmq.Socket[bytes]]
LIMITS = (1 << 20, 8)


def server(context: Context, address: Address, heard: Heard) -> "tuple[zmq.Socket[bytes], Monitor, Address]":
    socket = listening(context, zmq.ROUTER, address, *LIMITS, LinkSettings())
    watched = monitor.ACCEPTED | monitor.ADMITTED | monitor.BROKEN
    ear = Monitor(context, socket, watched, lambda event, _: heard.add(event))
    listen(socket, address)
    return socket, ear, endpoint(socket, address)


async def test_a_connection_is_told_from_its_beginning_to_its_end(context: Context, tcp: Address) -> None:
    heard = Heard()
    socket, ear, address = server(context, tcp, heard)
    other = connected(context, zmq.DEALER, address, *LIMITS)
    await heard.hears(monitor.ADMITTED)
    other.close()
    await heard.hears(monitor.BROKEN)
    assert heard.log == [monitor.ACCEPTED, monitor.ADMITTED, monitor.BROKEN]
    ear.close()
    socket.close()


async def test_nothing_that_happens_at_once_is_missed(context: Context, ipc: Address) -> None:
    heard = Heard()
    socket = connecting(context, zmq.DEALER, ipc, *LIMITS, LinkSettings())
    ear = Monitor(context, socket, monitor.RETRIED, lambda event, _: heard.add(event))
    connect(socket, ipc)
    await heard.hears(monitor.RETRIED)
    ear.close()
    socket.close()


async def test_after_closing_nobody_is_called_and_the_socket_works_on(context: Context, ipc: Address) -> None:
    heard = Heard()
    socket, ear, address = server(context, ipc, heard)
    ear.close()
    ear.close()
    other = connected(context, zmq.DEALER, address, *LIMITS)
    other.send(b"hello")
    assert socket.poll(5_000)
    for _ in range(5):
        await asyncio.sleep(0)
    assert heard.log == []
    other.close()
    socket.close()


async def test_a_monitor_may_be_closed_by_its_own_callback(context: Context, ipc: Address) -> None:
    heard = Heard()
    socket = listening(context, zmq.ROUTER, ipc, *LIMITS, LinkSettings())

    def on_event(event: int, _value: int) -> None:
        ear.close()
        heard.add(event)

    ear = Monitor(context, socket, monitor.ACCEPTED | monitor.ADMITTED, on_event)
    listen(socket, ipc)
    other = connected(context, zmq.DEALER, ipc, *LIMITS)
    assert other.poll(5_000, zmq.POLLOUT)  # both events wait
    await heard.holds(1)
    for _ in range(5):
        await asyncio.sleep(0)
    assert heard.log == [monitor.ACCEPTED]
    other.close()
    socket.close()


async def test_a_flood_of_events_that_nobody_reads_does_not_stop_zeromq(context: Context, ipc: Address) -> None:
    heard = Heard()
    socket, ear, address = server(context, ipc, heard)
    for _ in range(1_100):  # three events each, beyond both high-water marks of a queue with the defaults
        other = connected(context, zmq.DEALER, address, *LIMITS)
        assert other.poll(5_000, zmq.POLLOUT)
        other.close()
    await heard.until(lambda: heard.log.count(monitor.BROKEN) == 1_100)
    ear.close()
    socket.close()
