"""When a child is started again."""

import pytest

from aigc.core.restart import GiveUp, Restart, RestartPolicy, RestartSettings

SETTINGS = RestartSettings(intensity=3, period_s=10.0, base_s=0.5, limit_s=1.5)


def test_each_restart_within_the_period_waits_twice_as_long_up_to_the_limit() -> None:
    policy = RestartPolicy(SETTINGS)

    assert [policy.on_exit("crashed", now=n) for n in (0.0, 1.0, 2.0)] == [Restart(0.5), Restart(1.0), Restart(1.5)]


def test_one_more_than_the_intensity_is_given_up_with_the_reason() -> None:
    policy = RestartPolicy(SETTINGS)
    for n in range(3):
        policy.on_exit("crashed", now=float(n))

    assert policy.on_exit("port 7850 is taken", now=3.0) == GiveUp(
        "ended 4 times within 10 s, at last: port 7850 is taken"
    )


def test_exits_older_than_the_period_are_forgotten() -> None:
    policy = RestartPolicy(SETTINGS)
    for n in range(3):
        policy.on_exit("crashed", now=float(n))

    assert policy.on_exit("crashed", now=12.5) == Restart(0.5)


@pytest.mark.parametrize(("jitter", "pause_s"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_jitter_lengthens_the_pause_by_its_share(jitter: float, pause_s: float) -> None:
    assert RestartPolicy(SETTINGS).on_exit("crashed", now=0.0, jitter=jitter) == Restart(pause_s)


def test_a_generous_intensity_does_not_overflow() -> None:
    policy = RestartPolicy(RestartSettings(intensity=5000, period_s=1e9))
    for n in range(3000):
        decision = policy.on_exit("crashed", now=float(n))

    assert decision == Restart(10.0)
