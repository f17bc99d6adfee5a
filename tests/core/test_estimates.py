"""What is learned, and how it is kept."""

import random

import pytest

from aigc.core.scheduling.estimates import MARGIN, POPULARITY_HALF_LIFE_S, Average, Learned, bucket
from tests.core.scheduler_kit import GIB, spec


@pytest.mark.parametrize(
    ("size", "expected"), [(0, 0), (1, 1), (3, 1), (4, 2), (15, 2), (16, 3), (2**20, 11), (2**20 - 1, 10)]
)
def test_a_bucket_spans_a_factor_of_four(size: int, expected: int) -> None:
    assert bucket(size) == expected


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


def test_a_need_is_declared_then_learned_with_a_margin() -> None:
    learned, model = Learned(), spec("a", 10)
    profile = learned.profile(model, 0)
    assert profile.need_bytes == 10 * GIB

    profile.learn(1.0, 6 * GIB)
    assert profile.need_bytes == int(6 * GIB * MARGIN)
    assert learned.profile(model, 1).need_bytes == 10 * GIB, "other sizes have not been seen"


def test_a_run_whose_memory_was_not_measured_teaches_time_only() -> None:
    profile = Learned().profile(spec("a", 10), 0)
    profile.learn(4.0, 0)

    assert (profile.need_bytes, profile.run_s) == (10 * GIB, 4.0)


def test_a_peak_is_taken_at_once_and_forgotten_slowly() -> None:
    profile = Learned().profile(spec("a", 10), 0)
    profile.learn(1.0, 4 * GIB)
    profile.learn(1.0, 8 * GIB)
    assert profile.need_bytes == int(8 * GIB * MARGIN)

    profile.learn(1.0, 4 * GIB)
    assert 7 * GIB < profile.need_bytes / MARGIN < 8 * GIB
    for _ in range(200):
        profile.learn(1.0, 4 * GIB)
    assert profile.need_bytes / MARGIN == pytest.approx(4 * GIB, rel=0.01)


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


def test_a_size_that_was_never_seen_is_expected_to_run_as_long_as_the_model_does() -> None:
    learned, model = Learned(), spec("a", run_s=30)
    assert learned.profile(model, 0).run_s == 30.0

    learned.profile(model, 0).learn(5.0, 0)
    assert learned.profile(model, 3).run_s == 5.0


def test_a_load_time_is_learned_per_residency() -> None:
    learned = Learned()
    one, two = spec("one", family="f", load_s=9), spec("two", family="f", load_s=9)
    learned.load(one).learn(4.0)

    assert learned.load(two).seconds == learned.reload_s("f") == 4.0
    assert learned.reload_s("unknown") == 0.0


def test_a_changed_guess_is_taken_as_long_as_nothing_was_learned() -> None:
    learned = Learned()
    learned.load(spec("a", load_s=9))
    learned.profile(spec("a", 1), 0)

    assert learned.load(spec("a", load_s=3)).seconds == 3.0
    assert learned.profile(spec("a", 2), 0).need_bytes == 2 * GIB


def test_popularity_halves_with_its_half_life() -> None:
    learned = Learned()
    for _ in range(4):
        learned.want("a", now=0.0)

    assert learned.popularity("a", now=POPULARITY_HALF_LIFE_S) == pytest.approx(2.0)
    assert learned.popularity("b", now=0.0) == 0.0


def test_what_was_learned_survives_and_equal_knowledge_gives_equal_bytes() -> None:
    learned, model = Learned(), spec("a", 10)
    learned.load(model).learn(7.0)
    learned.profile(model, 2).learn(3.0, 5 * GIB)
    data = learned.dump()

    other = Learned()
    assert other.restore(data)

    assert other.dump() == data == learned.dump()
    assert other.load(model).seconds == 7.0
    assert other.profile(model, 2).need_bytes == learned.profile(model, 2).need_bytes
    assert other.profile(model, 0).run_s == 3.0


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x93\x01\x02\x03", b'{"loads": 1}'])
def test_what_another_version_wrote_is_not_taken(data: bytes) -> None:
    learned = Learned()
    learned.load(spec("a")).learn(7.0)

    assert not learned.restore(data)
    assert learned.reload_s("a") == 7.0


def test_people_see_what_a_model_takes() -> None:
    learned, model = Learned(), spec("a", 10)
    learned.load(model).learn(7.0)
    learned.profile(model, 2).learn(3.0, 5 * GIB)

    view = learned.view([model, spec("b", 2, run_s=4)])

    assert view["a"]["load_s"] == 7.0
    assert view["a"]["sizes"]["input up to 16 bytes"]["runs"] == 1
    assert view["b"] == {
        "residency": "b",
        "loads": 0,
        "load_s": 10.0,
        "runs": 0,
        "run_s": 4.0,
        "memory_bytes": 2 * GIB,
        "sizes": {},
    }
