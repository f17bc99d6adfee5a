"""What the catalogue says about one model, as every process sees it."""

import hashlib
from typing import Any

import msgspec
from msgspec import Struct

from aigc.core.ids import ModelId


class ModelSpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One model of the catalogue. Sizes are bytes, times seconds."""

    id: ModelId
    feature: str
    class_path: str
    """`package.module:Class`; imported by the runner alone."""
    description: str = ""
    schema: dict[str, Any] = {}
    """JSON Schema (2020-12) of its parameters, from which validation, documentation and the web form come."""
    inputs: tuple[str, ...] = ()
    """Names of the inputs that it takes: `text`, `image`, `mesh`."""
    outputs: tuple[str, ...] = ("glb",)
    """Formats that it can write, its default first."""
    family: str = ""
    """Models of one family share a runner and its memory; empty: a family of its own."""
    devices: tuple[str, ...] = ("cuda", "cpu")
    """Kinds of device that can run it."""
    memory_bytes: int = 0
    """Declared peak on the device; replaced by what was measured, see `scheduling.profiles`."""
    load_s: float = 5.0
    run_s: float = 30.0
    """First guesses, until times have been learned."""
    load_limit_s: float = 900.0
    stall_limit_s: float = 300.0
    """A run that reports nothing for longer is ended, unless its learned gap is longer still."""
    run_limit_s: float = 0.0
    """An attempt may not run longer; 0: as long as it likes."""
    batch: int = 1
    """How many jobs it works on at once if they wait, each under a lease of its own; 1 for who has no `run_batch`."""
    pinned: bool = False
    """Never evicted."""
    python: str = ""
    """Interpreter of its runner; empty: the worker's own."""
    path: tuple[str, ...] = ()
    """Folders put on its runner's import path."""
    env: dict[str, str] = {}
    init: dict[str, Any] = {}
    """Keyword arguments of the class."""
    writable: tuple[str, ...] = ()
    """Folders that its runner may write to beside its scratch folder."""
    network: bool = False
    """True where its runner may open network connections."""
    licence: str = ""
    commercial_use: bool = True
    is_default: bool = False
    """Serves its feature when a request names no model."""

    @property
    def residency(self) -> str:
        """What is loaded when this model is: the key of runners and reservations."""
        return self.family or self.id

    @property
    def digest(self) -> str:
        """By which two processes notice that their entries differ."""
        return hashlib.sha256(msgspec.msgpack.encode(self)).hexdigest()[:16]


class Absent(Struct, frozen=True, kw_only=True):
    """A model that the catalogue knows and does not serve."""

    id: ModelId
    feature: str
    reason: str
    """`not_installed`, or `licence`."""
    detail: str
    """What is missing or forbidden, in words."""
    suggestion: str = ""
    """What the operator can do about it."""
    licence: str = ""
    commercial_use: bool = True


class Catalogue(Struct, frozen=True):
    """All models that can be asked for, with a digest by which two processes notice a difference."""

    models: tuple[ModelSpec, ...]
    digest: str
    absent: tuple[Absent, ...] = ()
    """Known, and refused with the reason."""

    def get(self, model: str) -> ModelSpec | None:
        """The entry of that id, or None."""
        return next((spec for spec in self.models if spec.id == model), None)

    def missing(self, model: str) -> Absent | None:
        """Why the model of that id is not served, or None if it is served or nobody knows it."""
        return next((absent for absent in self.absent if absent.id == model), None)

    def serving(self, feature: str) -> tuple[ModelSpec, ...]:
        """The models of a feature, its default first."""
        found = [spec for spec in self.models if spec.feature == feature]
        return tuple(sorted(found, key=lambda spec: not spec.is_default))
