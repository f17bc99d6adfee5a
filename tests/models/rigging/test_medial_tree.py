import numpy as np
import pytest

from aigc.mesh.voxels import Voxels, voxelize
from aigc.models.rigging.medial_tree import medial_tree
from tests.mesh.kit import sphere
from tests.models.rigging.kit import BEAST, BIPED, STAR, body, solid


@pytest.mark.parametrize(("capsules", "tips"), [(BIPED, 5), (BEAST, 6), (STAR, 5)], ids=["biped", "beast", "star"])
def test_there_is_a_branch_for_each_extremity(capsules, tips):
    _, tree = solid(capsules)

    ends = set(tree.leaves()) | ({0} if (tree.parent == 0).sum() == 1 else set())
    assert len(ends) == tips


def test_every_point_lies_inside_and_in_the_middle():
    voxels, tree = solid(BIPED)

    assert voxels.inside(tree.points).all()
    arm = tree.points[np.abs(tree.points[:, 0]) > 0.3]
    assert len(arm) > 10
    assert np.abs(arm[:, 2]).max() < 0.03


def test_it_is_one_tree_from_the_root():
    _, tree = solid(BEAST)

    assert tree.parent[0] == -1
    assert (tree.parent[1:] < np.arange(1, len(tree.parent))).all()


def test_pieces_that_do_not_touch_are_bridged():
    points, faces = sphere(12, 16)
    both = np.concatenate([points, points + np.float32([2.2, 0, 0])])
    voxels = voxelize(both, np.concatenate([faces, faces + len(points)]), most=5_000)

    tree = medial_tree(voxels)

    assert np.ptp(tree.points[:, 0]) > 2


def test_hanging_it_from_another_node_keeps_its_lines():
    _, tree = solid(STAR)
    leaf = tree.leaves()[0]

    moved = tree.rooted_at(leaf)

    def lines(of):
        return {
            frozenset((tuple(of.points[node]), tuple(of.points[above])))
            for node, above in enumerate(of.parent.tolist())
            if above >= 0
        }

    assert tuple(moved.points[0]) == tuple(tree.points[leaf])
    assert lines(moved) == lines(tree)


def test_a_ball_has_no_branches():
    voxels = voxelize(*sphere(16, 24), most=5_000)

    assert len(medial_tree(voxels).leaves()) <= 2


def test_an_empty_grid_is_refused():
    with pytest.raises(ValueError, match="solid"):
        medial_tree(Voxels(np.zeros((4, 4, 4), bool), np.zeros(3), 1.0))


def test_the_body_of_the_kit_is_closed():
    points, faces = body(BIPED)

    assert abs(points[:, 0].min() + points[:, 0].max()) < 1e-4
    assert len(faces) > 500
