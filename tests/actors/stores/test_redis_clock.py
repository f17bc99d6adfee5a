import pytest

from actors.stores.redis_clock import SAMPLE_S, RedisClock


class Hand:
    """A clock that is turned by hand."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def monotonic() -> Hand:
    return Hand(1000.0)


@pytest.fixture
def clock(monotonic: Hand) -> RedisClock:
    return RedisClock(monotonic, Hand(5.0))


def sample(clock: RedisClock, monotonic: Hand, said: float, trip_s: float = 0.0) -> None:
    """The server says its time in the middle of a round trip."""
    asked = clock.mark()
    monotonic.now += trip_s
    clock.learn(asked, clock.mark(), said)


def test_it_is_this_hosts_clock_until_the_server_was_heard(clock: RedisClock, monotonic: Hand) -> None:
    assert (clock.now(), clock.is_due) == (5.0, True)

    sample(clock, monotonic, said=1.8e9)

    assert (clock.now(), clock.is_due) == (1.8e9, False)


def test_it_goes_on_by_itself_and_no_jump_of_this_host_matters(monotonic: Hand) -> None:
    wall = Hand(5.0)
    clock = RedisClock(monotonic, wall)
    sample(clock, monotonic, said=1.8e9)

    monotonic.now += 10
    wall.now -= 3600

    assert clock.now() == 1.8e9 + 10


def test_half_a_round_trip_is_given_to_each_way(clock: RedisClock, monotonic: Hand) -> None:
    sample(clock, monotonic, said=1.8e9, trip_s=0.5)

    assert clock.now() == 1.8e9 + 0.25


def test_a_worse_sample_does_not_spoil_a_better_one_until_that_is_old(clock: RedisClock, monotonic: Hand) -> None:
    sample(clock, monotonic, said=1.8e9)

    sample(clock, monotonic, said=1.8e9 + 99, trip_s=0.01)
    assert clock.now() == pytest.approx(1.8e9 + 0.01)

    monotonic.now += SAMPLE_S + 1
    assert clock.is_due
    sample(clock, monotonic, said=2e9, trip_s=0.01)
    assert clock.now() == pytest.approx(2e9 + 0.005)
    assert not clock.is_due


def test_after_a_doubt_any_sample_counts(clock: RedisClock, monotonic: Hand) -> None:
    sample(clock, monotonic, said=1.8e9)

    clock.doubt()
    assert (clock.now(), clock.is_due) == (1.8e9, True)
    sample(clock, monotonic, said=1.7e9, trip_s=2.0)

    assert (clock.now(), clock.is_due) == (1.7e9 + 1, False)
