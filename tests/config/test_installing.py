"""An installation from nothing to a model that a real runner loads, and everything that can stop it."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from config import installing, recipe
from config.fetching import FetchFailed, Hub
from config.installed import Place, access, missing
from config.installing import InstallFailed, Machine, Step, obstacles, steps
from tests.config.recipe_kit import PIP, tiny

HUB = Hub("http://127.0.0.1:1")


def machine(version: str = "", **changes: object) -> Machine:
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    found = Machine(sys.executable, version or own, shutil.which("git") or "", "", 1 << 40)
    return found._replace(**changes)


def planned(named: recipe.Named, place: Place) -> list[Step]:
    return list(steps(named, place, machine(), HUB, lambda _: None))


def install(named: recipe.Named, place: Place) -> list[str]:
    """Titles of the steps that had to be done."""
    done = []
    for step in planned(named, place):
        if not step.is_done():
            step.run()
            done.append(step.title)
            assert step.is_done(), step.title
    return done


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of a recipe whose packages come from the folder of its wheels; a runner's own are not among them."""
    for name, value in {**PIP, "PIP_FIND_LINKS": str(tmp_path / "wheels")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(installing, "RUNNER_PACKAGES", ())
    return tmp_path


def test_a_recipe_is_installed_once_resumed_where_it_stopped_and_found(offline: Path) -> None:
    file = tiny(offline)
    place = Place(offline / "environments" / "tiny")
    weights = offline / "tiny.bin"
    hidden = weights.rename(offline / "away.bin")
    with pytest.raises(FetchFailed, match="cannot be reached"):
        install(recipe.load(str(file)), place)
    assert missing(recipe.load(str(file)), place) == "its installation was not finished"

    hidden.rename(weights)
    named = recipe.load(str(file))
    assert [re.sub(r"[/ ].*", "", title) for title in install(named, place)] == ["weights", "the"]
    assert missing(named, place) == ""
    assert install(named, place) == []
    assert "aigc_tiny_package==1.0+test" in (place.folder / "packages-installed.txt").read_text()
    assert (access(named, place).path[0] / "tinyrepository.py").is_file()

    # A new version of the recipe: only what changed is done again.
    file.write_text(file.read_text().replace("disk_gb: 0.01", "disk_gb: 0.02"))
    named = recipe.load(str(file))
    assert missing(named, place) == "it was installed by another version of its recipe"
    assert [title.split(",")[0].split()[0] for title in install(named, place)] == ["weights", "the"]


def test_weights_with_another_hash_are_refused(offline: Path) -> None:
    file = tiny(offline)
    (offline / "tiny.bin").write_bytes((offline / "tiny.bin").read_bytes()[:-1] + b"!")
    place = Place(offline / "environments" / "tiny")
    weights = next(step for step in planned(recipe.load(str(file)), place) if step.title.startswith("weights"))
    with pytest.raises(FetchFailed, match="is not the file that is wanted"):
        weights.run()
    assert [path for path in place.weights.rglob("*") if path.is_file()] == []


def test_weights_that_were_copied_are_taken_where_no_hub_answers_and_said_to_be_unverified(offline: Path) -> None:
    weights = [{"hub": "o/r", "revision": "c" * 40, "include": ["ckpts/*", "*.json"]}]
    named = recipe.load(str(tiny(offline, weights=weights)))
    place, said = Place(offline / "e"), []
    folder = place.weights / "o" / "r"
    (folder / "ckpts").mkdir(parents=True)
    (folder / "ckpts" / "a.bin").write_bytes(b"abc")
    step = next(one for one in steps(named, place, machine(), HUB, said.append) if one.title.startswith("weights"))
    with pytest.raises(FetchFailed, match="cannot be reached"):
        step.run()
    (folder / "config.json").write_bytes(b"{}")
    step.run()
    assert step.is_done()
    assert "no hash could be compared" in said[-1]


def test_a_revision_that_is_not_there_stops_it_with_the_question_to_ask(offline: Path) -> None:
    file = tiny(offline)
    file.write_text(re.sub(r"revision: \w+", f"revision: '{'a' * 40}'", file.read_text()))
    source = next(step for step in planned(recipe.load(str(file)), Place(offline / "e")) if "repository" in step.title)
    with pytest.raises(InstallFailed, match="does it have that revision"):
        source.run()


def test_what_has_to_be_built_by_hand_is_asked_for_until_it_can_be_imported(offline: Path) -> None:
    by_hand = [{"module": "tiny_extension", "instructions": "https://example.org/build", "licence": "MIT"}]
    named = recipe.load(str(tiny(offline, by_hand=by_hand, cuda="12.4")))
    place = Place(offline / "environments" / "tiny")
    place.python.parent.mkdir(parents=True)
    place.python.symlink_to(sys.executable)
    step = next(step for step in planned(named, place) if "yourself" in step.title)
    with pytest.raises(
        InstallFailed, match=r"tiny_extension cannot be imported(.|\n)*no nvcc(.|\n)*example\.org/build"
    ):
        step.run()
    source = place.folder / "sources" / "tiny"
    source.mkdir(parents=True)
    (source / "tiny_extension.py").touch()
    step.run()
    assert step.is_done()


def test_what_keeps_it_from_being_tried_is_said_all_at_once(offline: Path) -> None:
    named = recipe.load(str(tiny(offline, compiled=["torch-scatter==2.1.2"], cuda="12.1", disk_gb=2048, python="3.10")))
    told = obstacles(named, Place(offline / "e"), machine(python="", version="", git=""))
    assert [line.partition(";")[0] for line in told] == [
        "Tiny needs Python 3.10, and there is no python3.10 on the path",
        "git is not on the path",
        "torch-scatter will be compiled, and there is no nvcc on the path",
        f"it takes 2048 GiB, and 1024 GiB are free at {offline / 'e'}",
    ]
    assert "CUDA toolkit 12.1" in told[2] and "--into" in told[3]
    told = obstacles(named, Place(offline / "e"), machine("3.9", nvcc="/usr/bin/nvcc", free_bytes=1 << 50))
    assert told == [f"Tiny needs Python 3.10, and {sys.executable} is 3.9; install it, or name it with --python"]


def test_a_machine_is_looked_at_as_it_is(tmp_path: Path) -> None:
    broken = tmp_path / "python9"
    broken.touch()
    found = Machine.look("3.9", tmp_path / "not" / "yet", str(broken))
    assert (found.python, found.version) == (str(broken), "")
    assert Machine.look(f"{sys.version_info[0]}.{sys.version_info[1]}", tmp_path).python == sys.executable
    assert found.free_bytes > 0


def test_a_pin_that_no_index_has_stops_it_with_the_command(offline: Path, capfd: pytest.CaptureFixture[str]) -> None:
    named = recipe.load(str(tiny(offline, packages=["no-such-package==9"])))
    place = Place(offline / "environments" / "tiny")
    place.python.parent.mkdir(parents=True)
    place.python.symlink_to(sys.executable)  # it fails before it would install anything
    packages = planned(named, place)[1]
    with pytest.raises(InstallFailed, match=r"pip install(.|\n)*its reason stands above(.|\n)*goes on from here"):
        packages.run()
    assert "no-such-package" in capfd.readouterr().err
