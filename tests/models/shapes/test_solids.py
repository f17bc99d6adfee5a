import numpy as np
import pytest
from manifold3d import Error

from aigc.models.shapes import solids as s

SOLIDS = {
    "box": (s.box(1, 2, 3, 0.05), 6, (1, 2, 3)),
    "sharp box": (s.box(1, 2, 3, 0), 6, (1, 2, 3)),
    "frustum": (s.frustum((2, 2), (1, 1), 1, 0.01), 7 / 3, (2, 1, 2)),
    "ball": (s.ball(1, 64), 4.19, (2, 2, 2)),
    "ellipsoid": (s.ellipsoid(1, 2, 3, 64), 25.1, (2, 4, 6)),
    "cylinder": (s.cylinder(1, 2, 0.02, segments=64), 6.28, (2, 2, 2)),
    "cone": (s.cylinder(1, 3, 0, 0, 64), 3.14, (2, 3, 2)),
    "lathe downwards": (s.lathe([(1, 2), (1, 0)], 64), 6.28, (2, 2, 2)),
    "ring": (s.ring(2, 0.5, 64, 32), 9.87, (5, 1, 5)),
    "prism clockwise": (s.prism([(0, 0), (0, 1), (1, 1), (1, 0)], 2), 2, (1, 1, 2)),
    "capsule": (s.capsule((0, 0, 0), (0, 2, 0), 0.5, segments=64), 2.09, (1, 3, 1)),
    "tube": (s.tube([(0, 0, 0), (0, 1, 0), (0, 2, 0)], 0.5, 64), 1.57, (1, 2, 1)),
    "pair": (s.mirrored(s.box(1, 1, 1, 0).translate((2, 0, 0))), 2, (5, 1, 1)),
    "hull": (s.hull(s.box(1, 1, 1, 0), s.box(1, 1, 1, 0).translate((1, 0, 0))), 2, (2, 1, 1)),
}


@pytest.mark.parametrize("name", SOLIDS)
def test_every_solid_is_closed_and_as_large_as_it_should_be(name):
    solid, volume, size = SOLIDS[name]
    box = np.array(solid.bounding_box())

    assert solid.status() == Error.NoError
    assert solid.volume() == pytest.approx(volume, rel=0.03)
    assert box[3:] - box[:3] == pytest.approx(size, rel=0.02)


def test_a_bent_tube_with_ribs_is_closed():
    pipe = s.tube([(0, 0, 0), (1, 0.5, 0), (1, 1.5, 0.5), (0, 2, 0.5)], [0.1, 0.2, 0.2, 0.05], 24, ribs=12)

    assert pipe.status() == Error.NoError
    assert pipe.volume() > 0.1


def test_copies_stand_around_the_axis():
    ring = s.union(s.around_y(s.box(0.2, 1, 0.2, 0).translate((2, 0, 0)), 5))

    assert len(ring.decompose()) == 5
    assert ring.volume() == pytest.approx(5 * 0.04)


def test_a_curve_goes_through_its_points():
    points = [(0.0, 0.0), (1.0, 1.0), (0.5, 2.0)]

    assert set(points) <= set(s.curve(points))


def test_axes_are_turned_where_the_names_say():
    rod = s.cylinder(0.1, 2, 0)

    for turned, axis in ((s.along_x(rod), 0), (s.along_z(rod), 2), (s.upright(s.along_z(rod)), 1)):
        box = np.array(turned.bounding_box())
        assert int(np.argmax(box[3:] - box[:3])) == axis
