"""Brokers that follow one another, as real processes: killed, stopped, continued.

Silence proves nothing to the end that connects here: what it notices it was told by the system.
"""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import zmq

from tests.transport.kit import QUICK, Answer, Ask, Heard, ToDealer, ToRouter, dealer_codec, fresh_name
from transport import Address, Backoff, Dealer, Patience, Verdict

Context = zmq.Context[zmq.Socket[bytes]]

ROOT = Path(__file__).parents[2]
TOLD = replace(QUICK, patience=Patience(suspect_s=60.0, lost_s=90.0), visit=Backoff(0.2, 1.0, 0.2))


class Brokers:
    """Processes that listen, of which none is left behind."""

    def __init__(self) -> None:
        self.processes: list[asyncio.subprocess.Process] = []

    async def start(self, address: Address, boot: str, *options: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.transport.answerer", str(address), boot, *options),
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        self.processes.append(process)
        assert process.stdout is not None
        assert await process.stdout.readline() == b"listening\n"
        return process

    async def close(self) -> None:
        for process in self.processes:
            if process.returncode is None:
                process.kill()
            await process.wait()


@pytest.fixture
async def brokers() -> AsyncIterator[Brokers]:
    made = Brokers()
    yield made
    await made.close()


class Worker:
    """A dealer, and what it is told."""

    def __init__(self, context: Context, *places: Address) -> None:
        self.verdicts, self.reconnects = Heard(), Heard()
        self.dealer: Dealer[ToRouter, ToDealer] = Dealer(
            context,
            places,
            dealer_codec(),
            lambda _: None,
            name="worker-0",
            boot=fresh_name(),
            on_reconnect=lambda: self.reconnects.add(self.dealer.router_boot),
            on_verdict=self.verdicts.add,
            settings=TOLD,
        )

    async def asks(self, n: int) -> None:
        assert await self.dealer.ask(Ask(n), timeout_s=30.0) == Answer(n)


async def test_a_killed_broker_is_noticed_at_once_and_the_next_at_its_path_is_heard(
    context: Context, ipc: Address, brokers: Brokers
) -> None:
    first = await brokers.start(ipc, "b1")
    worker = Worker(context, ipc)
    await worker.asks(1)
    first.kill()
    await worker.verdicts.hears(Verdict.SUSPECT)
    await brokers.start(ipc, "b2")
    await worker.reconnects.hears("b2")
    await worker.asks(2)
    worker.dealer.close()


async def test_the_next_leader_is_found_at_the_place_where_it_listens(
    context: Context, ipc: Address, brokers: Brokers
) -> None:
    places = [Address.parse(f"ipc://{ipc.place}.{number}") for number in range(3)]
    worker = Worker(context, *places)
    for life, at in enumerate((1, 2, 0, 0, 2)):
        broker = await brokers.start(places[at], f"b{life}")
        await worker.asks(life)
        assert worker.dealer.router_boot == f"b{life}"
        broker.kill()
        await broker.wait()
    worker.dealer.close()


async def test_a_place_whose_broker_is_stopped_is_left_for_the_next(
    context: Context, ipc: Address, brokers: Brokers
) -> None:
    places = [Address.parse(f"ipc://{ipc.place}.{number}") for number in range(2)]
    stopped = await brokers.start(places[0], "b1")
    stopped.send_signal(signal.SIGSTOP)
    worker = Worker(context, *places)
    await brokers.start(places[1], "b2")
    await worker.asks(1)
    assert worker.dealer.router_boot == "b2"
    stopped.send_signal(signal.SIGCONT)
    worker.dealer.close()


async def test_a_stopped_broker_keeps_its_path_from_whoever_does_not_take_it_over(
    context: Context, ipc: Address, brokers: Brokers
) -> None:
    stopped = await brokers.start(ipc, "b1")
    stopped.send_signal(signal.SIGSTOP)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.transport.answerer", str(ipc), "b2"), cwd=ROOT, stderr=subprocess.PIPE
    )
    _, said = await process.communicate()
    assert b"AddressInUse" in said
    assert b"somebody answers there; stop the process that holds it" in said


@pytest.mark.parametrize("options", [[], ["--takeover"]], ids=["listened", "had taken over"])
async def test_a_stopped_broker_is_followed_at_its_own_path_and_does_no_harm_when_it_goes_on_and_ends(
    context: Context, ipc: Address, brokers: Brokers, options: list[str]
) -> None:
    stopped = await brokers.start(ipc, "b1", *options)
    before = Worker(context, ipc)
    await before.asks(1)
    stopped.send_signal(signal.SIGSTOP)
    await brokers.start(ipc, "b2", "--takeover")
    after = Worker(context, ipc)
    await after.asks(2)
    assert after.dealer.router_boot == "b2"

    # It goes on: those who were connected to it are answered, until it notices and closes.
    stopped.send_signal(signal.SIGCONT)
    await before.asks(3)
    assert before.dealer.router_boot == "b1"
    stopped.send_signal(signal.SIGUSR1)
    assert stopped.stdout is not None
    assert await stopped.stdout.readline() == b"closed\n"
    await before.reconnects.hears("b2")
    late = Worker(context, ipc)
    await late.asks(4)
    stopped.send_signal(signal.SIGTERM)
    await stopped.wait()
    for worker in (before, after, late):
        await worker.asks(5)
        assert worker.dealer.router_boot == "b2"
        worker.dealer.close()
    assert after.dealer.counters.reconnects == 0
    assert sorted(file.name for file in Path(ipc.place).parent.iterdir()) == [Path(ipc.place).name]
