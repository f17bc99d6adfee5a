"""A model of one's own: written by the command, tested by its own tests, served by a server, without a line of ours."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aigc.features import FEATURES


def wrote_and_tested(folder: Path, feature: str) -> str:
    """The output of the tests of a new package, as its author runs them."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHONPATH"))}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # an author has pytest; what we have beside it takes seconds
    for command in (
        ["-m", "aigc", "models", "new", "my-model", "--feature", feature, "--into", str(folder / "mine")],
        ["-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder / "mine")],
    ):
        done = subprocess.run(
            [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, timeout=250
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_model_passes_its_own_tests_through_a_real_server(tmp_path: Path) -> None:
    assert "3 passed" in wrote_and_tested(tmp_path, "image_to_raw_mesh")


@pytest.mark.slow
@pytest.mark.parametrize("feature", FEATURES)
def test_a_new_model_of_every_feature_passes_its_own_tests(tmp_path: Path, feature: str) -> None:
    assert "3 passed" in wrote_and_tested(tmp_path, feature)
