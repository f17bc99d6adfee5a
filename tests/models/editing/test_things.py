import numpy as np
import pytest

from aigc.mesh.stats import mesh_stats
from aigc.models.editing.things import SMALL, Things
from aigc.models.shapes.assemble import assemble, build_pieces
from aigc.models.shapes.retrieval import Retriever
from aigc.models.shapes.words import read_wishes
from aigc.runner.model import InputInvalid


@pytest.fixture(scope="module")
def things():
    return Things(Retriever())


@pytest.mark.parametrize("shape", SMALL, ids=lambda shape: shape.name)
def test_every_small_part_is_closed(shape):
    wishes = read_wishes(shape.name, shape.parts, shape.names)

    assembly = assemble(build_pieces(shape, wishes, 1, 0.5), wishes, shape.size, 6000, lambda step: None)

    assert np.ptp(assembly.positions, axis=0).max() == pytest.approx(shape.size)
    from aigc.mesh.topology import is_watertight, weld

    assert is_watertight(weld(assembly.positions, assembly.faces)[1])


def test_small_parts_are_found_by_their_word_and_other_things_in_the_library(things):
    hat = things.make("a red top hat", 1, 256, lambda share, what: None)
    chair = things.make("wooden chair", 1, 256, lambda share, what: None)

    assert (hat.name, hat.score, hat.warning) == ("hat", 1.0, "")
    assert hat.mesh.material.base_color_texture is not None
    red, green, blue = hat.mesh.material.base_color_texture.reshape(-1, 3).mean(axis=0)
    assert red > 1.3 * green and red > 1.3 * blue
    assert chair.name == "chair" and chair.score > 0.6
    assert mesh_stats(chair.mesh)["watertight"]


def test_what_is_not_known_is_said(things):
    near = things.make("a microscope", 1, 256, lambda share, what: None)

    assert "closest known shape" in near.warning
    with pytest.raises(InputInvalid, match="nothing that is known here comes near"):
        things.make("quarterly revenue forecast", 1, 256, lambda share, what: None)
    with pytest.raises(InputInvalid, match="not known here: 'samovar'"):
        things.make("a samovar", 1, 256, lambda share, what: None)
