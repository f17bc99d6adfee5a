import pytest

from aigc.models.rigging.frame import FACINGS
from aigc.models.rigging.templates import fit_template
from tests.models.rigging.kit import BEAST, BIPED, LAMP, solid, turned


def chosen(capsules, template="auto", facing="auto"):
    fit, front = fit_template(*solid(capsules), template, facing, 64)
    return fit.template, front


@pytest.mark.parametrize("facing", ["+z", "+x"])
def test_a_biped_is_known_from_either_side(facing):
    assert chosen(turned(BIPED, FACINGS[facing].T)) == ("humanoid", facing)


def test_what_is_like_no_template_gets_chains():
    assert chosen(LAMP)[0] == "generic"


def test_what_is_asked_for_is_given():
    assert chosen(BIPED, "generic")[0] == "generic"
    assert chosen(BEAST, "humanoid")[0] == "humanoid"
    assert chosen(BIPED, facing="-z") == ("humanoid", "-z")


@pytest.mark.parametrize("facing", FACINGS)
def test_the_head_of_a_beast_is_ahead_wherever_it_looks(facing):
    assert chosen(turned(BEAST, FACINGS[facing].T)) == ("quadruped", facing)
