import asyncio
from collections.abc import Sequence

import pytest

from actors.stores.redis_group import RedisGroup
from aigc.core.errors import Conflict, Unavailable


class Recorder:
    """Answers each call with itself, or with the exception that it is; while the gate is shut it keeps a group."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None

    async def run(self, calls: Sequence[object]) -> Sequence[object]:
        self.groups.append(len(calls))
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return calls


async def test_calls_of_one_tick_are_one_group_and_each_gets_its_own_outcome() -> None:
    recorder = Recorder()
    group = RedisGroup(recorder.run, 100)

    assert await asyncio.gather(*(group.ask(n) for n in range(64))) == list(range(64))

    assert recorder.groups == [64]
    await group.close()


async def test_calls_made_while_a_group_is_under_way_are_the_next_groups_up_to_the_limit() -> None:
    recorder = Recorder()
    group = RedisGroup(recorder.run, 4)
    recorder.gate.clear()
    calls = [group.ask(0)]
    await asyncio.sleep(0)
    for n in range(1, 7):
        calls.append(group.ask(n))
        await asyncio.sleep(0)

    assert (group.waiting, recorder.groups) == (6, [1])
    recorder.gate.set()

    assert await asyncio.gather(*calls) == list(range(7))
    assert recorder.groups == [1, 4, 2]


async def test_a_refusal_is_one_callers_and_a_failure_everybodys_own() -> None:
    recorder = Recorder()
    group = RedisGroup(recorder.run, 100)
    answers = await asyncio.gather(group.ask(1), group.ask(Conflict("no")), return_exceptions=True)
    assert answers[0] == 1
    assert isinstance(answers[1], Conflict)

    recorder.failure = Unavailable("gone", retry_after_s=7, suggestion="wait")
    failures = await asyncio.gather(group.ask(1), group.ask(2), return_exceptions=True)

    assert [(str(one), one.retry_after_s) for one in failures if isinstance(one, Unavailable)] == [
        ("gone. wait", 7.0),
        ("gone. wait", 7.0),
    ]
    assert failures[0] is not failures[1]


async def test_a_caller_that_leaves_does_not_stop_its_group() -> None:
    recorder = Recorder()
    group = RedisGroup(recorder.run, 100)
    recorder.gate.clear()
    leaving, staying = group.ask(1), group.ask(2)
    await asyncio.sleep(0)
    leaving.cancel()
    recorder.gate.set()

    assert await staying == 2


async def test_closing_waits_for_what_was_handed_in_and_takes_no_more() -> None:
    recorder = Recorder()
    group = RedisGroup(recorder.run, 2)
    calls = [group.ask(n) for n in range(5)]

    await group.close()

    assert [call.result() for call in calls] == list(range(5))
    with pytest.raises(Unavailable, match="closed"):
        group.ask(5)


async def test_who_stops_waiting_for_the_end_does_not_stop_the_group() -> None:
    recorder = Recorder()
    group = RedisGroup(recorder.run, 100)
    recorder.gate.clear()
    call = group.ask(1)
    closing = asyncio.ensure_future(group.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait({closing})
    recorder.gate.set()

    assert await call == 1
