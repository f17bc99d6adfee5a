"""Whether what a recipe names is on this disk, and how a runner gets to it. Nothing is imported and nothing is run."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from config import recipe
from config.recipe import Named, Sha256

RECORD = "installed.json"
ENVIRONMENT, WEIGHTS = "env", "weights"
_NOT_INSTALLED = "it is not installed"


class KeptFile(BaseModel):
    """A file of weights as it was when it was verified; its path starts at the folder of the weights."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    path: str
    bytes: int
    sha256: Sha256


class Record(BaseModel):
    """What an installation leaves as its last act."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    recipe: str
    digest: str
    revisions: dict[str, str] = {}
    """Of each hub repository, the commit that its files are of."""
    files: list[KeptFile] = []


class Place(NamedTuple):
    """Where one recipe is, or will be, installed."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ENVIRONMENT / "bin" / "python"

    @property
    def weights(self) -> Path:
        """The folder of its weights."""
        return self.folder / WEIGHTS

    @property
    def record(self) -> Path:
        """The file that says that all is there."""
        return self.folder / RECORD


class Installed(NamedTuple):
    """What a runner needs to know."""

    python: str
    path: list[Path]
    env: dict[str, str]
    init: dict[str, Any]


class Found(NamedTuple):
    """A recipe, and how it stands on this disk."""

    named: Named
    place: Place
    missing: str
    """What keeps its models from running, in words; empty if nothing does."""


class Installations:
    """What is installed in one folder; each recipe is looked for once.

    Args:
        environments: the folder; None: nothing is installed anywhere.
    """

    def __init__(self, environments: Path | None) -> None:
        self._environments = environments
        self._found: dict[str, Found] = {}

    def find(self, name: str, base: Path | None = None) -> Found:
        """How the recipe of that name stands; one that ends in `.yaml` is a file, relative to `base`.

        Raises:
            ConfigInvalid: there is no such recipe, or what is wrong with it.
        """
        if name not in self._found:
            named = recipe.load(name, base)
            place = Place((self._environments or Path()) / named.name)
            self._found[name] = Found(named, place, missing(named, place) if self._environments else _NOT_INSTALLED)
        return self._found[name]


def missing(named: Named, place: Place) -> str:
    """What keeps the recipe's models from running, in words; empty if nothing does."""
    if not place.record.is_file():
        return "its installation was not finished" if place.folder.exists() else _NOT_INSTALLED
    try:
        record = Record.model_validate(json.loads(place.record.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError):
        return f"{place.record} cannot be read"
    if record.digest != named.digest:
        return "it was installed by another version of its recipe"
    if not place.python.is_file():
        return f"its interpreter {place.python} is not there"
    for source in named.recipe.sources:
        if not (place.folder / source.into).is_dir():
            return f"the repository {source.into} is not there"
    for kept in record.files:
        file = place.weights / kept.path
        if not file.is_file():
            return f"the weights {kept.path} are not there"
        if file.stat().st_size != kept.bytes:
            return f"the weights {kept.path} have {file.stat().st_size} bytes, not {kept.bytes}"
    return ""


def access(named: Named, place: Place) -> Installed:
    """How a runner gets to what is installed there."""
    recipe = named.recipe
    return Installed(
        python=str(place.python),
        path=[place.folder / source.into / folder for source in recipe.sources for folder in source.path],
        env={name: value.replace("{folder}", str(place.folder)) for name, value in recipe.env.items()},
        init={"weights": str(place.weights)},
    )
