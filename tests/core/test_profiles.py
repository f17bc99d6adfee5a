"""What a model takes, by the size of its work."""

import pytest

from aigc.core.scheduling.averages import WINDOW
from aigc.core.scheduling.estimates import Learned
from aigc.core.scheduling.profiles import MARGIN, bucket
from tests.core.scheduler_kit import GIB, spec

CARD = 24 * GIB
"""The most that any device has."""


@pytest.mark.parametrize(
    ("size", "expected"), [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (2**20, 21), (2**20 - 1, 20), (2**21 - 1, 21)]
)
def test_a_bucket_spans_a_factor_of_two(size: int, expected: int) -> None:
    assert bucket(size) == expected


def test_a_need_is_declared_then_learned_with_a_margin() -> None:
    learned, model = Learned(), spec("a", 10)
    profile = learned.profile(model, 0)
    assert profile.need_bytes == 10 * GIB

    profile.learn(1.0, 6 * GIB, CARD)
    assert profile.need_bytes == int(6 * GIB * MARGIN)


def test_a_run_whose_memory_was_not_measured_teaches_time_only() -> None:
    profile = Learned().profile(spec("a", 10), 0)
    profile.learn(4.0, 0, CARD)

    assert (profile.need_bytes, profile.run_s, profile.is_measured) == (10 * GIB, 4.0, False)


def test_a_peak_is_taken_at_once_and_stays_until_it_has_long_not_been_reached() -> None:
    profile = Learned().profile(spec("a", 10), 0)
    for peak in (4, 8, 4):
        profile.learn(1.0, peak * GIB, 2 * CARD)
    assert profile.need_bytes >= 8 * GIB * MARGIN

    for _ in range(2 * WINDOW):
        profile.learn(1.0, 4 * GIB, 2 * CARD)
    assert profile.need_bytes == int(4 * GIB * MARGIN)


def test_the_more_peaks_differ_the_more_is_reserved_beyond_them() -> None:
    alike, unlike = (Learned().profile(spec("a", 10), 0) for _ in range(2))
    for peak in (8, 8, 8):
        alike.learn(1.0, peak * GIB, CARD)
    for peak in (4, 6, 8):
        unlike.learn(1.0, peak * GIB, CARD)

    assert (alike.need_bytes, unlike.need_bytes) == (int(8 * GIB * MARGIN), int(10 * GIB * MARGIN))


def test_what_fitted_on_the_largest_device_is_not_thought_to_need_a_larger_one() -> None:
    profile = Learned().profile(spec("a", 10), 0)
    for peak in (12, 23):
        profile.learn(1.0, peak * GIB, CARD)

    assert profile.need_bytes == CARD


@pytest.mark.parametrize(
    ("granted", "peak", "ceiling", "expected"),
    [(10, 0, 100, 20), (10, 16, 100, 20), (10, 12, 100, 15), (10, 0, 16, 16), (10, 40, 24, 24)],
)
def test_after_running_out_the_need_is_doubled_or_a_quarter_above_the_peak(
    granted: int, peak: int, ceiling: int, expected: int
) -> None:
    profile = Learned().profile(spec("a", granted), 0)
    profile.ran_out(granted * GIB, peak * GIB, ceiling * GIB)

    assert profile.need_bytes == pytest.approx(expected * GIB, abs=2)


def test_what_was_assumed_after_running_out_is_replaced_by_what_is_measured() -> None:
    profile = Learned().profile(spec("a", 10), 0)
    profile.ran_out(10 * GIB, 0, CARD)
    profile.learn(1.0, 8 * GIB, CARD)
    assert profile.need_bytes == 20 * GIB, "another job of this size; the one that ran out is still to come"

    profile.learn(1.0, 11 * GIB, CARD)
    assert profile.need_bytes < 20 * GIB


def test_what_was_assumed_and_never_needed_is_forgotten_in_time() -> None:
    profile = Learned().profile(spec("a", 10), 0)
    profile.ran_out(10 * GIB, 0, CARD)
    for _ in range(WINDOW + 1):
        profile.learn(1.0, 8 * GIB, CARD)

    assert profile.need_bytes == int(8 * GIB * MARGIN)


def test_less_work_is_expected_to_need_no_more_and_more_work_no_less() -> None:
    learned, model = Learned(), spec("a", 10)
    small, large, largest = (learned.profile(model, size_class) for size_class in (10, 20, 30))
    assert small.need_bytes == large.need_bytes == 10 * GIB

    large.learn(1.0, 16 * GIB, CARD)
    assert small.need_bytes == largest.need_bytes == large.need_bytes

    large.learn(1.0, 5 * GIB, CARD)
    small.learn(1.0, 2 * GIB, CARD)
    assert small.need_bytes == int(2 * GIB * MARGIN)
    assert learned.profile(model, 15).need_bytes == large.need_bytes


def test_a_size_that_is_now_thought_to_need_less_is_told() -> None:
    learned, model = Learned(), spec("a", 10)
    waiting = learned.profile(model, 10)
    assert learned.profile(model, 20).learn(1.0, 4 * GIB, CARD)
    assert waiting.need_bytes == int(4 * GIB * MARGIN)
    assert not learned.profile(model, 20).learn(1.0, 5 * GIB, CARD)


def test_a_size_that_was_never_seen_is_expected_to_run_as_long_as_the_model_does() -> None:
    learned, model = Learned(), spec("a", run_s=30)
    assert learned.profile(model, 0).run_s == 30.0

    learned.profile(model, 0).learn(5.0, 0, CARD)
    assert learned.profile(model, 3).run_s == 5.0
