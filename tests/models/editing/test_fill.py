import numpy as np
import pytest

from aigc.mesh.surface import Surface
from aigc.mesh.topology import is_watertight, joined, weld
from aigc.mesh.types import Mesh
from aigc.models.editing.fill import colors_at, filled
from tests.mesh.kit import sphere


def parted(points, limit, colors=None):
    """A ball-like skin without what lies above `limit`, and the places of what went."""
    _, faces = sphere(24, 36)
    surface = Surface.of([Mesh(points.astype(np.float32), faces, colors=colors)])
    gone = (surface.points[surface.corners][:, :, 1] > limit).all(axis=1)
    return surface.kept(~gone), surface.corners[gone]


@pytest.fixture
def ball():
    return sphere(24, 36)[0]


def closed(kept, fills):
    return is_watertight(weld(*joined([*kept.to_meshes(), *fills]))[1])


def test_a_smooth_fill_goes_on_as_the_surface_went(ball):
    kept, gone = parted(ball, 0.7)

    (fill,) = filled(kept, gone, True, "fill")

    assert closed(kept, [fill])
    assert fill.name == "fill_0"
    radius = np.linalg.norm(fill.positions, axis=1)
    assert radius.min() > 0.9 and radius.max() < 1.1


def test_a_stump_gets_a_round_end_and_a_flat_cut_a_flat_one(ball):
    pipe = ball.copy()
    pipe[:, [0, 2]] /= np.maximum(np.linalg.norm(pipe[:, [0, 2]], axis=1, keepdims=True), 1e-9)
    pipe[[0, -1], 0] = pipe[[0, -1], 2] = 0
    kept, gone = parted(pipe, 0.3)

    (end,) = filled(kept, gone, True, "fill")
    (cut,) = filled(kept, gone, False, "cut")

    assert closed(kept, [end]) and closed(kept, [cut])
    low = cut.positions[:, 1].max()
    assert np.ptp(cut.positions[:, 1]) < 1e-6
    assert end.positions[:, 1].max() - low == pytest.approx(0.5, abs=0.1)
    assert (cut.normals[:, 1] > 0.999).all()


def test_a_fill_takes_the_colours_along_its_border_and_shows_no_seam(ball):
    colors = np.where(ball[:, :1] > 0, [[250, 20, 20, 255]], [[20, 20, 250, 255]]).astype(np.uint8)
    kept, gone = parted(ball, 0.7, colors)

    (fill,) = filled(kept, gone, True, "fill")

    right, left = fill.positions[:, 0] > 0.4, fill.positions[:, 0] < -0.4
    assert fill.colors[right, 0].mean() > 200 and fill.colors[left, 2].mean() > 200
    border = {row.tobytes(): normal for row, normal in zip(kept.values[:, :3], kept.values[:, 3:6], strict=True)}
    shared = [k for k, row in enumerate(fill.positions) if row.tobytes() in border]
    assert len(shared) > 20
    assert all(np.allclose(fill.normals[k], border[fill.positions[k].tobytes()], atol=1e-6) for k in shared)


def test_nothing_gone_is_nothing_to_fill(ball):
    kept, _ = parted(ball, 2)

    assert filled(kept, np.zeros((0, 3), np.int32), True, "fill") == []


def test_the_colour_of_a_vertex_is_that_of_its_mesh(ball):
    colors = np.full((len(ball), 4), (128, 64, 32, 255), np.uint8)
    kept, _ = parted(ball, 2, colors)

    tone, metallic, roughness = colors_at(kept, kept.meshes[0], np.array([0, 5]))

    assert tone * 255 == pytest.approx(np.array([[128, 64, 32]] * 2), abs=1)
    assert metallic.tolist() == [0, 0] and roughness == pytest.approx(0.8)
