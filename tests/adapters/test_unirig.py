"""UniRig: its programs in their order, each watched, and ended by a cancel."""

from pathlib import Path
from typing import Any

import pytest

from aigc.adapters import unirig
from aigc.adapters.programs import ProgramFailed
from aigc.adapters.unirig import UniRig
from aigc.runner.model import Cancelled, InputInvalid
from aigc.runner.testing import Recorder
from tests.adapters.kit import CUBE, HEAVY, touched

PARAMS = {"rig_mode": "full", "seed": 3, "with_skinning": True}
REPOSITORY = HEAVY / "unirig"


@pytest.fixture
def family(tmp_path: Path) -> UniRig:
    made = UniRig(touched(tmp_path / "weights", *(f"VAST-AI/UniRig/{name}" for name in unirig._CHECKPOINTS)))
    made.repository = REPOSITORY  # as `load` finds it, where bpy is
    return made


def rigged(family: UniRig, tmp_path: Path, **params: Any) -> tuple[bytes, list[str], Recorder]:
    (tmp_path / "cube.obj").write_text(CUBE)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    recorder = Recorder(scratch, output_format="fbx")
    result = family.run({"mesh": str(tmp_path / "cube.obj")}, {**PARAMS, **params}, recorder)
    path = result.outputs[0].path
    assert path is not None
    programs = list(dict.fromkeys(report["message"] for report in recorder.reports))
    return path.read_bytes().partition(b"\x1a\x00")[2], programs, recorder


def test_a_full_rig_takes_all_programs(family: UniRig, tmp_path: Path) -> None:
    made, programs, _ = rigged(family, tmp_path)
    assert (made, programs) == (b"skin of skeleton.fbx;", ["extract", "skeleton", "skin", "merge"])


@pytest.mark.parametrize("params", [{"rig_mode": "skeleton"}, {"with_skinning": False}])
def test_a_skeleton_alone_is_not_bound(family: UniRig, tmp_path: Path, params: dict[str, Any]) -> None:
    made, programs, _ = rigged(family, tmp_path, **params)
    assert (made, programs) == (b"skeleton of input.obj;", ["extract", "skeleton", "merge"])


def test_skin_without_a_skeleton_is_refused(family: UniRig, tmp_path: Path) -> None:
    with pytest.raises(InputInvalid, match="no skeleton"):
        rigged(family, tmp_path, rig_mode="skin")


def test_a_program_that_fails_is_told_with_its_last_words(family: UniRig, tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match=r"run.py --task=.* ended with 1:\na bone is broken"):
        rigged(family, tmp_path, seed=99)


def test_a_cancel_ends_the_program(family: UniRig, tmp_path: Path) -> None:
    (tmp_path / "cube.obj").write_text(CUBE)
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    class Cancelling(Recorder):
        def __call__(self, fraction: float, stage: str, *rest: Any, **more: Any) -> None:
            super().__call__(fraction, stage, *rest, **more)
            if self.reports[-1]["message"] == "skeleton":
                raise Cancelled

    with pytest.raises(Cancelled):
        family.run({"mesh": str(tmp_path / "cube.obj")}, {**PARAMS, "seed": 77}, Cancelling(scratch))
    running = [Path(f"/proc/{pid.name}/cmdline") for pid in Path("/proc").iterdir() if pid.name.isdigit()]
    assert not [line for line in running if line.exists() and str(scratch).encode() in line.read_bytes()]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"VAST-AI/UniRig/skeleton.*aigc models install unirig"):
        UniRig(str(tmp_path)).load_pipelines()
