import numpy as np
import pytest

from aigc.models.partflow import tokens
from aigc.models.partflow.captions import SHAPES
from aigc.models.partflow.data import answer

NAMES = {shape.name: shape for shape in SHAPES}


@pytest.mark.parametrize("name", ["chair", "elephant", "mug", "car"])
def test_rows_and_primitives_are_two_ways_to_say_the_same(name):
    parts = answer(f"a {name}", NAMES[name], 1, 0.5)
    rows = tokens.encode(parts)
    again = tokens.decode(rows)

    assert rows.shape == (len(parts), tokens.WIDTH)
    assert len(parts) <= tokens.SLOTS
    assert [part.kind for part in again] == [part.kind for part in parts]
    assert [part.finish.pattern for part in again] == [part.finish.pattern for part in parts]
    for one, two in zip(parts, again, strict=True):
        assert two.centre == pytest.approx(one.centre, abs=1e-4)
        assert two.half == pytest.approx(one.half, abs=1e-3)
        assert two.finish.color == pytest.approx(one.finish.color, abs=1e-3)
        assert (two.hollow, two.mirror, two.soft > 0) == (one.hollow, one.mirror, one.soft > 0)


def test_a_thing_stands_on_the_ground_with_a_longest_side_of_one_and_twins_are_one_row():
    parts = answer("a table", NAMES["table"], 1, 0.0)
    both = [twin for part in parts for twin in ([part, part.mirrored()] if part.mirror else [part])]
    low = np.min([part.centre - part.reach for part in both], axis=0)
    high = np.max([part.centre + part.reach for part in both], axis=0)

    assert (high - low).max() == pytest.approx(1, abs=0.02)
    assert low[1] == pytest.approx(0, abs=0.01)
    assert sum(part.mirror for part in parts) == 3, "two pairs of legs, and the apron's ends"


def test_numbers_from_nowhere_become_some_primitive():
    rows = np.random.default_rng(0).normal(0, 3, (tokens.SLOTS, tokens.WIDTH)).astype(np.float32)
    for part in tokens.decode(rows):
        assert np.isfinite(part.turn).all()
        assert np.linalg.det(part.turn) == pytest.approx(1)
        assert (part.dims >= 0).all()
