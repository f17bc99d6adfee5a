from aigc.models.rigging.chains import fit_generic
from aigc.models.rigging.roles import roles
from tests.models.rigging.kit import BEAST, BIPED, STAR, framed


def test_the_chains_of_a_beast_are_named_after_its_parts():
    fit = fit_generic(framed(BEAST), 64)

    joints = {joint.name: joint for joint in fit.skeleton.joints}
    assert fit.template == "quadruped"
    words = {name.rpartition("_")[0] for name in joints}
    assert words >= {"leftFrontLeg", "rightFrontLeg", "leftHindLeg", "rightHindLeg", "tail", "head"}
    assert joints["leftFrontLeg_01"].tail[0] > 0 > joints["rightFrontLeg_01"].tail[0]
    assert joints["leftFrontLeg_01"].tail[2] > joints["leftHindLeg_01"].tail[2]
    assert joints["head_01"].head[2] > 0.4 and joints["tail_01"].head[2] < -0.3


def test_what_has_no_four_legs_or_looks_the_other_way_has_no_such_names():
    assert roles([], framed(STAR)) is None
    for capsules, facing in ((STAR, "+z"), (BIPED, "+z"), (BEAST, "-z"), (BEAST, "+x")):
        assert fit_generic(framed(capsules, facing), 64).template == "generic"
