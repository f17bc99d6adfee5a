import numpy as np
import pytest

from aigc.mesh.skeleton import Joint, Skeleton
from aigc.mesh.voxels import voxelize
from aigc.models.rigging.heat import carried, heat_weights
from aigc.models.rigging.humanoid import fit_humanoid
from tests.mesh.kit import cube
from tests.models.rigging.kit import BIPED, Capsule, body, framed, solid

ROD: tuple[Capsule, ...] = (((0, 0, 0), (0, 2, 0), 0.2),)
BONES = Skeleton((Joint("low", -1, (0, 0, 0), (0, 1, 0)), Joint("high", 0, (0, 1, 0), (0, 2, 0))))


@pytest.fixture(scope="module")
def rod():
    positions, faces = body(ROD)
    return positions, faces, heat_weights(positions, faces, BONES, solid(ROD)[0])


def test_weights_are_shares(rod):
    _, _, weights = rod
    assert np.allclose(weights.sum(axis=1), 1)
    assert weights.min() >= 0


def test_they_change_from_bone_to_bone_smoothly_and_halfway_at_the_joint(rod):
    positions, faces, weights = rod
    height = positions[:, 1]
    assert weights[height < 0.4, 0].min() > 0.9
    assert weights[height > 1.6, 1].min() > 0.9
    assert weights[np.abs(height - 1) < 0.03, 0] == pytest.approx(0.5, abs=0.1)
    edges = np.abs(np.diff(weights[faces[:, :2], 0], axis=1))
    assert edges.max() < 0.25


def test_a_limb_is_held_by_its_own_bones():
    fit = fit_humanoid(framed(BIPED))
    assert fit is not None
    positions, faces = body(BIPED)

    weights = heat_weights(positions, faces, fit.skeleton, solid(BIPED)[0])

    names = [joint.name for joint in fit.skeleton.joints]
    strongest = np.array(names)[weights.argmax(axis=1)]
    assert set(strongest[positions[:, 0] > 0.5]) <= {"leftLowerArm", "leftHand"}
    assert set(strongest[(positions[:, 1] < 0.3) & (positions[:, 0] < 0)]) <= {"rightLowerLeg", "rightFoot"}
    assert set(strongest[positions[:, 1] > 1.6]) == {"head"}
    other = [index for index, name in enumerate(names) if name.startswith("right")]
    assert weights[positions[:, 0] > 0.3][:, other].max() < 0.02


def test_a_small_piece_of_its_own_does_not_bend():
    positions, faces = body(ROD)
    plate = cube().positions * np.float32(0.12) + np.float32([0.15, 0.6, -0.06])
    both = np.concatenate([positions, plate])
    joined = np.concatenate([faces, cube().faces + len(positions)]).astype(np.int32)

    weights = heat_weights(both, joined, BONES, voxelize(both, joined, most=20_000))

    assert weights[len(positions) :].tolist() == [[1.0, 0.0]] * 8


def test_separate_solids_and_what_no_bone_sees_get_weights_too():
    positions, faces = body(ROD)
    apart = cube().positions + np.float32([3, 0, 0])
    both = np.concatenate([positions, apart])
    joined = np.concatenate([faces, cube().faces + len(positions)]).astype(np.int32)

    weights = heat_weights(both, joined, BONES, voxelize(both, joined, most=20_000))

    assert np.allclose(weights.sum(axis=1), 1)


def test_other_points_of_the_surface_get_what_lies_around_them(rod):
    positions, faces, weights = rod
    centres = positions[faces].mean(axis=1)

    there = carried(weights, positions, np.concatenate([positions, centres]))

    assert np.allclose(there[: len(positions)], weights, atol=1e-4)
    assert np.abs(there[len(positions) :] - weights[faces].mean(axis=1)).max() < 0.1
