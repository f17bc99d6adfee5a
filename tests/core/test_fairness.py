"""Decayed usage, and an order that does not change while nobody is charged."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc.core.ids import OwnerId
from aigc.core.scheduling.fairness import Fairness

ANN, BOB = OwnerId("ann"), OwnerId("bob")


def test_the_owner_who_used_least_comes_first() -> None:
    fairness = Fairness(3600.0)
    fairness.charge(ANN, 100.0, now=0.0)
    fairness.charge(BOB, 50.0, now=0.0)

    assert fairness.key(OwnerId("new")) < fairness.key(BOB) < fairness.key(ANN)


def test_after_a_half_life_a_second_counts_half() -> None:
    fairness = Fairness(100.0)
    fairness.charge(ANN, 80.0, now=0.0)

    assert fairness.usage(ANN, now=200.0) == pytest.approx(20.0)


def test_older_usage_weighs_less_than_the_same_usage_now() -> None:
    fairness = Fairness(100.0)
    fairness.charge(ANN, 80.0, now=0.0)
    fairness.charge(BOB, 60.0, now=100.0)

    assert fairness.key(ANN) < fairness.key(BOB)


@given(
    st.lists(st.tuples(st.sampled_from([ANN, BOB]), st.floats(0.01, 1e5), st.floats(0.0, 1e5)), min_size=1),
    st.floats(0, 1e6),
)
def test_the_order_of_keys_is_the_order_of_usage_at_any_time(
    charges: list[tuple[OwnerId, float, float]], later: float
) -> None:
    fairness, now = Fairness(3600.0), 0.0
    for owner, seconds, pause in charges:
        now += pause
        fairness.charge(owner, seconds, now)
    used_a, used_b = fairness.usage(ANN, now + later), fairness.usage(BOB, now + later)

    if used_a < used_b * (1 - 1e-9):
        assert fairness.key(ANN) < fairness.key(BOB)
    if used_a > used_b * (1 + 1e-9):
        assert fairness.key(ANN) > fairness.key(BOB)


def test_what_was_charged_too_much_is_given_back_and_never_more() -> None:
    fairness = Fairness(3600.0)
    fairness.charge(ANN, 30.0, now=0.0)
    fairness.charge(ANN, -20.0, now=0.0)
    assert fairness.usage(ANN, now=0.0) == pytest.approx(10.0)

    fairness.charge(ANN, -20.0, now=0.0)
    assert fairness.usage(ANN, now=0.0) == 0.0
    assert fairness.key(ANN) == -math.inf


def test_years_of_use_do_not_overflow() -> None:
    fairness = Fairness(60.0)
    fairness.charge(ANN, 1e9, now=0.0)
    fairness.charge(BOB, 1.0, now=1e9)

    assert fairness.key(ANN) < fairness.key(BOB) < math.inf


def test_owners_who_used_nothing_for_long_are_forgotten() -> None:
    fairness = Fairness(60.0)
    for n in range(5000):
        fairness.charge(OwnerId(f"owner-{n}"), 1.0, now=10.0 * n)

    assert len(fairness._usage) < 2000
