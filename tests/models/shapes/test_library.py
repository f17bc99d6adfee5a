import numpy as np
import pytest
from manifold3d import Error

from aigc.mesh.topology import is_watertight, weld
from aigc.models.shapes.assemble import assemble, build_pieces
from aigc.models.shapes.retrieval import LIBRARY
from aigc.models.shapes.words import read_wishes


def test_the_library_is_large():
    assert len(LIBRARY) >= 90


def test_every_word_for_a_painted_part_is_known_as_a_part():
    for shape in LIBRARY.values():
        assert shape.paint <= set(shape.parts), shape.name
        assert len(shape.about) >= 1 and all(shape.about), shape.name


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_every_shape_is_one_closed_surface_that_stands_on_the_ground(name):
    shape = LIBRARY[name]
    wishes = read_wishes(shape.about[-1], shape.parts, shape.names)

    pieces = build_pieces(shape, wishes, 7, 1.0)
    made = assemble(pieces, wishes, shape.size, 16_000, lambda step: None)

    assert all(piece.solid.status() == Error.NoError for piece in pieces)
    assert is_watertight(weld(made.positions, made.faces)[1])
    assert np.ptp(made.positions, axis=0).max() == pytest.approx(shape.size, rel=1e-3)
    assert made.positions[:, 1].min() == pytest.approx(0, abs=1e-3 * shape.size)
    assert 100 <= len(made.faces) <= 16_500
    assert len(set(made.piece.tolist())) >= 0.6 * len(pieces), "most parts must be seen"
