import socket as unix
from dataclasses import replace

import pytest
import zmq
from structlog.testing import capture_logs

from tests.transport.kit import QUICK, Heard, bound, connected, until
from transport import Address, AddressInUse, AddressInvalid, Counters
from transport.curve import Keys
from transport.keys import KeyPair
from transport.listener import Listener

Context = zmq.Context[zmq.Socket[bytes]]


class Owner:
    def __init__(self, context: Context, address: Address, keys: Keys | None = None) -> None:
        self.counters, self.broken = Counters(), Heard()
        self.listener = Listener(
            context,
            zmq.ROUTER,
            address,
            1 << 20,
            8,
            settings=replace(QUICK, keys=keys),
            takeover=False,
            counters=self.counters,
            on_broken=lambda: self.broken.add(1),
        )


def is_accepted(owner: Owner) -> bool:
    """It listens: who knocks is counted, soon."""
    with unix.socket() as knock:
        knock.setblocking(False)
        knock.connect_ex(("127.0.0.1", owner.listener.address.port))
    return owner.counters.accepted > 0


async def test_who_comes_and_who_goes_is_counted(context: Context, address: Address) -> None:
    owner = Owner(context, address)
    others = [connected(context, zmq.DEALER, owner.listener.address, 1 << 20, 8) for _ in range(3)]
    for other in others:
        assert other.poll(5_000, zmq.POLLOUT)
    if address.scheme != "inproc":  # of which nothing is told
        await until(lambda: owner.counters.admitted == 3)
        others[0].close()
        await owner.broken.holds(1)
        assert (owner.counters.accepted, owner.counters.admitted, owner.counters.turned_away) == (3, 3, 0)
    for other in others:
        other.close()
    owner.listener.close(0)


async def test_the_address_is_free_when_it_is_closed(context: Context, address: Address) -> None:
    for _ in range(10):
        owner = Owner(context, address)
        address = owner.listener.address
        owner.listener.close(0)


async def test_what_cannot_listen_leaves_nothing_behind(context: Context, tcp: Address) -> None:
    first = Owner(context, tcp)
    with pytest.raises(AddressInUse):
        Owner(context, first.listener.address)
    first.listener.close(0)
    assert not context.closed
    Owner(context, first.listener.address).listener.close(0)


async def test_the_key_of_an_address_must_be_the_one_of_this_machine(context: Context) -> None:
    other, keys = KeyPair.new(), Keys(KeyPair.new())
    address = Address.parse("tcp://127.0.0.1:*", key=other.public)
    with pytest.raises(AddressInvalid, match="is not this machine's, which is"):
        Owner(context, address, keys)
    with pytest.raises(AddressInvalid, match="run: aigc keys new"):
        Owner(context, address)


async def test_when_somebody_is_revoked_it_listens_again_at_the_same_port(context: Context) -> None:
    allowed = {"gpu-1": KeyPair.new().public}
    keys = Keys(KeyPair.new(), lambda: allowed)
    owner = Owner(context, Address.parse("tcp://127.0.0.1:*", key=keys.own.public), keys)
    allowed.clear()
    for _ in range(3):  # also while it is at it
        keys.reload()
    await until(lambda: is_accepted(owner))
    owner.listener.close(0)
    allowed["gpu-1"] = KeyPair.new().public
    keys.reload()
    allowed.clear()
    keys.reload()  # nobody is told that is closed


async def test_a_port_that_somebody_took_meanwhile_is_asked_for_until_it_is_free(context: Context) -> None:
    allowed = {"gpu-1": KeyPair.new().public}
    keys = Keys(KeyPair.new(), lambda: allowed)
    owner = Owner(context, Address.parse("tcp://127.0.0.1:*", key=keys.own.public), keys)
    plain = replace(owner.listener.address, key="")
    allowed.clear()
    keys.reload()
    with capture_logs() as logs:
        thief = None
        while thief is None:  # ZeroMQ's thread lets go of the port, and this loop has not looked yet
            try:
                thief = bound(context, zmq.ROUTER, plain, 1 << 20, 8)
            except AddressInUse:
                continue
        await until(lambda: any(log["event"] == "listener.deaf" for log in logs))
    thief.close()
    await until(lambda: is_accepted(owner))
    owner.listener.close(0)
