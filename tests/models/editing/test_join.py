import numpy as np
import pytest

from aigc.mesh.solids import Workshop
from aigc.mesh.stats import mesh_stats, volume
from aigc.mesh.surface import Surface
from aigc.mesh.topology import joined, parts, weld
from aigc.mesh.types import Mesh
from aigc.models.editing.intent import by_rules
from aigc.models.editing.join import added, mirrored, replaced
from aigc.models.editing.region import box, whole
from aigc.models.editing.things import Thing
from tests.mesh import kit
from tests.mesh.kit import cube, sphere


@pytest.fixture
def ball():
    points, faces = sphere(32, 48)
    return Surface.of([Mesh(points, faces, points.copy(), uv=points[:, :2].copy(), name="ball")])


@pytest.fixture
def brick():
    return Thing(cube().with_(positions=cube().positions * np.float32([1, 2, 1]), name="brick"), "brick", 1.0)


@pytest.fixture
def posts():
    """Four thin posts on a board, as high as the board is wide."""
    board = bar((-1, -0.2, -1), (1, 0, 1))
    made = [board] + [bar((x - 0.05, -0.1, -0.05), (x + 0.05, 1.6, 0.05)) for x in (-0.6, -0.2, 0.2, 0.6)]
    workshop = Workshop()
    solid = workshop.solid(Surface.of(made[:1]))
    for post in made[1:]:
        solid += workshop.solid(Surface.of([post]))
    return workshop.surface(solid)


def bar(low, high):
    return Mesh(*kit.box(low, high))


def pieces(meshes):
    points, faces = weld(*joined(meshes))
    return parts(faces, len(points))[0]


def test_an_added_part_is_one_solid_with_the_mesh_whose_other_vertices_stay(ball, brick):
    meshes, info = added(ball, brick, box([0, 1.3, 0], [0.5, 1, 0.5]))

    assert info["joined"] == "one solid" and mesh_stats(meshes)["watertight"] and pieces(meshes) == 1
    known = {row.tobytes() for row in meshes[0].positions}
    away = ball.points[ball.points[:, 1] < 0.8]
    assert all(row.tobytes() in known for row in away)
    assert meshes[1].positions[:, 1].max() == pytest.approx(1.8, abs=1e-3)


def test_a_part_that_would_float_is_moved_until_it_touches(ball, brick):
    meshes, info = added(ball, brick, box([0, 4, 0], [0.5, 1, 0.5]))

    assert pieces(meshes) == 1
    assert joined(meshes)[0][:, 1].max() == pytest.approx(2, abs=0.05) and info["shown"] > 0.9


def test_an_open_mesh_is_left_open_with_the_part_beside(ball, brick):
    torn = ball.kept(np.arange(len(ball.faces)) > 40)

    meshes, info = added(torn, brick, box([0, 1.3, 0], [0.5, 1, 0.5]))

    assert info["joined"] == "side by side" and len(meshes) == 2


def test_a_replaced_part_is_gone_and_the_other_about_as_large(ball, brick):
    meshes, info = replaced(ball, box([0, 1, 0], [3, 1, 3]), brick)

    assert mesh_stats(meshes)["watertight"] and pieces(meshes) == 1
    assert info["removed_triangles"] > 0 and info["added"] == "brick"
    top = joined(meshes)[0][:, 1].max()
    assert 0.8 < top < 1.5


def test_what_replaces_a_thin_back_is_as_large_and_held_by_the_stumps(posts):
    meshes, info = replaced(posts, box([0, 1.3, 0], [3, 1.4, 3]), Thing(cube().with_(name="cube"), "cube", 1.0))

    added_part = next(mesh for mesh in meshes if mesh.name == "cube")
    assert pieces(meshes) == 1 and mesh_stats(meshes)["watertight"]
    assert np.ptp(added_part.positions, axis=0).max() > 0.9
    assert added_part.positions[:, 1].min() == pytest.approx(0.6, abs=0.12)
    assert added_part.positions[:, 0].mean() == pytest.approx(0, abs=0.2)
    assert info["shown"] > 0.9


def test_a_part_is_copied_to_the_other_side(ball):
    bumped, _ = added(ball, Thing(cube(), "cube", 1.0), box([1.2, 0, 0], [1, 0.6, 0.6]))
    nose, fixed = box([1.4, 0, 0], [1, 0.8, 0.8]), Surface.of(bumped)
    middle = float(whole(fixed).centre[0])

    meshes, info = mirrored(fixed, nose, by_rules("mirror the nose"))

    assert mesh_stats(meshes)["watertight"] and info["joined"] == "one solid"
    points = joined(meshes)[0]
    assert points[:, 0].max() - middle == pytest.approx(middle - points[:, 0].min(), abs=1e-4)


def test_the_whole_is_mirrored_or_made_symmetric(ball):
    lopsided = ball.moved(np.where(ball.points[:, :1] > 0.3, ball.points * [1.5, 1, 1], ball.points).astype(np.float32))

    flipped, _ = mirrored(lopsided, whole(lopsided), by_rules("flip it"))
    even, _ = mirrored(lopsided, whole(lopsided), by_rules("make it symmetric"))

    centre = float(whole(lopsided).centre[0])
    assert volume(*weld(*joined(flipped))) == pytest.approx(volume(lopsided.points, lopsided.corners), rel=1e-5)
    assert flipped[0].positions[:, 0].min() == pytest.approx(2 * centre - 1.5, abs=1e-5)
    assert mesh_stats(even)["watertight"]
    points, _ = joined(even)
    assert {tuple(p) for p in np.round(points - [centre, 0, 0], 4).tolist()} == {
        (round(-x, 4) + 0.0, y, z) for x, y, z in np.round(points - [centre, 0, 0], 4).tolist()
    }
