"""Links between machines whose cables are cut: suspect, lost and back as designed, nothing twice, no flood.

The talkers have the patience of a second, so that the tests need not have more.
"""

import asyncio
import itertools
import time

import pytest

from tests.hosts.conftest import Site, Told
from tests.hosts.kit import Way


def in_order_and_never_twice(numbers: list[int]) -> bool:
    return all(one < after for one, after in itertools.pairwise(numbers))


async def linked(site: Site, name: str = "worker-0") -> tuple[Told, Told]:
    """A broker and a worker that hear each other."""
    broker, worker = await site.listen(), await site.connect(name)
    await worker.says(name=name, verdict="ALIVE")
    await broker.until(lambda: broker.verdicts(name))
    return broker, worker


async def test_two_machines_talk_and_one_without_a_known_key_does_not(site: Site) -> None:
    broker, worker = await linked(site)
    stranger = await site.connect("stranger", keys="stranger")
    for end in (worker, stranger):
        end.tell("send 100")
    await broker.until(lambda: len(broker.got("worker-0")) == 100)
    assert broker.got("worker-0") == list(range(1, 101))
    broker.tell("send 100")
    await worker.until(lambda: worker.got() == list(range(1, 101)))
    while not (counted := await broker.asks("count", "strangers"))["strangers"]:
        pass
    ((address, key, times),) = counted["strangers"]
    assert (address, key) == (site.hosts["gpu"].address, site.keys["stranger"].public())
    assert times >= 1
    assert (broker.got("stranger"), broker.verdicts("stranger")) == ([], [])
    assert (await stranger.asks("count", "waiting"))["waiting"] == 100


@pytest.mark.parametrize("way", list(Way))
async def test_a_cut_cable_makes_suspect_and_lost_at_both_ends_and_healed_it_joins_them_again(
    site: Site, way: Way
) -> None:
    broker, worker = await linked(site)
    site.hosts["gpu"].cut(way)
    cut_at = time.monotonic()
    for end in (worker, broker):
        end.tell("send 5")  # into the silence: on the way, or waiting
    for end in (worker, broker):
        await end.until(lambda end=end: end.verdicts("worker-0")[-2:] == ["SUSPECT", "LOST"])  # type: ignore[misc]
    assert time.monotonic() - cut_at > 1.0  # patience was had
    worker.tell("send 5")
    known = len(worker.log)
    site.hosts.heal()
    await worker.says(since=known, reconnected=True)
    await worker.says(since=known, verdict="ALIVE")
    worker.tell("send 5")
    await broker.until(lambda: 15 in broker.got("worker-0"))
    broker.tell("send 5")
    await worker.until(lambda: 10 in worker.got())
    assert in_order_and_never_twice(broker.got("worker-0"))
    assert in_order_and_never_twice(worker.got())
    assert {6, 7, 8, 9, 10} <= set(broker.got("worker-0"))  # what had not left was kept
    assert len({line["boot"] for line in broker.log if "boot" in line}) == 1


async def test_a_short_cut_is_suspected_at_most_and_nothing_is_lost(site: Site) -> None:
    site.lost_s = 30.0
    broker, worker = await linked(site)
    site.hosts["gpu"].cut()
    worker.tell("send 50")
    await broker.until(lambda: broker.verdicts("worker-0")[-1] == "SUSPECT")
    site.hosts.heal()
    await broker.until(lambda: broker.verdicts("worker-0")[-2:] == ["SUSPECT", "ALIVE"])
    await broker.until(lambda: len(broker.got("worker-0")) == 50)
    assert broker.got("worker-0") == list(range(1, 51))
    assert (await worker.asks("count", "reconnects"))["reconnects"] == [0]


async def test_who_vanishes_without_a_word_is_lost_and_its_connection_is_closed(site: Site) -> None:
    broker, worker = await linked(site)
    host = site.hosts["broker"]
    assert host.connections() == 1
    site.hosts["gpu"].cut()
    worker.process.kill()
    await worker.process.wait()
    await broker.until(lambda: broker.verdicts("worker-0")[-2:] == ["SUSPECT", "LOST"])
    await site.hosts["broker"].has_connections(0)
    site.hosts.heal()
    again = await site.connect("worker-0")
    await again.says(verdict="ALIVE")
    assert host.connections() == 1
    counted = await broker.asks("count", "peers")
    assert len(counted["peers"]) == 1


async def test_a_flapping_cable_leaves_one_link_and_delivers_nothing_twice(site: Site) -> None:
    broker, worker = await linked(site)
    for number in range(8):
        site.hosts["gpu"].cut(list(Way)[number % 3])
        worker.tell("send 20")
        broker.tell("send 1")
        await asyncio.sleep(0.2 + 0.3 * (number % 4))  # shorter than suspicion up to as long as loss
        site.hosts.heal()
        await asyncio.sleep(0.2)
    while not any(number > 160 for number in broker.got("worker-0")):
        worker.tell("send 1")  # until one of them has not gone with the last of the broken connections
        await asyncio.sleep(0.1)
    assert in_order_and_never_twice(broker.got("worker-0"))
    assert in_order_and_never_twice(worker.got())
    while (await broker.asks("count", "peers"))["peers"][1:]:  # those that were are lost by and by
        pass
    await site.hosts["broker"].has_connections(1)


async def test_when_the_cable_of_many_heals_they_come_back_without_a_flood(site: Site) -> None:
    names = [f"worker-{number}" for number in range(30)]
    broker, worker = await site.listen(), await site.connect(",".join(names))
    await broker.until(lambda: broker.verdicts().count("ALIVE") == 30)
    host = site.hosts["broker"]
    before = host.packets()
    await asyncio.sleep(2)
    at_rest = host.packets() - before
    site.hosts["gpu"].cut()
    await broker.until(lambda: broker.verdicts().count("LOST") == 30)
    await worker.until(lambda: worker.verdicts().count("LOST") == 30)
    worker.tell("send 10")
    known = len(worker.log)
    before = host.packets()
    site.hosts.heal()
    await worker.until(lambda: sum("reconnected" in line for line in worker.log[known:]) == 30)
    await broker.until(lambda: all(broker.got(f"{name}.") == list(range(1, 11)) for name in names))
    await asyncio.sleep(2)
    assert host.packets() - before < 4 * at_rest
    counted = await broker.asks("count", "peers")
    assert len(counted["peers"]) == 30
    assert counted["refused"] < 30 * 20  # what those who were lost had said into the silence
    assert max((await worker.asks("count", "reconnects"))["reconnects"]) <= 5
    assert host.connections() <= 60


async def test_when_the_machine_of_the_leader_is_cut_off_the_next_is_found_on_its_own(site: Site) -> None:
    first = await site.listen("broker")
    worker = await site.connect("worker-0", "broker", "standby")
    await worker.says(verdict="ALIVE")
    worker.tell("send 1")
    await first.until(lambda: first.got() == [1])
    site.hosts["broker"].cut()
    second = await site.listen("standby")
    await worker.says(reconnected=True)
    worker.tell("send 1")
    await second.until(lambda: 2 in second.got())

    # It comes back and still listens; nobody goes there, since its successor is heard.
    site.hosts.heal()
    await first.until(lambda: "LOST" in first.verdicts())
    worker.tell("send 1")
    await second.until(lambda: 3 in second.got())
    assert first.got() == [1]
    assert (await first.asks("count", "peers"))["peers"] == []
