import numpy as np
import pytest

from aigc.mesh.skeleton import INFLUENCES, Joint, Skeleton, Skin, pose_matrices, posed, rotation, strongest
from aigc.mesh.types import Mesh

ARM = Skeleton((Joint("upper", -1, (0, 0, 0), (1, 0, 0)), Joint("lower", 0, (1, 0, 0), (2, 0, 0))))


def hold(*joints: int) -> Skin:
    """Each vertex held by one joint."""
    table = np.zeros((len(joints), INFLUENCES), np.uint16)
    table[:, 0] = joints
    weights = np.zeros((len(joints), INFLUENCES), np.float32)
    weights[:, 0] = 1
    return Skin(table, weights)


@pytest.mark.parametrize(
    "joints",
    [
        (),
        (Joint("a", 0, (0, 0, 0), (0, 1, 0)),),
        (Joint("a", -1, (0, 0, 0), (0, 1, 0)), Joint("a", 0, (0, 1, 0), (0, 2, 0))),
    ],
    ids=["none", "own parent", "one name twice"],
)
def test_a_skeleton_that_is_no_tree_of_names_is_refused(joints):
    with pytest.raises(ValueError):
        Skeleton(joints)


def test_a_turn_carries_what_hangs_below():
    mesh = Mesh(np.array([(0.5, 0, 0), (2, 0, 0), (1, 0, 0)], np.float32), np.array([(0, 1, 2)], np.int32))

    moved = posed(mesh, ARM, hold(0, 1, 0), {"upper": rotation((0, 0, 1), 90), "lower": rotation((0, 0, 1), 90)})

    assert np.allclose(moved.positions, [(0, 0.5, 0), (-1, 1, 0), (0, 1, 0)], atol=1e-6)


def test_without_a_turn_nothing_moves():
    assert np.allclose(pose_matrices(ARM, {}), np.eye(4))


def test_normals_turn_along():
    mesh = Mesh(np.eye(3, dtype=np.float32), np.array([(0, 1, 2)], np.int32), normals=np.eye(3, dtype=np.float32))

    moved = posed(mesh, ARM, hold(0, 0, 0), {"upper": rotation((0, 0, 1), 90)})

    assert np.allclose(moved.normals, [(0, 1, 0), (-1, 0, 0), (0, 0, 1)], atol=1e-6)


def test_a_turn_of_an_unknown_joint_is_refused():
    with pytest.raises(KeyError, match="wing"):
        pose_matrices(ARM, {"wing": np.eye(3)})


def test_the_four_strongest_are_kept_in_order_and_sum_to_one():
    skin = strongest(np.array([[0.05, 0.3, 0.1, 0.25, 0.2, 0.1], [0, 0, 0, 1, 0, 0]]))

    assert skin.joints.tolist() == [[1, 3, 4, 0], [3, 0, 0, 0]]
    assert np.allclose(skin.weights.sum(axis=1), 1, atol=1e-6)
    assert (np.diff(skin.weights, axis=1) <= 0).all()


def test_where_one_joint_takes_anothers_place_weights_do_not_jump():
    start, end = np.array([0.3, 0.25, 0.2, 0.15, 0.1]), np.array([0.3, 0.25, 0.2, 0.1, 0.15])
    table = start + (end - start) * np.linspace(0, 1, 201)[:, None]

    skin = strongest(table)

    full = np.zeros((201, 5))
    np.add.at(full, (np.arange(201)[:, None], skin.joints), skin.weights)
    assert np.abs(np.diff(full, axis=0)).max() < 0.01


def test_five_equal_joints_share_a_vertex():
    skin = strongest(np.full((1, 5), 0.2))

    assert skin.weights.tolist() == [[0.25, 0.25, 0.25, 0.25]]


def test_a_vertex_that_follows_nothing_is_refused():
    with pytest.raises(ValueError, match="no joint"):
        strongest(np.zeros((1, 3)))


def test_the_description_names_parents():
    assert ARM.described()[1] == {"name": "lower", "parent": "upper", "head": [1, 0, 0], "tail": [2, 0, 0]}
