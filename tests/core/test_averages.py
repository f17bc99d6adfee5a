"""What is kept of values that come one by one."""

import random

import pytest

from aigc.core.scheduling.averages import WINDOW, Average, Peaks


def test_the_first_value_replaces_the_guess_and_later_ones_move_the_mean() -> None:
    average = Average()
    average.learn(10.0)
    assert average.mean == average.high == 10.0
    average.learn(20.0)
    assert average.mean == 15.0


def test_a_mean_follows_a_change_within_some_runs() -> None:
    average = Average()
    for value in [10.0] * 200 + [20.0] * 30:
        average.learn(value)

    assert average.mean > 19.0


def test_the_high_value_is_near_the_90th_percentile() -> None:
    rng, average = random.Random(1), Average()
    above = 0
    for n in range(5000):
        value = rng.expovariate(1.0)
        above += n >= 1000 and value > average.high
        average.learn(value)

    assert 0.05 < above / 4000 < 0.2


def test_the_largest_value_is_taken_at_once_and_kept_for_a_window() -> None:
    peaks = Peaks()
    for value in [4.0, 8.0] + [4.0] * WINDOW:
        peaks.learn(value)

    assert peaks.top == 8.0


def test_the_largest_value_is_forgotten_after_two_windows() -> None:
    peaks = Peaks()
    forgot = [peaks.learn(value) for value in [8.0] + [4.0] * (2 * WINDOW)]

    assert peaks.top == peaks.expected_top == 4.0
    assert [index for index, each in enumerate(forgot) if each] == [WINDOW, 2 * WINDOW]


def test_values_that_are_alike_are_expected_to_stay_so() -> None:
    peaks = Peaks()
    for _ in range(5):
        peaks.learn(3.0)

    assert peaks.expected_top == 3.0


def test_the_end_of_evenly_spread_values_is_estimated_without_bias() -> None:
    rng, ends = random.Random(2), []
    for _ in range(2000):
        peaks = Peaks()
        for _ in range(20):
            peaks.learn(rng.uniform(1.0, 2.0))
        ends.append(peaks.expected_top)

    assert sum(ends) / len(ends) == pytest.approx(2.0, abs=0.01)
