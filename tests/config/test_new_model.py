"""What `aigc models new` writes, for every feature; and that the guide shows nothing else."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from aigc.core.errors import InputInvalid
from aigc.features import FEATURES
from aigc.features.base import TEXT_KINDS
from config.catalogue import describe, load
from config.new_model import new_model

REPOSITORY = Path(__file__).parents[2]
TEMPLATE = REPOSITORY / "config" / "model_template"


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_gets_a_package_that_says_its_inputs(tmp_path: Path, feature: str) -> None:
    written = new_model("My-Model.2", feature, tmp_path / "new")
    texts = {path.relative_to(tmp_path / "new").as_posix(): path.read_text() for path in written}

    assert sorted(texts) == [
        "README.md", "models.yaml", "my_model_2/__init__.py", "my_model_2_test.py", "pyproject.toml",
    ]  # fmt: skip
    entry = yaml.safe_load(texts["models.yaml"])["models"][feature]["My-Model.2"]
    assert entry["class"] == "my_model_2:MyModel2"
    assert not any(re.search(r"spiral[-_]staircase|SpiralStaircase|FILE\b", text) for text in texts.values())
    for name in ("my_model_2/__init__.py", "my_model_2_test.py"):
        ast.parse(texts[name])
    for name, kinds in FEATURES[feature].inputs.items():
        assert (f'"{name}": str(sample_file(' in texts["my_model_2_test.py"]) == (kinds != TEXT_KINDS)


def test_what_was_written_is_taken_into_a_catalogue(tmp_path: Path) -> None:
    new_model("mine", "image_to_raw_mesh", tmp_path)
    spec = load(tmp_path / "models.yaml", describe=describe).get("mine")
    assert spec is not None
    assert spec.schema["properties"]["turns"]["work_power"] == 1


@pytest.mark.parametrize("name", ["", "../up", "-x", "json", "aigc", "class", "7up", "a b", "é"])
def test_a_name_that_would_not_work_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputInvalid):
        new_model(name, "text_to_raw_mesh", tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(InputInvalid, match="something lies at"):
        new_model("mine", "text_to_raw_mesh", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_feature_that_there_is_not_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid) as refused:
        new_model("mine", "text_to_song", tmp_path / "new")
    assert "text_to_raw_mesh" in str(refused.value.suggestion)


def test_the_guide_shows_the_tested_example_and_nothing_else() -> None:
    blocks = re.findall(r"```(python|yaml)\n(.*?)```", (REPOSITORY / "docs" / "models.md").read_text(), re.DOTALL)
    tested = "\n".join(path.read_text() for path in sorted(TEMPLATE.rglob("*")) if path.suffix in (".py", ".yaml"))

    assert len(blocks) == 5
    for _, block in blocks:
        assert _words(block) in _words(tested)


def _words(code: str) -> str:
    """Without the indentation, which a method in a text does not have."""
    return " ".join(code.split())
