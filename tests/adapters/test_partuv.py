"""PartUV: unwrapped in its process, packed in a process of its own; what is a paid add-on is said."""

from pathlib import Path

import pytest

from aigc.adapters.partuv import PartUv
from aigc.runner.model import InputInvalid
from aigc.runner.testing import Recorder
from tests.adapters.kit import CUBE, runs, touched

PACK = """
import shutil, sys
folder = sys.argv[sys.argv.index("--partuv_output_path") + 1]
shutil.copyfile(f"{folder}/final_components.obj", f"{folder}/final_packed.obj")
"""
PARAMS = {
    "distortion_threshold": 1.25, "pack_method": "blender", "save_individual_parts": True, "save_visuals": False,
}  # fmt: skip


def test_charts_are_packed_or_left_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "cube.obj").write_text(CUBE)
    folder = tmp_path / "installed"
    weights = touched(folder / "weights", "mikaelaangel/partfield-ckpt/model_objaverse.ckpt")
    for name, text in (("pack/__init__.py", ""), ("pack/pack.py", PACK), ("config/config.yaml", "")):
        file = folder / "sources" / "partuv" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    inputs = {"mesh": tmp_path / "cube.obj"}
    plain = {**PARAMS, "pack_method": "none", "save_individual_parts": False}
    packed, loose = runs(
        "aigc.adapters.partuv:PartUv",
        weights,
        tmp_path,
        ("partuv_uv_unwrapping", inputs, {**PARAMS, "output_format": "obj"}),
        ("partuv_uv_unwrapping", inputs, {**plain, "output_format": "obj"}),
    )
    assert packed.main["stats"]["charts"] == 3 and packed.info == {"packer": "blender"}
    assert sorted(packed.outputs) == ["part_0.obj", "part_1.obj", "thumbnail.png", "unwrapped.obj"]
    assert sorted(loose.outputs) == ["thumbnail.png", "unwrapped.obj"]


def test_the_paid_packer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid, match="paid add-on"):
        PartUv().run({"mesh": ""}, {**PARAMS, "pack_method": "uvpackmaster"}, Recorder(tmp_path))
