"""The helpers for authors of models."""

from pathlib import Path

import pytest
from PIL import Image

from aigc.client import Unreachable
from aigc.testing import sample_file, serving
from tests.gltf import gltf_issues
from tests.house.kit import TEST_MODELS


def test_the_samples_are_a_picture_and_a_mesh(tmp_path: Path) -> None:
    with Image.open(sample_file("image", tmp_path)) as picture:
        picture.load()
        assert (picture.size, picture.getpixel((0, 0)), picture.getpixel((64, 64))) == (
            (128, 128), (255, 255, 255), (200, 40, 30),
        )  # fmt: skip
    assert gltf_issues(sample_file("mesh", tmp_path).read_bytes()) == []
    with pytest.raises(ValueError, match="image and mesh"):
        sample_file("song", tmp_path)


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"none\.yaml"), serving("none.yaml", tmp_path):
        pass


def test_a_server_serves_these_models_and_ends_with_the_block(tmp_path: Path) -> None:
    catalogue = tmp_path / "models.yaml"
    catalogue.write_text(
        f"models: {{text_to_raw_mesh: {{mine: {{class: 'stepping:Stepping', path: ['{TEST_MODELS}'], memory_gb: 1}}}}}}"
    )
    with serving(catalogue, tmp_path) as client:
        assert [model["id"] for model in client.models()["models"]] == ["mine"]
    with pytest.raises(Unreachable):
        client.health()
