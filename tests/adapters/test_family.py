"""What all families share: one pipeline at a time on the device, and what is missing named with its remedy."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aigc.adapters import family
from aigc.adapters.family import Family, chosen_seed, found, required, standing_in

ADAPTERS = sorted((Path(family.__file__).parent).glob("*.py"))


class Pipeline:
    device = "nowhere"

    def to(self, device: str) -> None:
        self.device = device


class Two(Family):
    def load_pipelines(self) -> None:
        self.seen = os.getcwd()
        for name in ("a", "b"):
            self.hold(name, Pipeline())


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Two:
    monkeypatch.setattr(family, "empty_cache", lambda: None)
    made = Two(str(tmp_path))
    made.load("cuda:0")
    return made


def devices(two: Two) -> dict[str, Any]:
    return {name: pipeline.device for name, pipeline in two._pipelines.items()}


def test_one_pipeline_is_on_the_device_and_the_other_makes_room(two: Two, tmp_path: Path) -> None:
    assert devices(two) == {"a": "cuda:0", "b": "cpu"}
    assert two.use("b").device == "cuda:0"
    assert devices(two) == {"a": "cpu", "b": "cuda:0"}
    two.use("b")
    assert two.use("a").device == "cuda:0"
    assert devices(two) == {"a": "cuda:0", "b": "cpu"}
    two.rest()
    assert devices(two) == {"a": "cpu", "b": "cpu"}
    assert two.use("a").device == "cuda:0"
    assert two.seen == os.path.realpath(tmp_path), "a hub's names are folders of the weights while it is loaded"
    two.unload()
    assert devices(two) == {}


def test_where_it_stands_is_where_it_stood_afterwards(tmp_path: Path) -> None:
    before = os.getcwd()
    with pytest.raises(ValueError, match="x"), standing_in(tmp_path):
        raise ValueError("x")
    assert os.getcwd() == before


def test_what_is_missing_is_named_with_the_recipe_that_brings_it(tmp_path: Path) -> None:
    with pytest.raises(ImportError, match=r"No module named 'no_such_package'; .*aigc models install tiny"):
        required("no_such_package.part", "tiny")
    with pytest.raises(FileNotFoundError, match=r"the weights a/b are not in .*: aigc models install tiny"):
        found(tmp_path, "a/b", "tiny")
    (tmp_path / "a").touch()
    assert found(tmp_path, "a", "tiny") == str(tmp_path / "a")


def test_a_seed_that_nobody_chose_is_another_one_each_time() -> None:
    assert chosen_seed({"seed": 0}) == 0
    assert len({chosen_seed({"seed": None}) for _ in range(9)}) > 1
    assert 0 <= chosen_seed({}) < family.SEEDS


@pytest.mark.parametrize("file", ADAPTERS, ids=lambda file: file.stem)
def test_an_adapter_can_be_read_by_python_3_10(file: Path) -> None:
    ast.parse(file.read_text(), feature_version=(3, 10))


def test_every_adapter_is_imported_with_the_standard_library_alone(tmp_path: Path) -> None:
    (tmp_path / "aigc").mkdir()
    for name in ("__init__.py", "adapters", "runner"):
        (tmp_path / "aigc" / name).symlink_to(Path(family.__file__).parents[1] / name)
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); before = set(sys.modules); import importlib\n"
        f"for name in {[file.stem for file in ADAPTERS if file.stem != '__init__']!r}:\n"
        "    importlib.import_module('aigc.adapters.' + name)\n"
        "roots = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(roots - sys.stdlib_module_names))"
    )
    # -S: no site-packages; -I: nothing from the environment either.
    done = subprocess.run([sys.executable, "-S", "-I", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("['aigc']", "")
