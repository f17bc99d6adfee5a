"""Recipes: those that come with the server are sound, and what is wrong with another is said."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from config import recipe
from config.marks import ConfigInvalid
from tests.config.recipe_kit import tiny

NAMES = recipe.bundled()


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_recipe_says_its_licence_and_where_it_ran_and_pins_everything(name: str) -> None:
    named = recipe.load(name)
    assert named.recipe.licence and named.recipe.ran and named.recipe.homepage.startswith("https://")
    pins = [*named.recipe.packages, *named.recipe.without_dependencies, *named.recipe.compiled]
    assert len({pin.partition("==")[0].lower() for pin in pins}) == len(pins), "a package stands there twice"
    assert named.recipe.weights, "without weights there is nothing to install"
    if named.recipe.compiled or named.recipe.by_hand:
        assert named.recipe.cuda, "the toolkit to compile with is not named"
    for weights in named.recipe.weights:
        assert weights.gigabytes > 0


def test_an_unknown_recipe_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigInvalid, match="trellis"):
        recipe.load("trelis")


def test_a_change_of_a_recipe_changes_its_digest_and_a_comment_does_not(tmp_path: Path) -> None:
    file = tiny(tmp_path)
    before = recipe.load(str(file)).digest
    file.write_text("# a word\n" + file.read_text())
    assert recipe.load(str(file)).digest == before
    file.write_text(file.read_text().replace("aigc-tiny-package==1.0+test", "aigc-tiny-package==1.1"))
    assert recipe.load("tiny.yaml", tmp_path).digest != before


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("packages", ["torch"], "torch"),
        ("packages", ["torch>=2"], "torch>=2"),
        ("packages", ["a==1 --hash=sha256:" + "0" * 64], "without_dependencies"),
        ("without_dependencies", ["a==1 --hash=sha256:" + "0" * 64, "b==1"], "all or none"),
        ("sources", [{"git": "ssh://x/y", "revision": "0" * 40, "into": "s"}], "ssh://x/y"),
        ("sources", [{"git": "https://x/y", "revision": "main", "into": "s"}], "main"),
        ("sources", [{"git": "https://x/y", "revision": "0" * 40, "into": "../s"}], "../s"),
        ("sources", [{"git": "https://x/y", "revision": "0" * 40, "into": "/etc"}], "/etc"),
        ("weights", [{"hub": "a/b"}], "files and patterns"),
        ("weights", [{"hub": "a/b", "url": "https://x/y", "files": [{"path": "f"}]}], "name one of them"),
        ("weights", [{"url": "https://x/y", "include": ["*"]}], "one file"),
        ("weights", [{"hub": "a/b", "files": [{"path": "../../f"}]}], "../../f"),
        ("weights", [{"url": "ftp://x/y", "files": [{"path": "f"}]}], "ftp://x/y"),
        ("python", "3", "3"),
        ("pakages", [], "packages"),
    ],
)
def test_what_is_not_pinned_or_leaves_its_folder_is_refused(tmp_path: Path, part: str, value: Any, said: str) -> None:
    file = tiny(tmp_path)
    written = yaml.safe_load(file.read_text()) | {part: value}
    file.write_text(yaml.safe_dump(written))
    with pytest.raises(ConfigInvalid) as refused:
        recipe.load(str(file))
    assert said in str(refused.value)
    assert f"{file}:" in str(refused.value)
