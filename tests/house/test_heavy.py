"""Heavy models as an operator meets them: what is missing, what an installation would do, and one that is done."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from aigc.client import ClientError
from tests.config.recipe_kit import tiny
from tests.house.kit import Server, eventually
from tests.house.test_cli import DONE, FAILED, REFUSED, aigc

ENTRY = {
    "class": "model:Tiny",
    "recipe": "tiny.yaml",
    "description": "As small as can be.",
    "parameters": {"properties": {}},
    "memory_gb": 0.1,
    "load_s": 0.2,
    "run_s": 0.1,
    "devices": ["cpu"],
}
MODELS = {"extra": ["heavy.yaml"], "environments": "environments", "prefer": ["tiny-model"]}


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """A configuration whose catalogue has one model of our own tiny recipe, not installed yet."""
    tiny(tmp_path)
    (tmp_path / "heavy.yaml").write_text(yaml.safe_dump({"models": {"text_to_raw_mesh": {"tiny-model": ENTRY}}}))
    file = tmp_path / "system.yaml"
    file.write_text(yaml.safe_dump({"models": MODELS, "storage": {"data_dir": str(tmp_path / "data")}}))
    return file


def test_the_doctor_says_what_is_not_served_and_how_that_is_changed(installation: Path) -> None:
    told = aigc("doctor", "--json", AIGC_CONFIG=str(installation)).json
    notes = {finding["what"]: finding["do"] for finding in told if finding["what"].startswith("not served")}
    absent = next(what for what in notes if what.endswith(": it is not installed"))
    assert {"tiny-model", "trellis_text_to_textured_mesh"} <= set(re.findall(r"[\w-]+", absent))
    assert "`aigc models recipes` tells of each what installs it" in notes[absent]
    sold = aigc("doctor", AIGC_CONFIG=str(installation), P3D_MODELS__COMMERCIAL_ONLY="true").out
    assert "forbids commercial use, and models.commercial_only is set" in sold


def test_a_dry_run_prints_everything_and_does_nothing(installation: Path, tmp_path: Path) -> None:
    ended = aigc("models", "install", "trellis_image_to_textured_mesh", "--dry-run", "--into", tmp_path / "new")
    assert ended.code == DONE, ended.err
    folder = tmp_path / "new" / "trellis"
    for said in (
        f"-m venv {folder}/env",
        "torch==2.4.0",
        "fetch --quiet --depth 1 https://github.com/microsoft/TRELLIS 6b0d64751ad54d9c32d7b05fec482eb29178f56f",
        "microsoft/TRELLIS-image-large at 25e0d31ffbebe4b5a97464dd851910efc3002d96",
        "nvdiffrast",
        "Licence: MIT",
        "Never for real",
        "Nothing was done",
    ):
        assert said in ended.out, said
    assert not (tmp_path / "new").exists()


def test_recipes_are_listed_with_their_state_and_licence(installation: Path) -> None:
    ended = aigc("models", "recipes", "--json", AIGC_CONFIG=str(installation))
    rows = {row["name"]: row for row in ended.json}
    assert rows["hunyuan3d-2.1"]["excluded"] == ["the European Union", "the United Kingdom", "South Korea"]
    assert rows["tiny"]["missing"] == rows["trellis"]["missing"] == "it is not installed"
    assert rows["tiny"]["models"] == ["tiny-model"]
    shown = aigc("models", "recipes", AIGC_CONFIG=str(installation)).out
    assert "not in the European Union" in shown and "Never for real" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no-such-recipe"], "is no recipe: one of "),
        (["nowhere.yaml"], "nowhere.yaml: cannot be read"),
        (["trellis", "--python", sys.executable], "TRELLIS (image-large and text-xlarge) needs Python 3.10"),
    ],
)
def test_what_stops_an_installation_before_it_begins_is_said(tmp_path: Path, arguments: list[str], said: str) -> None:
    ended = aigc("models", "install", *arguments, "--into", tmp_path / "new", cwd=tmp_path)
    assert ended.code in (FAILED, REFUSED)
    assert said in ended.err
    assert not (tmp_path / "new").exists()


def test_a_licence_that_is_not_accepted_stops_it(installation: Path, tmp_path: Path) -> None:
    arguments = ["models", "install", str(tmp_path / "tiny.yaml"), "--into", str(tmp_path / "n")]
    done = subprocess.run(
        [sys.executable, "-m", "aigc", *arguments], input="n\n", capture_output=True, text=True, check=False
    )
    assert done.returncode == FAILED
    assert "Nothing was done" in done.stderr and not (tmp_path / "n").exists()


def test_a_recipe_of_ones_own_is_installed_and_its_model_runs_in_its_own_interpreter(
    installation: Path, tmp_path: Path
) -> None:
    refused = "aigc models install"
    environment = {"AIGC_CONFIG": str(installation), "PIP_FIND_LINKS": str(tmp_path / "wheels")}
    with Server(tmp_path, settings={"models": MODELS, "worker": {"memory_gb": 8}}) as server:
        with pytest.raises(ClientError, match=refused):
            server.client.submit("text_to_raw_mesh", text="x", model="tiny-model")
        ended = aigc("models", "install", "tiny-model", "--accept-licence", **environment)
        assert ended.code == DONE, ended.err + ended.out
        again = aigc("models", "install", "tiny-model", "--accept-licence", **environment)
        assert again.out.count("[done]") == 5
        assert aigc("config", "reload", url=server.url).code == DONE
        eventually(lambda: server.client.model("tiny-model")["is_default"])
        job = server.client.wait(server.client.submit("text_to_raw_mesh", text="x")["id"])
        assert (job["status"], job["model"]) == ("completed", "tiny-model"), str(job["error"])[:2000]
