"""Instants and their order."""

from aigc.core.ids import JobId
from aigc.core.scheduling.timers import Alarm, Timers


def test_what_is_due_rings_in_order_and_once() -> None:
    timers = Timers()
    timers.set(5.0, Alarm.DEADLINE, JobId("late"))
    timers.set(1.0, Alarm.DEADLINE, JobId("first"))
    timers.set(1.0, Alarm.RELEASE, JobId("second"))

    rung = [timer.subject for timer in iter(lambda: timers.due(2.0), None)]

    assert rung == ["first", "second"]
    assert timers.next == 5.0
    assert timers.due(4.9) is None


def test_without_timers_nothing_is_next() -> None:
    assert Timers().next is None
    assert Timers().due(1e9) is None
