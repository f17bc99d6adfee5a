import numpy as np
import pytest

from aigc.mesh.surface import Surface
from aigc.mesh.types import Mesh
from aigc.models.editing.region import (
    box,
    checked,
    cut_out,
    ellipsoid,
    inside_mesh,
    named_part,
    places_within,
    region_of,
    whole,
)
from aigc.runner.model import InputInvalid
from tests.mesh.kit import cube, sphere


@pytest.fixture
def figure():
    """A body with a neck and a head, standing on the ground, and a separate mesh named hat."""
    points, faces = sphere(24, 36)
    body = points * [0.5, 1, 0.4] + [0, 1, 0]
    head = points * 0.4 + [0, 2.2, 0]
    hat = points * [0.3, 0.1, 0.3] + [0, 2.7, 0]
    return Surface.of(
        [
            Mesh(part.astype(np.float32), faces, name=name)
            for part, name in ((body, "body"), (head, "ball"), (hat, "hat"))
        ]
    )


def test_boxes_and_ellipsoids_are_distances_near_their_border():
    at = np.array([[0, 0, 0], [1, 0, 0], [1.5, 0, 0], [1.1, 1.1, 0]])

    assert box([0, 0, 0], [2, 2, 2]).field(at) == pytest.approx([-1, 0, 0.5, np.hypot(0.1, 0.1)])
    ball = ellipsoid([0, 0, 0], [1, 2, 3])
    assert ball.field(at)[:3] == pytest.approx([-1, 0, 0.5], abs=1e-6) or ball.field(at)[0] < 0
    assert ball.high.tolist() == [1, 2, 3]


def test_the_inside_of_a_mask_mesh_is_told_even_if_it_has_a_hole():
    points, faces = sphere(16, 24)

    region = inside_mesh(points, faces[4:])

    assert (region.field(np.array([[0, 0, 0], [0.5, 0.3, 0.2]])) < 0).all()
    assert (region.field(np.array([[2.0, 0, 0], [0, -1.2, 0]])) > 0).all()


def test_settings_become_a_region_or_a_complaint_that_names_what_is_missing():
    assert region_of("auto", None, None, None) is None
    assert region_of("none", [0, 0, 0], [1, 1, 1], None) is None
    assert region_of("auto", [0, 0, 0], [1, 1, 1], None).kind == "bbox"
    assert region_of("ellipsoid", [0, 0, 0], [1, 1, 1], None).kind == "ellipsoid"
    assert region_of("auto", None, None, [cube()]).kind == "mesh"
    with pytest.raises(InputInvalid, match="mask_size"):
        region_of("bbox", [0, 0, 0], None, None)
    with pytest.raises(InputInvalid, match="two masks"):
        region_of("bbox", [0, 0, 0], [1, 1, 1], [cube()])


def test_parts_are_found_by_the_names_of_meshes_first(figure):
    region, is_guess = named_part(figure, "hat")

    assert not is_guess
    cut, inside = cut_out(figure, region)
    assert cut is figure and (figure.owner[inside] == 2).all() and inside.sum() == (figure.owner == 2).sum()
    assert figure.points[places_within(figure, region)][:, 1].min() > 2.5


def test_a_head_is_what_lies_above_the_neck_and_feet_are_at_the_bottom(figure):
    body = figure.kept(figure.owner < 2)

    head, is_guess = named_part(body, "big head")

    assert is_guess
    assert 1.7 < head.low[1] < 2.1
    assert named_part(body, "feet")[0].high[1] < 1
    assert named_part(body, "left arm")[0].low[0] >= -0.01
    assert named_part(body, "carburettor") is None


def test_a_mask_beside_the_mesh_is_refused_with_the_meshs_bounds(figure):
    with pytest.raises(InputInvalid, match="no part") as caught:
        checked(box([9, 9, 9], [1, 1, 1]), figure)

    assert "2.8" in caught.value.suggestion
    wall = Surface.of([cube()])
    assert checked(box([0.5, 0.5, 1], [0.2, 0.2, 0.2]), wall).kind == "bbox", "a face passes through, no corner"
    assert whole(wall).is_everything
