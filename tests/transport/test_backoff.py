import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.backoff import Backoff

CHANCE = st.floats(0, 1, exclude_max=True)


@given(failures=st.integers(0, 10**6), jitter=CHANCE)
def test_a_delay_lies_in_the_upper_half_of_its_step(failures: int, jitter: float) -> None:
    backoff = Backoff(first_s=0.1, factor=2.0, limit_s=10.0)
    step_s = min(10.0, 0.1 * 2.0 ** min(failures, 20))
    assert step_s / 2 <= backoff.delay_s(failures, jitter) <= step_s


def test_delays_double_until_the_limit() -> None:
    backoff = Backoff(first_s=1.0, factor=2.0, limit_s=5.0)
    assert [backoff.delay_s(failures, 0.0) for failures in range(5)] == [0.5, 1.0, 2.0, 2.5, 2.5]


@given(low=CHANCE, high=CHANCE)
def test_more_chance_means_no_shorter_a_delay(low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert Backoff().delay_s(3, low) <= Backoff().delay_s(3, high)


@pytest.mark.parametrize("jitter", [-0.1, 1.0, float("nan")])
def test_chance_outside_its_range_is_refused(jitter: float) -> None:
    with pytest.raises(ValueError, match="jitter"):
        Backoff().delay_s(0, jitter)


@pytest.mark.parametrize("values", [(0.0, 2.0, 1.0), (2.0, 2.0, 1.0), (1.0, 0.5, 2.0)])
def test_a_senseless_backoff_is_refused(values: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="back-off needs"):
        Backoff(*values)
