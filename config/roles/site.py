"""What all roles of one process share."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import zmq
from msgspec import Struct

from actors.actor import Actor
from actors.supervisor import ChildSpec
from aigc.core.ids import BootId
from aigc.core.trace import Export
from config.settings import Settings
from config.wiring import Topology

GIB, MIB = 1 << 30, 1 << 20


class Site(Struct, frozen=True):
    """Where the actors of one process stand."""

    context: zmq.Context[Any]
    topology: Topology
    settings: Settings
    living: Callable[[str], Actor | None]
    """The present life of an actor of this process, by its name."""
    origins: Mapping[str, str] = {}
    """Where settings come from, see `settings.Loaded`."""
    export: Export | None = None
    """Takes spans, where somebody collects traces."""


class Part(Protocol):
    """One role of a process."""

    uses_records: bool
    """Whether its actors need the store of jobs, and it is to be opened."""

    def children(self) -> list[ChildSpec]:
        """Its actors, in the order in which they start."""

    async def drain(self, budget_s: float) -> None:
        """Its work has ended or was handed back, within about that time."""


def new_boot() -> BootId:
    """The id of a new life of an actor."""
    return BootId(secrets.token_hex(6))
