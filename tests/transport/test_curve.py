"""Encrypted links over loopback, with real handshakes: who is let in, who is not, and who is not any more."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zmq
from structlog.testing import capture_logs

from tests.transport.kit import QUICK, Answer, Ask, Heard, News, ToDealer, ToRouter, dealer_codec, router_codec, until
from transport import Address, AddressInUse, Dealer, Envelope, Publisher, Router, Subscriber, Verdict
from transport.curve import EVERYBODY_ELSE, STRANGERS_COUNTED, ZAP_PLACE, Authenticator, Keys
from transport.errors import AddressInvalid, KeysInvalid
from transport.keys import KeyFolder, KeyPair

Context = zmq.Context[zmq.Socket[bytes]]

PATIENT = replace(QUICK, patience=replace(QUICK.patience, suspect_s=30.0, lost_s=60.0))
"""Silence proves nothing here: what is noticed was told by the system."""


class Machine:
    """A key pair, and links with it."""

    def __init__(self, context: Context, allowed: Callable[[], dict[str, str]] = dict) -> None:
        self.context = context
        self.keys = Keys(KeyPair.new(), allowed)
        self.settings = replace(PATIENT, keys=self.keys)
        self.heard, self.verdicts = Heard(), Heard()
        self.opened: list[Any] = []

    def dealer(self, address: Address, name: str = "d", boot: str = "d1") -> "Dealer[ToRouter, ToDealer]":
        made: Dealer[ToRouter, ToDealer] = Dealer(
            self.context,
            address,
            dealer_codec(),
            self.heard.batch,
            name=name,
            boot=boot,
            on_verdict=self.verdicts.add,
            settings=self.settings,
        )
        self.opened.append(made)
        return made

    def subscriber(self, address: Address) -> "Subscriber[ToDealer]":
        made: Subscriber[ToDealer] = Subscriber(
            self.context,
            address,
            dealer_codec(),
            self.heard.batch,
            self.heard.add,
            on_verdict=self.verdicts.add,
            settings=self.settings,
        )
        self.opened.append(made)
        return made

    def close(self) -> None:
        for link in self.opened:
            link.close()


class House(Machine):
    """A machine that listens, with a list of those it lets in."""

    def __init__(self, context: Context) -> None:
        self.allowed: dict[str, str] = {}
        super().__init__(context, lambda: self.allowed)
        self.authenticator = Authenticator(context, self.keys)
        free = Address.parse("tcp://127.0.0.1:*", key=self.keys.own.public)
        self.router: Router[ToDealer, ToRouter] = Router(
            context, free, router_codec(), self.serve, boot="b1", settings=self.settings
        )
        self.publisher: Publisher[ToDealer] = Publisher(
            context, free, router_codec(), boot="b1", settings=self.settings
        )
        self.address, self.news = self.router.address, self.publisher.address

    def serve(self, batch: list[tuple[bytes, Envelope[ToRouter]]]) -> None:
        self.heard.batch_at_router(batch)
        for peer, envelope in batch:
            for message in envelope.messages:
                self.router.reply(peer, envelope.correlation, Answer(message.n))

    def allows(self, name: str) -> Machine:
        machine = Machine(self.context)
        self.allowed[name] = machine.keys.own.public
        self.keys.reload()
        return machine

    async def refuses(self, count: int = 1) -> None:
        await until(lambda: sum(self.authenticator.refused.values()) >= count)

    def close(self) -> None:
        super().close()
        self.router.close()
        self.publisher.close()
        self.authenticator.close()


@pytest.fixture
def house(context: Context) -> "Iterator[Callable[[], House]]":
    """Makes one; it needs a running loop."""
    made: list[House] = []

    def make() -> House:
        made.append(House(context))
        return made[0]

    yield make
    for one in made:
        one.close()


async def test_an_allowed_machine_asks_and_hears_the_news(house: Callable[[], House]) -> None:
    home = house()
    machine = home.allows("gpu-1")
    dealer = machine.dealer(home.address)
    assert await dealer.ask(Ask(7), timeout_s=20.0) == Answer(7)
    machine.subscriber(home.news)
    while News(1) not in machine.heard.log:
        home.publisher.publish(News(1))
        await asyncio.sleep(0)
    assert home.authenticator.granted == 2
    assert home.authenticator.refused == {}
    assert home.router.counters.turned_away == home.publisher.counters.turned_away == 0
    machine.close()


async def test_the_processes_of_one_machine_share_its_key(house: Callable[[], House]) -> None:
    home = house()
    assert await home.dealer(home.address).ask(Ask(1), timeout_s=20.0) == Answer(1)


async def test_an_unknown_key_delivers_nothing_and_is_told_once_for_each_address_and_key(
    house: Callable[[], House], context: Context
) -> None:
    home, stranger = house(), Machine(context)
    with capture_logs() as logs:
        dealer, subscriber = stranger.dealer(home.address), stranger.subscriber(home.news)
        dealer.send(Ask(1))
        home.publisher.publish(News(1))
        await home.refuses(6)  # it tries again and again, in ever longer pauses
    assert home.authenticator.refused == {("127.0.0.1", stranger.keys.own.public): 6}
    assert home.heard.log == stranger.heard.log == stranger.verdicts.log == []
    assert home.router.peers == {}
    assert home.router.counters.admitted == home.publisher.counters.admitted == 0
    assert dealer.verdict is subscriber.verdict is Verdict.SUSPECT
    here = [log for log in logs if log["event"] == "handshake.refused"]
    assert [(log["address"], log["public_key"]) for log in here] == [("127.0.0.1", stranger.keys.own.public)]
    there = [log for log in logs if log["event"] == "link.refused"]
    assert {(log["at"], log["reason"]) for log in there} == {
        (str(home.address), "this machine's key is not allowed there: aigc keys allow"),
        (str(home.news), "this machine's key is not allowed there: aigc keys allow"),
    }
    assert len(there) == 2
    stranger.close()


async def test_whoever_is_allowed_afterwards_is_heard_without_being_started_anew(
    house: Callable[[], House], context: Context
) -> None:
    home, machine = house(), Machine(context)
    dealer = machine.dealer(home.address)
    asking = asyncio.ensure_future(dealer.ask(Ask(3), timeout_s=60.0))
    await home.refuses(2)
    home.allowed["gpu-1"] = machine.keys.own.public
    assert not home.keys.reload()
    assert await asking == Answer(3)
    machine.close()


async def test_a_revoked_machine_is_cut_at_once_and_the_others_come_back(house: Callable[[], House]) -> None:
    home = house()
    good, bad = home.allows("gpu-1"), home.allows("gpu-2")
    links = [(machine, machine.dealer(home.address, name)) for machine, name in ((good, "good"), (bad, "bad"))]
    for machine, dealer in links:
        await dealer.ask(Ask(1), timeout_s=20.0)
        machine.subscriber(home.news)
        while News(1) not in machine.heard.log:
            home.publisher.publish(News(1))
            await asyncio.sleep(0)
        machine.verdicts.log.clear()
        machine.heard.log.clear()
    del home.allowed["gpu-2"]
    assert home.keys.reload()
    await bad.verdicts.holds(2)
    assert bad.verdicts.log == [Verdict.SUSPECT, Verdict.SUSPECT]  # both links broke
    home.heard.log.clear()
    bad_dealer = links[1][1]
    bad_dealer.send(Ask(13))
    await home.refuses(3)
    assert await links[0][1].ask(Ask(2), timeout_s=60.0) == Answer(2)
    while News(3) not in good.heard.log:
        home.publisher.publish(News(3))
        await asyncio.sleep(0)
    assert [message for _, message in home.heard.log] == [Ask(2)]
    assert News(3) not in bad.heard.log
    assert good.verdicts.log.count(Verdict.ALIVE) == 2
    assert bad_dealer.verdict is Verdict.SUSPECT
    for machine, _ in links:
        machine.close()


async def test_a_reload_that_revokes_nobody_cuts_nobody(house: Callable[[], House]) -> None:
    home = house()
    machine = home.allows("gpu-1")
    dealer = machine.dealer(home.address)
    await dealer.ask(Ask(1), timeout_s=20.0)
    home.allowed["renamed"] = home.allowed.pop("gpu-1")
    assert not home.keys.reload()
    assert await dealer.ask(Ask(2), timeout_s=20.0) == Answer(2)
    assert dealer.counters.reconnects == 0
    machine.close()


async def test_who_expects_another_key_talks_to_nobody(house: Callable[[], House]) -> None:
    home = house()
    machine = home.allows("gpu-1")
    with capture_logs() as logs:
        dealer = machine.dealer(replace(home.address, key=KeyPair.new().public))
        dealer.send(Ask(1))
        await until(lambda: home.router.counters.turned_away >= 3)
    assert home.heard.log == machine.heard.log == []
    assert home.router.counters.admitted == 0
    told = {log["event"]: log["reason"] for log in logs if log["event"] in ("link.refused", "handshake.failed")}
    assert told["link.refused"] == "it hung up in the handshake; is the key that is configured for it the right one?"
    assert told["handshake.failed"].startswith("it speaks another protocol")
    machine.close()


@pytest.mark.parametrize("kind", [zmq.DEALER, zmq.SUB])
async def test_a_plain_peer_delivers_and_hears_nothing(house: Callable[[], House], context: Context, kind: int) -> None:
    home = house()
    plain = context.socket(kind)
    plain.setsockopt(zmq.LINGER, 0)
    if kind == zmq.SUB:
        plain.setsockopt(zmq.SUBSCRIBE, b"")
    link = home.router if kind == zmq.DEALER else home.publisher
    plain.connect(str(link.address))
    if kind == zmq.DEALER:
        plain.send(dealer_codec().encode([Ask(1)], boot="w1"))
    while not link.counters.turned_away:
        home.publisher.publish(News(1))
        await asyncio.sleep(0)
    assert home.heard.log == []
    assert link.counters.admitted == 0
    assert not plain.poll(0)
    plain.close()


async def test_without_an_authenticator_nobody_with_a_key_is_let_in(house: Callable[[], House]) -> None:
    home = house()
    machine = home.allows("gpu-1")
    home.authenticator.close()
    home.authenticator.close()
    machine.settings = replace(QUICK, keys=machine.keys)  # ZeroMQ does not always hang up on whom it cannot ask about
    dealer = machine.dealer(home.address)
    dealer.send(Ask(1))
    await until(lambda: home.router.counters.turned_away >= 2)
    assert home.router.counters.admitted == 0
    assert home.heard.log == []
    home.authenticator = Authenticator(home.context, home.keys)
    await until(lambda: [message for _, message in home.heard.log] == [Ask(1)])
    machine.close()


async def test_what_is_asked_in_another_way_is_refused(house: Callable[[], House], context: Context) -> None:
    home = house()
    own = home.keys.own.public.encode()
    asker = context.socket(zmq.DEALER)
    asker.setsockopt(zmq.LINGER, 0)
    asker.connect(ZAP_PLACE)
    key = zmq.utils.z85.decode(own)
    good = [b"", b"1.0", b"1", b"aigc", b"10.0.0.1", b"", b"CURVE", key]
    for at, what in ((1, b"2.0"), (3, b"*"), (3, b""), (6, b"NULL"), (6, b"PLAIN"), (7, key[1:]), (7, key + b"x")):
        asker.send_multipart([*good[:at], what, *good[at + 1 :]])
    for parts in ([b""], good[:7], [*good, key]):
        asker.send_multipart(parts)
    asker.send_multipart(good)
    verdicts: list[bytes] = []
    while not verdicts or verdicts[-1] != b"200":
        if asker.poll(0):
            verdicts.append(asker.recv_multipart()[3])
        await asyncio.sleep(0)
    assert verdicts == [b"400"] * 9 + [b"200"]
    asker.close()


async def test_many_strangers_fill_no_memory_and_no_log(house: Callable[[], House], context: Context) -> None:
    home = house()
    asker = context.socket(zmq.DEALER)
    asker.setsockopt(zmq.LINGER, 0)
    asker.connect(ZAP_PLACE)
    with capture_logs() as logs:
        for number in range(STRANGERS_COUNTED + 500):
            credentials = number.to_bytes(32, "big")
            asker.send_multipart([b"", b"1.0", b"1", b"aigc", b"10.0.0.1", b"", b"CURVE", credentials])
            await asyncio.sleep(0)
        await home.refuses(STRANGERS_COUNTED + 500)
    assert len(home.authenticator.refused) == len(logs) == STRANGERS_COUNTED + 1
    assert home.authenticator.refused[EVERYBODY_ELSE] == 500
    asker.close()


async def test_a_context_has_one_authenticator(house: Callable[[], House], context: Context) -> None:
    home = house()
    with pytest.raises(AddressInUse, match="this context has an authenticator"):
        Authenticator(context, home.keys)


async def test_connecting_with_a_key_needs_keys(context: Context) -> None:
    address = Address.parse("tcp://10.0.0.1:7843", key=KeyPair.new().public)
    with pytest.raises(AddressInvalid, match="this machine has no key; run: aigc keys new"):
        Dealer(context, address, dealer_codec(), print, name="d", boot="d1")
    with pytest.raises(AddressInvalid, match="this machine has no key; run: aigc keys new"):
        Subscriber(context, address, dealer_codec(), print, print)


def test_keys_come_from_a_folder_and_a_list_that_cannot_be_read_leaves_the_former_in_force(tmp_path: Path) -> None:
    folder, other = KeyFolder(tmp_path), KeyPair.new()
    with pytest.raises(KeysInvalid, match="make one with: aigc keys new"):
        Keys.of(tmp_path)
    own = folder.new()
    folder.allow("gpu-1", other.public)
    keys = Keys.of(tmp_path)
    assert keys.own == own
    assert keys.name_of(other.public) == "gpu-1"
    assert keys.name_of(own.public) == "this machine"
    assert keys.name_of(KeyPair.new().public) is None
    (folder.allowed_folder / "gpu-2.pub").write_text("what")
    with pytest.raises(KeysInvalid, match=r"gpu-2\.pub"):
        keys.reload()
    assert keys.name_of(other.public) == "gpu-1"
    (folder.allowed_folder / "gpu-2.pub").unlink()
    folder.revoke("gpu-1")
    cut: list[str] = []
    unwatch = keys.watch(lambda: cut.append("cut"))
    assert keys.reload()
    assert not keys.reload()
    assert (keys.name_of(other.public), cut) == (None, ["cut"])
    folder.allow("gpu-1", other.public)
    keys.reload()
    folder.revoke("gpu-1")
    unwatch()
    keys.reload()
    assert cut == ["cut"]
