"""Whether what a recipe names is on this disk, read from the disk alone."""

import hashlib
from pathlib import Path

import pytest

from config import recipe
from config.installed import Installations, KeptFile, Place, Record, access, missing
from tests.config.recipe_kit import tiny


@pytest.fixture
def made(tmp_path: Path) -> tuple[recipe.Named, Place]:
    """A recipe and a place that looks as if it was installed there."""
    (tmp_path / "made").mkdir()
    named = recipe.load(str(tiny(tmp_path / "made")))
    place = Place(tmp_path / "environments" / named.name)
    place.python.parent.mkdir(parents=True)
    place.python.touch()
    (place.folder / "sources" / "tiny").mkdir(parents=True)
    (place.weights / "tiny").mkdir(parents=True)
    (place.weights / "tiny" / "tiny.bin").write_bytes(b"abc")
    kept = KeptFile(path="tiny/tiny.bin", bytes=3, sha256=hashlib.sha256(b"abc").hexdigest())
    place.record.write_text(Record(recipe="tiny", digest=named.digest, files=[kept]).model_dump_json())
    return named, place


def test_all_that_is_there_is_found_with_the_way_to_it(made: tuple[recipe.Named, Place]) -> None:
    named, place = made
    assert missing(named, place) == ""
    found = access(named, place)
    assert found.python == str(place.python)
    assert found.path == [place.folder / "sources" / "tiny"]
    assert found.env == {"TINY": f"{place.folder}/x"}
    assert found.init == {"weights": str(place.weights)}
    assert Installations(place.folder.parent).find(str(place.folder.parents[1] / "made" / "tiny.yaml")).missing == ""


def test_each_thing_that_is_missing_is_said(made: tuple[recipe.Named, Place]) -> None:
    named, place = made
    weights = place.weights / "tiny" / "tiny.bin"
    weights.write_bytes(b"ab")
    assert missing(named, place) == "the weights tiny/tiny.bin have 2 bytes, not 3"
    weights.unlink()
    assert missing(named, place) == "the weights tiny/tiny.bin are not there"
    (place.folder / "sources" / "tiny").rmdir()
    assert missing(named, place) == "the repository sources/tiny is not there"
    place.python.unlink()
    assert missing(named, place) == f"its interpreter {place.python} is not there"
    other = named.model_copy(update={"digest": "other"})
    assert missing(other, place) == "it was installed by another version of its recipe"
    place.record.write_text("{")
    assert missing(named, place) == f"{place.record} cannot be read"
    place.record.unlink()
    assert missing(named, place) == "its installation was not finished"
    assert missing(named, Place(place.folder / "elsewhere")) == "it is not installed"
    assert Installations(None).find("trellis").missing == "it is not installed"
