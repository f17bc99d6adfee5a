"""What is learned, and how it is kept."""

import pytest

from aigc.core.scheduling.estimates import POPULARITY_HALF_LIFE_S, Learned
from tests.core.scheduler_kit import GIB, spec


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
    learned.profile(model, 2).learn(3.0, 5 * GIB, 24 * GIB)
    learned.profile(model, 4).ran_out(6 * GIB, 0, 24 * GIB)
    data = learned.dump()

    other = Learned()
    assert other.restore(data)

    assert other.dump() == data == learned.dump()
    assert other.load(model).seconds == 7.0
    for size_class in (0, 2, 3, 4, 5):
        assert other.profile(model, size_class).need_bytes == learned.profile(model, size_class).need_bytes
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
    learned.profile(model, 2).learn(3.0, 5 * GIB, 24 * GIB)

    view = learned.view([model, spec("b", 2, run_s=4)])

    assert view["a"]["load_s"] == 7.0
    assert view["a"]["sizes"]["input up to 4 bytes"]["runs"] == 1
    assert view["b"] == {
        "residency": "b",
        "loads": 0,
        "load_s": 10.0,
        "runs": 0,
        "run_s": 4.0,
        "memory_bytes": 2 * GIB,
        "sizes": {},
    }
