"""What the knobs do."""

import itertools

from aigc.core.scheduling.settings import SchedulerSettings
from tests.core.scheduler_kit import Desk, spec


def switches(alpha: float) -> int:
    desk = Desk(spec("a", 20), spec("b", 20), alpha=alpha)
    desk.worker()
    for n in range(30):
        desk.submit("ab"[n % 2])
        desk.after(1)
    order = []
    while desk.running():
        (job,) = desk.running()
        order.append(desk.store[job].model)
        desk.after(10)
        desk.finish(job)
    return sum(one != two for one, two in itertools.pairwise(order))


def test_a_higher_alpha_means_fewer_switches() -> None:
    assert switches(0.0) == 29
    assert switches(20.0) == 1
    assert 1 < switches(0.5) < 29


def test_the_default_alpha_is_twenty_seconds_of_age_per_second_of_loading() -> None:
    assert SchedulerSettings().alpha == 20.0
