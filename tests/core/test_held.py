from aigc.core.hosting.held import Held, Phase
from aigc.core.hosting.slot import Ended
from aigc.core.job import Progress, Stage
from aigc.core.messages import LeaseProgress, LeaseRan, LeaseStarted, LeaseStopped
from aigc.core.runner_events import RunnerId
from tests.core.device_kit import WORKER, finished, grant, spec

R = RunnerId("a-1")


def held(**fields: float) -> Held:
    return Held(grant("a", **fields), spec("a"), 0.05, 10.0)


def news(of: Held, fraction: float) -> LeaseProgress:
    return LeaseProgress(WORKER, of.lease, Stage.SAMPLING, Progress(fraction))


def ran(of: Held) -> LeaseRan:
    return LeaseRan(WORKER, of.lease, 1.0)


def running(**fields: float) -> Held:
    made = held(**fields)
    made.claim(11.0)
    made.run(R, LeaseStarted(WORKER, made.lease, 1.0), 12.0)
    return made


def test_it_counts_as_waiting_until_it_runs_and_takes_a_slot_until_it_has_run():
    made = held()
    facts = [(made.is_open, made.is_active)]
    made.claim(11.0)
    facts.append((made.is_open, made.is_active))
    made.run(R, LeaseStarted(WORKER, made.lease, 1.0), 12.0)
    facts.append((made.is_open, made.is_active))
    made.store(Ended(R, made.lease, finished(R, made.lease)), ran(made))
    facts.append((made.is_open, made.is_active))
    made.end(LeaseStopped(WORKER, made.lease), 13.0)
    facts.append((made.is_open, made.is_active))
    assert facts == [(True, False), (True, True), (False, True), (False, False), (False, False)]


def test_a_second_claim_does_not_change_since_when_it_has_its_slot():
    made = held()
    made.claim(11.0)
    made.claim(15.0)
    assert made.claimed_at == 11.0


def test_it_expires_only_while_there_is_something_to_end():
    made = held(time_left_s=5.0)
    assert made.expires_at == 15.0
    made = running(time_left_s=5.0)
    assert made.expires_at == 15.0
    made.store(Ended(R, made.lease, finished(R, made.lease)), ran(made))
    assert made.expires_at is None
    assert held().expires_at is None


def test_news_waits_its_pause_and_only_the_latest_is_told():
    made = running()
    made.take(news(made, 0.1))
    made.take(news(made, 0.2))
    assert made.news_due == 12.05
    assert made.news(12.04) is None
    assert made.news(12.05) == news(made, 0.2)
    assert made.news(99.0) is None
    assert made.news_due is None


def test_news_after_a_pause_is_told_at_once():
    made = running()
    made.take(news(made, 0.1))
    assert made.news(20.0) == news(made, 0.1)


def test_when_it_is_over_nothing_more_is_told():
    made = running()
    made.take(news(made, 0.1))
    made.end(LeaseStopped(WORKER, made.lease), 13.0)
    assert made.phase is Phase.OVER
    assert made.news(20.0) is None


def test_before_it_is_stored_how_far_it_was_is_said_once():
    made = running()
    made.take(news(made, 0.9))
    assert made.store(Ended(R, made.lease, finished(R, made.lease)), ran(made)) == (news(made, 0.9), ran(made))
    assert made.news(20.0) is None
    made = running()
    assert made.store(Ended(R, made.lease, finished(R, made.lease)), ran(made)) == (ran(made),)


def test_who_has_heard_nothing_is_told_all_that_is_true_of_it():
    made = running()
    assert made.to_say == (made.started,)
    made.take(news(made, 0.9))
    made.store(Ended(R, made.lease, finished(R, made.lease)), ran(made))
    assert made.to_say == (made.started, made.progress, made.ran)
    made.end(LeaseStopped(WORKER, made.lease), 13.0)
    assert made.to_say == (made.last_word,)


def test_news_about_loading_is_dropped_when_it_runs():
    made = held()
    made.take(LeaseProgress(WORKER, made.lease, Stage.LOADING_MODEL, Progress()))
    made.run(R, LeaseStarted(WORKER, made.lease, 1.0), 12.0)
    assert made.news(20.0) is None
