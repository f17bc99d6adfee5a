"""The measures say what they are named after: tried on files whose values are known."""

import numpy as np
import pytest

from aigc.features import FEATURES
from aigc.mesh.gltf import write_glb
from aigc.mesh.types import Material
from bench.quality.cases import HELD_OUT, SETS, TUNING, Case
from bench.quality.looking import look, read
from bench.quality.measures import MEASURES, Made, common, of_text_painting
from bench.report import quality
from tests.mesh.kit import cube


def made(mesh, **expected) -> Made:
    return Made(Case("cube", {}, {}, expected), {}, {"cube.glb": ("model", write_glb(mesh))}, {})


def test_every_feature_has_ten_cases_in_both_sets_and_measures_of_its_own():
    for cases in SETS.values():
        assert set(cases) == set(FEATURES) == set(MEASURES)
        assert min(len(each) for each in cases.values()) >= 10


@pytest.mark.parametrize("feature", SETS[TUNING])
def test_no_case_is_in_both_sets(feature):
    assert not {case.name for case in SETS[TUNING][feature]} & {case.name for case in SETS[HELD_OUT][feature]}


def test_a_cube_is_closed_and_looks_like_a_square_of_its_colour():
    red = cube().with_(material=Material(base_color=(1.0, 0.0, 0.0, 1.0)))
    values = common(made(red))
    seen = look(read(write_glb(red), "glb"))

    assert (values["watertight"], values["open edges"], values["triangles"]) == (1.0, 0.0, 12.0)
    assert seen.mask.shape == (256, 256) and seen.mask.all()
    assert of_text_painting(made(red, color=(255, 0, 0)))["colour error, ΔE"] < 3
    assert of_text_painting(made(red, color=(0, 0, 255)))["colour error, ΔE"] > 50


def test_a_cube_without_a_side_is_open():
    whole = cube()
    values = common(made(whole.with_(faces=np.ascontiguousarray(whole.faces[2:]))))
    assert values["watertight"] == 0.0 and values["open edges"] > 0


def test_the_table_has_a_row_for_each_feature_and_names_what_failed():
    one = {
        "model": "m",
        "cases": 2,
        "failed": ["a chair: broken"],
        "glTF issues": 0,
        "measures": {"watertight": {"median": 1.0, "least": 0.0, "most": 1.0}},
    }
    assert quality({"auto_rig": one})[1] == ["auto_rig", "m", "2", "a chair", "0", "watertight 1 (0 to 1)"]
