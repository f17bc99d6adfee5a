"""Restarting actors: real ones on a real loop, without pauses."""

import asyncio

import pytest

from actors.actor import Fate
from actors.supervisor import ChildFailed, ChildSpec, Supervisor
from aigc.core.errors import Retired
from aigc.core.restart import RestartSettings

AT_ONCE = RestartSettings(intensity=3, period_s=60, base_s=0.0, limit_s=0.0)


class Probe:
    """An actor that writes down its lives and ends when told."""

    def __init__(self, diary: list[str], name: str, *, fails_to_start: bool = False) -> None:
        self.runs = asyncio.Event()
        self.diary = diary
        self.name = name
        self.fails_to_start = fails_to_start
        self.fate = Fate()

    async def start(self) -> None:
        self.diary.append(f"{self.name} started")
        if self.fails_to_start:
            raise OSError("address in use")

    async def run(self) -> None:
        self.runs.set()
        await self.fate.settled()

    async def close(self) -> None:
        self.diary.append(f"{self.name} closed")


async def test_children_start_in_order_and_end_in_the_opposite_order() -> None:
    diary: list[str] = []
    supervisor = Supervisor([ChildSpec(name, lambda name=name: Probe(diary, name)) for name in ("broker", "web")])
    await supervisor.start()
    await supervisor.close()
    assert diary == ["broker started", "web started", "web closed", "broker closed"]


async def test_a_failed_child_is_begun_again_and_its_sibling_does_not_notice() -> None:
    diary: list[str] = []
    lives = [Probe(diary, "a"), Probe(diary, "a")]
    coming = iter(lives)
    children = [ChildSpec("a", lambda: next(coming)), ChildSpec("b", lambda: Probe(diary, "b"))]
    supervisor = Supervisor(children, AT_ONCE)
    await supervisor.start()
    lives[0].fate.fail(RuntimeError("defect"))
    async with asyncio.timeout(60):
        await lives[1].runs.wait()
    assert supervisor.living("a") is lives[1]
    await supervisor.close()
    assert diary == ["a started", "b started", "a closed", "a started", "b closed", "a closed"]


async def test_a_child_that_was_retired_is_not_begun_again_and_ends_the_service_in_words() -> None:
    diary: list[str] = []
    child = Probe(diary, "a")
    supervisor = Supervisor([ChildSpec("a", lambda: child)], AT_ONCE)
    await supervisor.start()
    child.fate.fail(Retired("a", "another worker called a, on box"))
    async with asyncio.timeout(60):
        with pytest.raises(Retired, match="a gave way to another worker called a, on box"):
            await supervisor.run()
    await supervisor.close()
    assert diary == ["a started", "a closed"]


async def test_a_child_that_fails_too_often_ends_the_service_in_words() -> None:
    diary: list[str] = []
    made: list[Probe] = []

    def make() -> Probe:
        made.append(Probe(diary, "a", fails_to_start=len(made) > 0))
        return made[-1]

    supervisor = Supervisor([ChildSpec("a", make)], AT_ONCE)
    await supervisor.start()
    made[0].fate.fail(RuntimeError("defect"))
    with pytest.raises(ChildFailed, match=r"a ended 4 times within 60 s, at last: OSError: address in use"):
        async with asyncio.timeout(60):
            await supervisor.run()
    await supervisor.close()
    assert diary.count("a closed") == len(made) == 4


async def test_a_first_start_that_fails_is_told_to_the_caller_with_the_rest_ended() -> None:
    diary: list[str] = []
    children = [
        ChildSpec("a", lambda: Probe(diary, "a")),
        ChildSpec("b", lambda: Probe(diary, "b", fails_to_start=True)),
    ]
    with pytest.raises(OSError, match="address in use"):
        await Supervisor(children).start()
    assert diary == ["a started", "b started", "b closed", "a closed"]


async def test_a_child_that_ends_in_order_ends_the_run_without_an_error() -> None:
    probe = Probe([], "a")
    supervisor = Supervisor([ChildSpec("a", lambda: probe)])
    await supervisor.start()
    probe.fate.finish()
    async with asyncio.timeout(60):
        await supervisor.run()
    await supervisor.close()
