import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from actors.stores.group_thread import Call, GroupThread
from aigc.core.errors import Unavailable


class Recorder:
    """Runs groups and remembers them; while the gate is shut it holds the thread."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def run(self, calls: Sequence[Call]) -> Sequence[object]:
        self.gate.wait()
        self.groups.append(len(calls))
        return [call() for call in calls]


def number(value: int) -> Callable[[], int]:
    return lambda: value


async def test_each_caller_gets_what_its_own_call_returned() -> None:
    recorder = Recorder()
    thread = GroupThread("test-groups", recorder.run)

    assert await asyncio.gather(*(thread.ask(number(n)) for n in range(100))) == list(range(100))

    await thread.close()


async def test_calls_of_one_tick_are_one_group() -> None:
    recorder = Recorder()
    thread = GroupThread("test-groups", recorder.run)

    await asyncio.gather(*(thread.ask(number(n)) for n in range(64)))

    assert recorder.groups == [64]
    await thread.close()


async def test_calls_made_while_a_group_is_under_way_are_the_next_group() -> None:
    recorder = Recorder()
    recorder.gate.clear()
    thread = GroupThread("test-groups", recorder.run)
    calls = [asyncio.ensure_future(thread.ask(number(0)))]
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # the first group has been handed over
    for tick in range(5):
        calls.append(asyncio.ensure_future(thread.ask(number(tick))))
        await asyncio.sleep(0)
    assert thread.waiting == 5
    recorder.gate.set()
    await asyncio.gather(*calls)

    assert recorder.groups == [1, 5]
    await thread.close()


async def test_the_loop_is_woken_once_for_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    wake_ups = []
    loop = asyncio.get_running_loop()
    wake = loop.call_soon_threadsafe
    monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *call: (wake_ups.append(call), wake(*call)))
    thread = GroupThread("test-groups", Recorder().run)

    await asyncio.gather(*(thread.ask(number(n)) for n in range(64)))

    assert len(wake_ups) == 1
    monkeypatch.undo()
    await thread.close()


async def test_an_outcome_that_is_an_exception_is_raised_to_its_caller_only() -> None:
    def outcome(call: Call) -> object:
        try:
            return call()
        except ZeroDivisionError as error:
            return error

    thread = GroupThread("test-groups", lambda calls: [outcome(call) for call in calls])

    answers = await asyncio.gather(thread.ask(number(1)), thread.ask(lambda: 1 // 0), return_exceptions=True)

    assert answers[0] == 1
    assert isinstance(answers[1], ZeroDivisionError)
    await thread.close()


async def test_a_group_that_fails_as_a_whole_is_told_to_all_and_the_thread_lives_on() -> None:
    broken = [True]

    def run(calls: Sequence[Call]) -> Sequence[object]:
        if broken.pop():
            raise RuntimeError("defect")
        return [call() for call in calls]

    thread = GroupThread("test-groups", run)
    first = await asyncio.gather(thread.ask(number(1)), thread.ask(number(2)), return_exceptions=True)
    broken += [False, False]

    assert [str(error) for error in first] == ["defect", "defect"]
    assert await thread.ask(number(3)) == 3
    await thread.close()


async def test_a_cancelled_caller_does_not_disturb_its_group() -> None:
    recorder = Recorder()
    recorder.gate.clear()
    thread = GroupThread("test-groups", recorder.run)
    calls = [asyncio.ensure_future(thread.ask(number(n))) for n in range(3)]
    await asyncio.sleep(0)
    calls[1].cancel()
    await asyncio.sleep(0)
    recorder.gate.set()

    assert await asyncio.gather(calls[0], calls[2]) == [0, 2]
    assert recorder.groups == [3]
    await thread.close()


async def test_closing_answers_all_and_ends_the_thread() -> None:
    recorder = Recorder()
    recorder.gate.clear()
    thread = GroupThread("test-groups", recorder.run)
    calls = [asyncio.ensure_future(thread.ask(number(n))) for n in range(3)]
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(thread.close())
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="closed"):
        await thread.ask(number(4))
    recorder.gate.set()
    await closing

    assert await asyncio.gather(*calls) == [0, 1, 2]
    assert "test-groups" not in [thread.name for thread in threading.enumerate()]


def test_a_loop_that_was_closed_without_it_leaves_no_error_and_no_thread() -> None:
    recorder = Recorder()
    recorder.gate.clear()

    async def forgetful() -> None:
        thread = GroupThread("test-orphan", recorder.run)
        call = asyncio.ensure_future(thread.ask(number(1)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        call.cancel()

    asyncio.run(forgetful())
    (orphan,) = [thread for thread in threading.enumerate() if thread.name == "test-orphan"]
    recorder.gate.set()
    orphan.join(10)

    assert not orphan.is_alive()
