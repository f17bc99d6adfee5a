"""Real child processes under the supervisor: ready, begun again, replaced, ended, never left behind."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aigc.core.restart import RestartSettings
from config import processes
from config.processes import Processes, ProcessFailed, ProcessSpec

CHILD = """
import os, signal, socket, sys, time
mark, mode = sys.argv[1:3]
def tell(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.sendto(text, "\\0" + os.environ["NOTIFY_SOCKET"][1:])
if mode == "slow":
    def first(*_):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        open(f"{mark}.ended.{os.getpid()}", "w").close()
    signal.signal(signal.SIGTERM, first)
if mode == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if mode == "polite":
    def goodbye(*_):
        time.sleep(0.2)
        open(f"{mark}.ended.{os.getpid()}", "w").close()
        sys.exit(0)
    signal.signal(signal.SIGTERM, goodbye)
with open(mark, "a") as out:
    out.write(f"{os.getpid()}\\n")
if mode == "fails":
    sys.exit(3)
if mode == "mute":
    time.sleep(600)
tell(b"READY=1")
if mode == "hangs":
    time.sleep(600)
while True:
    tell(b"WATCHDOG=1")
    time.sleep(0.05)
"""
QUICK = RestartSettings(intensity=2, base_s=0.01, limit_s=0.01)


class Yard:
    """Children whose lives are written down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened: list[Processes] = []

    def spec(self, name: str, mode: str = "works", stop_s: float = 20.0) -> ProcessSpec:
        return ProcessSpec(name, (sys.executable, "-c", CHILD, str(self.folder / name), mode), stop_s=stop_s)

    def processes(self, *specs: ProcessSpec) -> Processes:
        self.opened.append(made := Processes(specs, QUICK))
        return made

    def lives(self, name: str) -> list[int]:
        file = self.folder / name
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    def goodbyes(self) -> list[int]:
        """Who ended in order."""
        return [int(file.suffix[1:]) for file in self.folder.glob("*.ended.*")]

    async def until_lives(self, name: str, count: int) -> list[int]:
        async with asyncio.timeout(60):
            while len(found := self.lives(name)) < count:  # noqa: ASYNC110 - another process writes
                await asyncio.sleep(0.01)
        return found


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    yard = Yard(tmp_path)
    yield yard
    for children in yard.opened:
        await children.stop()


async def test_children_are_started_in_order_and_ended_together(yard: Yard) -> None:
    children = yard.processes(yard.spec("a"), yard.spec("b"))
    await children.start()
    pids = yard.lives("a") + yard.lives("b")
    assert len(pids) == 2 and all(map(is_alive, pids))

    await children.stop()

    assert not any(map(is_alive, pids))


async def test_a_killed_child_is_begun_again(yard: Yard) -> None:
    children = yard.processes(yard.spec("a"))
    await children.start()

    os.kill(yard.lives("a")[0], signal.SIGKILL)

    first, second = await yard.until_lives("a", 2)
    assert first != second and is_alive(second)


async def test_a_child_that_always_ends_makes_the_supervisor_give_up_in_words(yard: Yard) -> None:
    children = yard.processes(yard.spec("a"))
    await children.start()
    running = asyncio.create_task(children.run())

    for life in range(1, 4):
        os.kill((await yard.until_lives("a", life))[-1], signal.SIGKILL)

    with pytest.raises(ProcessFailed, match="a ended 3 times within 60 s, at last: "):
        await asyncio.wait_for(running, 60)


async def test_a_child_that_cannot_start_is_told_and_takes_the_others_along(yard: Yard) -> None:
    children = yard.processes(yard.spec("a"), yard.spec("b", "fails"))

    with pytest.raises(ProcessFailed, match=r"b ended at its start \(exit code 3\)"):
        await children.start()

    assert not any(map(is_alive, yard.lives("a")))


async def test_a_child_that_never_gets_ready_is_given_up(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "READY_S", 0.5)

    with pytest.raises(ProcessFailed, match="a was not ready"):
        await yard.processes(yard.spec("a", "mute")).start()

    assert not any(map(is_alive, yard.lives("a")))


async def test_a_child_that_hangs_is_killed_and_begun_again(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "WATCHDOG_S", 0.4)
    children = yard.processes(yard.spec("a", "hangs"))
    await children.start()

    hanging = (await yard.until_lives("a", 2))[0]

    assert not is_alive(hanging)


async def test_a_child_that_does_not_listen_is_killed_in_the_end(yard: Yard) -> None:
    children = yard.processes(yard.spec("a", "deaf", stop_s=0.3))
    await children.start()
    pid = yard.lives("a")[0]

    await children.stop()

    assert not is_alive(pid)


async def test_a_replaced_child_gives_way_to_one_that_is_ready(yard: Yard) -> None:
    spec = yard.spec("a")
    children = yard.processes(spec)
    await children.start()
    former = yard.lives("a")[0]

    await children.replace([spec])

    fresh = yard.lives("a")[1]
    assert is_alive(fresh) and not is_alive(former)
    os.kill(fresh, signal.SIGKILL)
    assert len(await yard.until_lives("a", 3)) == 3  # the new one is looked after as the old one was


async def test_children_that_take_their_time_are_asked_a_second_time_if_somebody_is_in_a_hurry(yard: Yard) -> None:
    children = yard.processes(yard.spec("a", "slow"))
    await children.start()
    children.hurry()  # means nothing to one that was not asked to end
    stopping = asyncio.create_task(children.stop())
    async with asyncio.timeout(60):
        while not yard.goodbyes():  # noqa: ASYNC110 - another process writes
            await asyncio.sleep(0.01)
    assert is_alive(yard.lives("a")[0])

    children.hurry()

    async with asyncio.timeout(60):
        await stopping
    assert not is_alive(yard.lives("a")[0])


async def test_who_waits_for_the_end_does_not_take_a_replacement_for_it(yard: Yard) -> None:
    specs = [yard.spec("a"), yard.spec("b")]
    children = yard.processes(*specs)
    await children.start()
    running = asyncio.create_task(children.run())

    await children.replace(specs)

    assert not running.done()
    for life in range(2, 5):
        os.kill((await yard.until_lives("b", life))[-1], signal.SIGKILL)
    with pytest.raises(ProcessFailed, match="b ended 3 times"):
        await asyncio.wait_for(running, 60)


async def test_a_stop_in_the_middle_of_a_replacement_leaves_nobody_behind_and_lets_all_end_in_order(yard: Yard) -> None:
    specs = [yard.spec("a", "polite"), yard.spec("b", "polite")]
    children = yard.processes(*specs)
    await children.start()
    replacing = asyncio.create_task(children.replace(specs))
    await yard.until_lives("a", 2)

    replacing.cancel()
    await children.stop()

    pids = yard.lives("a") + yard.lives("b")
    assert len(pids) == 3 and not any(map(is_alive, pids))
    assert sorted(yard.goodbyes()) == sorted(pids)


async def test_a_replacement_that_does_not_come_up_leaves_everything_as_it_was(yard: Yard) -> None:
    children = yard.processes(yard.spec("a"))
    await children.start()
    former = yard.lives("a")[0]

    with pytest.raises(ProcessFailed):
        await children.replace([yard.spec("a", "fails")])

    assert is_alive(former)
