"""What should be on a device though no lease waits for it: models that are pinned, and loads that were asked for."""

import math
from collections.abc import Container, Iterable
from typing import Protocol

from msgspec import Struct

from aigc.core.model import Catalogue, ModelSpec


class Claim(Protocol):
    """A need of memory, whoever has it: a grant or a wish."""

    @property
    def need_bytes(self) -> int:
        """Memory to reserve."""

    @property
    def evict(self) -> tuple[str, ...]:
        """Residencies that should leave first."""

    @property
    def alone(self) -> bool:
        """Whether everybody else who may leave must."""


class Wish(Struct, frozen=True):
    """A load that was asked for: idle models leave for it."""

    spec: ModelSpec
    need_bytes: int
    evict: tuple[str, ...] = ()
    alone: bool = False


class Wishes:
    """Who is pinned, and what is to be loaded unasked or because somebody asked. Times are seconds.

    What an operator says of a residency counts more than the catalogue, for as long as the worker lives.

    Args:
        pause_s: before a pinned model that failed to load or died is loaded again.
    """

    def __init__(self, pause_s: float) -> None:
        self._pause_s = pause_s
        self._catalogue = Catalogue((), "")
        self._kind = ""
        self._said: dict[str, ModelSpec | None] = {}
        self._pinned: dict[str, ModelSpec] = {}
        self._asked: dict[str, Wish] = {}
        self._not_before: dict[str, float] = {}

    def follow(self, catalogue: Catalogue, kind: str) -> None:
        """This catalogue is in force on a device of this kind; wishes for models that left it are void."""
        self._catalogue, self._kind = catalogue, kind
        for residency, said in tuple(self._said.items()):
            if said is not None:
                self._said[residency] = catalogue.get(said.id)
        for residency, wish in tuple(self._asked.items()):
            spec = catalogue.get(wish.spec.id)
            if spec is None:
                del self._asked[residency]
            else:
                self._asked[residency] = Wish(spec, wish.need_bytes, wish.evict)
        self._resolve()

    def is_pinned(self, residency: str) -> bool:
        """Whether it stays, whatever else wants its memory."""
        return residency in self._pinned

    def pin(self, spec: ModelSpec, *, is_pinned: bool) -> None:
        """An operator pinned the model's residency here, or freed it."""
        self._said[spec.residency] = spec if is_pinned else None
        self._not_before.pop(spec.residency, None)
        self._resolve()

    def ask(self, wish: Wish) -> None:
        """An operator wants it loaded."""
        self._asked[wish.spec.residency] = wish
        self._not_before.pop(wish.spec.residency, None)

    def drop(self, residency: str) -> None:
        """An operator wants it gone: it does not come back before a job needs it or somebody asks, pinned or not."""
        self._asked.pop(residency, None)
        self._not_before[residency] = math.inf

    def begun(self, residency: str) -> None:
        """It is loading, for whomever."""
        self._asked.pop(residency, None)
        self._not_before.pop(residency, None)

    def lost(self, residency: str, now: float) -> None:
        """Its runner is gone; if it is pinned it is loaded again after the pause."""
        if residency in self._pinned:
            self._not_before.setdefault(residency, now + self._pause_s)

    def asked(self, present: Container[str]) -> list[Wish]:
        """Loads that were asked for and have not begun, oldest first."""
        return [wish for residency, wish in self._asked.items() if residency not in present]

    def refuse(self, residency: str) -> None:
        """It can never be loaded here as things stand: forgotten."""
        self._asked.pop(residency, None)

    def absent(self, present: Container[str], now: float) -> list[ModelSpec]:
        """Pinned models that are not there and may be loaded now."""
        return [
            spec
            for residency, spec in self._pinned.items()
            if residency not in present and self._not_before.get(residency, now) <= now
        ]

    def due(self, present: Container[str], now: float) -> Iterable[float]:
        """When more of them may be loaded."""
        return (at for residency, at in self._not_before.items() if residency not in present and at > now)

    def _resolve(self) -> None:
        models = self._catalogue.models
        pinned = {spec.residency: spec for spec in models if spec.pinned and self._kind in spec.devices}
        for residency, said in self._said.items():
            if said is not None:
                pinned[residency] = said
            else:
                pinned.pop(residency, None)
        self._pinned = pinned
