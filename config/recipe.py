"""A recipe: what has to be on a disk before a heavy model can run, with every version pinned.

A recipe names an interpreter, packages, revisions of repositories, what nobody can install for you, and weights. It is
data: `config/installed.py` compares it with a disk, `config/installing.py` makes the disk like it.
"""

import hashlib
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from config.marks import Complaint, ConfigInvalid, Document, check, parse, read

SUFFIX = ".yaml"
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Relative = Annotated[str, Field(pattern=r"^(\.|(\.?[\w@+-][\w.@+-]*/)*\.?[\w@+-][\w.@+-]*)$")]
"""A path that stays in the folder that it starts from."""
Pin = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.\[\],-]*==[\w.+!]+( --hash=sha256:[0-9a-f]{64})*$")]
"""`name==version`, with the hashes that it may have."""


class Part(BaseModel):
    """Base of all parts of a recipe: nothing that is not known, nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Source(Part):
    """A repository at one revision. It is checked out and put on the import path; nothing of it is run or built."""

    git: Annotated[str, Field(pattern=r"^(https|file)://")]
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    into: Relative
    path: list[Relative] = ["."]
    """Folders in it that its models import from."""


class ByHand(Part):
    """An extension that the operator has to build, since how depends on the GPU, its driver and the compiler."""

    module: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*$")]
    """What can be imported once it is there."""
    instructions: str
    """Where its authors say how."""
    licence: str = ""


class File(Part):
    """One file of weights."""

    path: Relative
    bytes: Annotated[int, Field(gt=0)] | None = None
    sha256: Sha256 | None = None


class Weights(Part):
    """Files from a model hub (`hub`, at a revision) or from one address (`url`, then `files` names the one file)."""

    hub: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")] | None = None
    revision: str = "main"
    url: Annotated[str, Field(pattern=r"^(https|http|file)://")] | None = None
    into: Relative = "."
    """Folder below the weights; a hub's files go into one that is called like their repository, below it."""
    files: list[File] = []
    include: list[str] = []
    """Patterns of names, where a hub's own list says which files there are, with their hashes."""
    gigabytes: Annotated[float, Field(ge=0)] = 0
    licence: str = ""
    """Where it is not the recipe's."""

    @property
    def folder(self) -> str:
        """Where its files go, below the folder of all weights."""
        return "/".join(part for part in (self.into, self.hub) if part and part != ".")

    @model_validator(mode="after")
    def _has_one_origin(self) -> "Weights":
        if (self.hub is None) == (self.url is None):
            raise ValueError("has hub and url, or neither; name one of them")
        if self.url and (len(self.files) != 1 or self.include):
            raise ValueError("a url holds one file; name it under files")
        if self.hub and bool(self.files) == bool(self.include):
            raise ValueError("names files and patterns, or neither; give one of them")
        return self


class Recipe(Part):
    """What one family of models needs."""

    title: str
    homepage: str
    licence: str
    licence_url: str = ""
    commercial_use: bool
    excluded: list[str] = []
    """Countries and unions in which the licence grants nothing."""
    ran: str
    """Where this recipe's adapter has run for real, or that it has not."""
    python: Annotated[str, Field(pattern=r"^3\.\d+$")]
    cuda: str = ""
    """CUDA toolkit with which something is compiled; empty: nothing is."""
    packages: list[Pin] = []
    without_dependencies: list[Pin] = []
    """Packages whose declared dependencies are wrong or not needed; these may have hashes."""
    compiled: list[Pin] = []
    """Packages that are compiled against the torch among `packages`."""
    sources: list[Source] = []
    by_hand: list[ByHand] = []
    weights: list[Weights] = []
    env: dict[str, str] = {}
    """For the runner; `{folder}` stands for the folder that it is installed in."""
    disk_gb: Annotated[float, Field(gt=0)]

    @field_validator("packages", "compiled")
    @classmethod
    def _has_no_hash(cls, pins: list[str]) -> list[str]:
        if any("--hash" in pin for pin in pins):
            raise ValueError("pip wants hashes of all dependencies as soon as one has one; use without_dependencies")
        return pins

    @field_validator("without_dependencies")
    @classmethod
    def _has_all_hashes_or_none(cls, pins: list[str]) -> list[str]:
        if len({"--hash" in pin for pin in pins}) == 2:
            raise ValueError("some have hashes and some have none; pip wants all or none")
        return pins


class Named(BaseModel):
    """A recipe with its name, which is that of its file, and the digest by which an installation knows it again."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    name: str
    digest: str
    recipe: Recipe


def bundled() -> list[str]:
    """Names of the recipes that come with the server."""
    folder = resources.files("config").joinpath("recipes")
    return sorted(file.name.removesuffix(SUFFIX) for file in folder.iterdir() if file.name.endswith(SUFFIX))


def load(name: str, base: Path | None = None) -> Named:
    """The recipe of that name; one that ends in `.yaml` is a file, relative to `base`.

    Raises:
        ConfigInvalid: it is not there, or what is wrong with it.
    """
    if name.endswith(SUFFIX):
        file = (base or Path()) / name
        return _named(file.name.removesuffix(SUFFIX), read(file))
    if name not in bundled():
        do = "one of " + ", ".join(bundled()) + ", or the path of a .yaml file"
        raise ConfigInvalid([Complaint(name, "is no recipe", do)])
    text = resources.files("config").joinpath("recipes", name + SUFFIX).read_text(encoding="utf-8")
    return _named(name, parse(text, name + SUFFIX))


def _named(name: str, document: Document) -> Named:
    recipe = check(Recipe, document)
    return Named(name=name, digest=hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()[:16], recipe=recipe)
