import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc.core.buckets import Bucket, Buckets

A, B = Bucket("a", 30, 3), Bucket("b", 30, 3)


def test_a_burst_is_allowed_and_then_one_each_time_that_a_drop_has_come() -> None:
    buckets = Buckets()
    assert [buckets.take([A], 100.0)[:3] for _ in range(4)] == [
        (True, 3, 2),
        (True, 3, 1),
        (True, 3, 0),
        (False, 3, 0),
    ]
    refused = buckets.take([A], 100.5)
    assert (refused.allowed, refused.retry_after_s, refused.full_after_s) == (False, 1.5, 5.5)
    assert buckets.take([A], 102.0).allowed and not buckets.take([A], 102.0).allowed
    assert buckets.take([B], 102.0).allowed, "another one's bucket is another one"
    buckets.give_back([A, Bucket("c", 1, 1)])
    assert buckets.take([A], 102.0)[:3] == (True, 3, 0)


def test_of_several_all_give_a_drop_or_none_and_the_tightest_is_told() -> None:
    buckets, tight = Buckets(), Bucket("c", 6, 1)
    assert buckets.take([A, tight], 0.0)[:3] == (True, 1, 0)
    refused = buckets.take([A, tight], 0.0)
    assert (refused.allowed, refused.limit, refused.retry_after_s) == (False, 1, 10.0)
    assert buckets.take([A], 0.0).left == 1, "the refused one took nothing"


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 5), st.floats(1, 600))
def test_no_sequence_gets_more_than_burst_and_rate_together(pauses: list[float], burst: int, per_minute: float) -> None:
    buckets, bucket, now, taken = Buckets(), Bucket("x", per_minute, burst), 0.0, 0
    for pause in pauses:
        now += pause
        verdict = buckets.take([bucket], now)
        if not verdict.allowed:
            assert verdict.retry_after_s > 0
            now += verdict.retry_after_s + 1e-6
            assert buckets.take([bucket], now).allowed
        taken += 1
    assert taken <= burst + now * per_minute / 60 + 1e-6


def test_as_many_keys_as_anybody_likes_take_no_more_memory() -> None:
    buckets = Buckets(keys=10)
    assert all(buckets.take([Bucket(str(number), 1, 1)], 0.0).allowed for number in range(100))
    assert len(buckets) == 10
    assert not buckets.take([Bucket("99", 1, 1)], 0.0).allowed


def test_a_clock_that_goes_back_gives_nothing() -> None:
    buckets, bucket = Buckets(), Bucket("a", 60, 1)
    assert buckets.take([bucket], 10.0).allowed
    assert buckets.take([bucket], 5.0).retry_after_s == pytest.approx(1.0)
