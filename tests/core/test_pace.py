"""How a model's own word is read as time."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc.core.scheduling.estimates import Learned
from aigc.core.scheduling.pace import MARKS, Pace, walked
from tests.core.scheduler_kit import spec


def trail(*said: tuple[float, float]) -> list[float]:
    found: list[float] = []
    for fraction, passed_s in said:
        walked(found, fraction, passed_s)
    return found


def test_a_word_is_time_until_a_run_has_shown_otherwise() -> None:
    pace = Pace()
    assert [pace.share(fraction) for fraction in (0.0, 0.33, 1.0)] == pytest.approx([0.0, 0.33, 1.0])
    pace.learn([], 10.0)
    assert pace == Pace(), "one that says nothing teaches nothing"
    pace.learn(trail((0.5, 1.0), (0.9, 9.0)), 10.0)
    assert [pace.share(fraction) for fraction in (0.5, 0.55, 0.9, 1.0)] == pytest.approx([0.1, 0.9, 0.9, 1.0])
    pace.learn(trail((0.5, 3.0), (0.9, 9.0)), 10.0)
    assert pace.share(0.5) == pytest.approx(0.2)


@given(
    st.lists(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 100)), max_size=30), max_size=5),
    st.lists(st.floats(0, 1), min_size=2, max_size=20),
)
def test_further_is_never_earlier_whatever_was_said(
    runs: list[list[tuple[float, float]]], fractions: list[float]
) -> None:
    pace = Pace()
    for run in runs:
        said = zip(sorted(one[0] for one in run), sorted(one[1] for one in run), strict=True)
        pace.learn(trail(*said), 50.0)
    shares = [pace.share(fraction) for fraction in sorted(fractions)]
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(shares))
    assert all(0.0 <= share <= 1.0 for share in shares)
    assert len(pace.shares) == MARKS + 1


def test_what_was_learned_of_a_model_is_known_after_a_restart() -> None:
    learned, model = Learned(), spec("a")
    learned.profile(model, 0).history.pace.learn(trail((0.5, 1.0)), 10.0)
    again = Learned()
    assert again.restore(learned.dump())
    assert again.profile(model, 3).history.pace.share(0.5) == pytest.approx(0.1)
