from typing import Any

from aigc.core.hosting.held import Held
from aigc.core.hosting.holdings import SETTLED_KEPT, Holdings
from aigc.core.messages import Generation, LeaseStarted, LeaseStopped
from aigc.core.runner_events import RunnerId
from tests.core.device_kit import FIRST, WORKER, grant, lease, spec


def holdings() -> tuple[Holdings, list[Any]]:
    said: list[Any] = []
    made = Holdings(said.append, 5.0)
    assert made.welcome(FIRST, 0.0)
    return made, said


def over(of: Holdings) -> Held:
    held = Held(grant("a"), spec("a"), 0.05, 0.0)
    of.add(held)
    of.end(held, LeaseStopped(WORKER, held.lease), 1.0)
    return held


def test_a_last_word_is_kept_until_it_is_settled():
    made, said = holdings()
    held = over(made)
    assert said == [held.last_word]
    assert made.leases == (held.lease,)
    made.settle([held.lease, lease()])
    assert made.leases == ()
    assert made.is_settled(held.lease)


def test_it_is_repeated_after_a_pause_and_only_to_a_broker_that_listens():
    made, said = holdings()
    held = over(made)
    assert made.due == 6.0
    made.tick(5.9)
    assert len(said) == 1
    made.tick(6.0)
    assert said == [held.last_word, held.last_word]
    assert made.due == 11.0
    made.is_heard = False
    assert made.due is None
    made.tick(60.0)
    assert len(said) == 2


def test_a_welcome_of_a_later_broker_hears_all_that_is_true_now():
    made, said = holdings()
    ended, running = over(made), Held(grant("a"), spec("a"), 0.05, 0.0)
    made.add(running)
    started = LeaseStarted(WORKER, running.lease, 0.0)
    running.run(RunnerId("a-1"), started, 2.0)
    said.clear()
    assert made.welcome(Generation(2, "b"), 3.0)
    assert said == [ended.last_word, started]


def test_a_welcome_of_an_earlier_broker_is_not_believed():
    made, said = holdings()
    assert made.welcome(Generation(2, "b"), 1.0)
    over(made)
    said.clear()
    assert not made.welcome(FIRST, 2.0)
    assert made.generation == Generation(2, "b")
    assert said == []


def test_before_the_first_welcome_nobody_leads():
    made = Holdings([].append, 5.0)
    assert not made.is_current(FIRST)


def test_of_two_generations_of_one_number_the_welcomed_one_leads():
    made, _ = holdings()
    assert not made.is_current(Generation(1, "other"))
    assert made.welcome(Generation(1, "other"), 1.0)
    assert made.is_current(Generation(1, "other"))
    assert not made.is_current(FIRST)


def test_what_is_remembered_of_settled_leases_is_bounded():
    made, _ = holdings()
    first = lease()
    made.bar(first)
    for _ in range(SETTLED_KEPT):
        made.bar(lease())
    assert not made.is_settled(first)
    assert len(made._settled) == SETTLED_KEPT
