import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc.core.buckets import Buckets


def test_a_burst_is_allowed_and_then_one_each_time_that_a_drop_has_come() -> None:
    buckets = Buckets(per_minute=30, burst=3)
    assert [buckets.take("a", 100.0)[:3] for _ in range(4)] == [(True, 3, 2), (True, 3, 1), (True, 3, 0), (False, 3, 0)]
    refused = buckets.take("a", 100.5)
    assert (refused.allowed, refused.retry_after_s, refused.full_after_s) == (False, 1.5, 5.5)
    assert buckets.look("a", 102.0).allowed and buckets.take("a", 102.0).allowed
    assert not buckets.look("a", 102.0).allowed
    assert buckets.take("b", 102.0).allowed, "another one's bucket is another one"
    buckets.give_back("a")
    assert buckets.look("a", 102.0).left == 1
    buckets.give_back("c")
    assert buckets.look("c", 102.0).left == 3


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 5), st.floats(1, 600))
def test_no_sequence_gets_more_than_burst_and_rate_together(pauses: list[float], burst: int, per_minute: float) -> None:
    buckets, now, taken = Buckets(per_minute, burst), 0.0, 0
    for pause in pauses:
        now += pause
        verdict = buckets.take("x", now)
        taken += verdict.allowed
        if not verdict.allowed:
            assert verdict.retry_after_s > 0
            assert buckets.look("x", now + verdict.retry_after_s + 1e-6).allowed
    assert taken <= burst + now * per_minute / 60 + 1e-6


def test_as_many_keys_as_anybody_likes_take_no_more_memory() -> None:
    buckets = Buckets(1, 1, keys=10)
    assert all(buckets.take(str(number), 0.0).allowed for number in range(100))
    assert len(buckets) == 10
    assert not buckets.take("99", 0.0).allowed


def test_a_clock_that_goes_back_gives_nothing() -> None:
    buckets = Buckets(60, 1)
    assert buckets.take("a", 10.0).allowed
    assert buckets.take("a", 5.0).retry_after_s == pytest.approx(1.0)
