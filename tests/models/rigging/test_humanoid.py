import numpy as np
import pytest

from aigc.models.rigging.frame import FACINGS
from aigc.models.rigging.humanoid import PARENTS, fit_humanoid
from tests.models.rigging.kit import BEAST, BIPED, LAMP, framed, turned


@pytest.fixture(scope="module")
def fit():
    return fit_humanoid(framed(BIPED))


def heads(fit):
    return {joint.name: np.array(joint.head) for joint in fit.skeleton.joints}


def test_a_biped_gets_all_nineteen_joints_and_each_its_parent(fit):
    names = [joint.name for joint in fit.skeleton.joints]
    assert names == list(PARENTS)
    assert len(names) == 19
    assert {j.name: names[j.parent] if j.parent >= 0 else None for j in fit.skeleton.joints} == PARENTS
    assert fit.confidence > 0.9


def test_every_joint_lies_inside(fit):
    assert framed(BIPED).voxels.inside(fit.skeleton.heads).all()


def test_left_and_right_are_mirror_images(fit):
    where = heads(fit)
    middle = where["hips"][0]
    assert len(fit.pairs) == 7
    for left, right in fit.pairs:
        assert where[left][0] > middle > where[right][0]
        assert where[left] * [-1, 1, 1] + [2 * middle, 0, 0] == pytest.approx(where[right], abs=1e-6)


def test_joints_are_where_a_body_bends(fit):
    where = heads(fit)
    assert where["leftUpperLeg"][1] == pytest.approx(0.88, abs=0.1)
    assert where["leftLowerLeg"][1] == pytest.approx(0.48, abs=0.1)
    assert where["leftFoot"][1] == pytest.approx(0.12, abs=0.06)
    assert 0.1 < where["leftUpperArm"][0] < 0.25
    assert where["leftLowerArm"][0] == pytest.approx(0.4, abs=0.08)
    assert where["leftHand"][0] == pytest.approx(0.57, abs=0.06)
    assert 1.3 < where["neck"][1] < where["head"][1] < 1.6


def test_the_spine_rises_and_the_toes_point_ahead(fit):
    where = heads(fit)
    rising = [where[name][1] for name in ("hips", "spine", "chest", "neck", "head")]
    assert rising == sorted(rising)
    foot = next(joint for joint in fit.skeleton.joints if joint.name == "leftFoot")
    assert foot.tail[2] > foot.head[2] + 0.05


@pytest.mark.parametrize("facing", FACINGS)
def test_left_is_left_wherever_it_faces(fit, facing):
    there = fit_humanoid(framed(turned(BIPED, FACINGS[facing].T), facing))

    assert there is not None
    place = {name: FACINGS[facing] @ head for name, head in heads(there).items()}
    for name, head in heads(fit).items():
        assert place[name] == pytest.approx(head, abs=0.08)


@pytest.mark.parametrize("capsules", [BEAST, LAMP], ids=["beast", "lamp"])
def test_what_is_no_biped_is_left_alone_unless_it_is_said_to_be_one(capsules):
    assert fit_humanoid(framed(capsules)) is None
    forced = fit_humanoid(framed(capsules), forced=True)
    assert forced is not None and forced.confidence < 0.9
    assert framed(capsules).voxels.inside(forced.skeleton.heads).all()


def test_what_a_hand_holds_does_not_make_its_arm_longer(fit):
    armed = (*BIPED, ((0.65, 1.25, 0.0), (0.65, 1.25, 0.7), 0.04))

    there = fit_humanoid(framed(armed))

    assert there is not None and len(there.pairs) == 7
    assert heads(there)["leftHand"] == pytest.approx(heads(fit)["leftHand"], abs=0.08)


def test_a_robe_gets_legs_of_usual_length():
    robe = (*BIPED[:5], ((0.0, 0.95, 0.0), (0.0, 0.25, 0.0), 0.24), *BIPED[6:])

    there = fit_humanoid(framed(robe), forced=True)

    assert there is not None
    assert 0.5 < heads(there)["leftUpperLeg"][1] < 1.0
