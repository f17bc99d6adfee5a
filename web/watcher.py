"""One connection that hears news."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from aigc.core.ids import OwnerId
from web.stories import Event


class Packed(NamedTuple):
    """The events of one send, encoded for all sinks of one form."""

    data: bytes
    events: Sequence[Event]


class Sink(Protocol):
    """The writing end of a connection. Nothing here waits."""

    kind: str
    """`websocket`, `sse`."""
    form: str
    """Sinks of one form are sent the same bytes."""

    def backlog(self) -> int | None:
        """Bytes that were sent and not yet taken by the other side; None if it is gone."""

    def pack(self, events: Sequence[Event]) -> Packed:
        """What a sink of this form sends of these events."""

    def send(self, packed: Packed) -> None:
        """These events leave, in order."""

    def heartbeat(self) -> None:
        """A sign of life leaves."""

    def close(self, code: int, reason: str) -> None:
        """The connection ends, with a WebSocket close code and a reason where its protocol has them."""


class Watcher:
    """A connection, and whose it is.

    Args:
        sink: where its events go.
        viewer: whose jobs it may hear of; None: everybody's.
        holder: the account that has opened it; empty where nobody has to log in.
    """

    __slots__ = ("blocked_at", "holder", "sink", "viewer")

    def __init__(self, sink: Sink, viewer: OwnerId | None, holder: str = "") -> None:
        self.sink = sink
        self.viewer = viewer
        self.holder = holder
        self.blocked_at: float | None = None
        """Since when it takes nothing, on the loop's clock."""
