"""One frame: a version, who sends, its number, what it answers, its trace, and a list of messages.

A batch is one frame because frames are what ZeroMQ charges for: eight records in one frame travel at five times the
rate of one frame each. The messages are the caller's msgspec structs, array_like and tagged; the decoder is handed the
union that this end may receive, so that a message of the wrong direction is refused like any other unknown kind.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import msgspec

from transport.errors import MessageTooLarge

S = TypeVar("S")
R = TypeVar("R")

MESSAGES_PER_FRAME = 512
"""A frame holds at most so many messages, so that one frame keeps a loop busy for a few milliseconds at worst."""

TRACE_CHARS = 128
"""A W3C traceparent has 55 characters, all ASCII."""

_HEAD_BYTES = 512  # what an envelope adds to its messages, at the most
_Count = Annotated[int, msgspec.Meta(ge=0)]


class Envelope(msgspec.Struct, Generic[R], array_like=True, frozen=True):
    """What arrives. An empty `messages` is a heartbeat; links answer it themselves and never hand it on."""

    version: int
    boot: Annotated[str, msgspec.Meta(max_length=64)]
    """The sender's life; the same over its reconnects, never used again."""
    sequence: _Count
    """1, 2, 3 … for each socket and direction. 0 only from a router: "I do not know you, begin anew"."""
    correlation: _Count
    """Which request this asks or answers; 0 for neither."""
    trace: Annotated[str, msgspec.Meta(max_length=TRACE_CHARS)]
    """W3C traceparent of what caused the messages; empty if nobody traces."""
    messages: Annotated[list[R], msgspec.Meta(max_length=MESSAGES_PER_FRAME)]


class Reason(StrEnum):
    """Why a frame was refused."""

    OVERSIZED = "oversized"
    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    NESTED = "nested too deep"
    VERSION = "unknown version"
    KIND = "unknown kind"
    SHAPE = "wrong shape"
    PARTS = "wrong number of parts"
    HOLE = "frames before it are missing"
    STRANGER = "not its first frame, from an unknown peer"
    CROWDED = "too many peers"


class BadFrame(NamedTuple):
    """What was wrong with a frame. It is counted, logged once per peer and dropped."""

    reason: Reason
    detail: str
    sequence: int = 0
    """Its number, if its head could be read: such a frame is dropped alone and leaves no hole."""


class _Head(msgspec.Struct, array_like=True):
    version: int
    boot: str
    sequence: _Count


class Codec(Generic[S, R]):
    """Messages to frames and back, for one end of one kind of link.

    Args:
        receives: the union (or the one type) of messages that may arrive here: msgspec structs, array_like, tagged.
        version: of the messages; both ends must have the same.
        max_bytes: the longest frame, in both directions.
    """

    def __init__(self, receives: Any, *, version: int = 1, max_bytes: int = 1 << 20) -> None:
        self.version = version
        self.max_bytes = max_bytes
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[Envelope[R]] = msgspec.msgpack.Decoder(
            Envelope[receives]  # the union is a value here
        )
        self._head = msgspec.msgpack.Decoder(_Head)

    def pack(self, message: S) -> bytes:
        """`message` as it will stand in a frame; later changes to it no longer matter.

        Raises:
            MessageTooLarge: it fits no frame.
        """
        packed = self._encoder.encode(message)
        if len(packed) > self.max_bytes - _HEAD_BYTES:
            raise MessageTooLarge(type(message).__name__, len(packed), self.max_bytes - _HEAD_BYTES)
        return packed

    def frame(
        self, packed: Sequence[bytes], *, boot: str, sequence: int, correlation: int = 0, trace: str = ""
    ) -> bytes:
        """The frame that holds `packed`, in this order. No more than `MESSAGES_PER_FRAME`, within `max_bytes`."""
        messages = [*map(msgspec.Raw, packed)]
        return self._encoder.encode((self.version, boot, sequence, correlation, trace, messages))

    def encode(
        self, messages: Sequence[S], *, boot: str, sequence: int = 1, correlation: int = 0, trace: str = ""
    ) -> bytes:
        """One frame with all `messages`, for who needs no link."""
        packed = [self.pack(message) for message in messages]
        return self.frame(packed, boot=boot, sequence=sequence, correlation=correlation, trace=trace)

    def decode(self, frame: bytes) -> Envelope[R] | BadFrame:
        """The envelope in `frame`, or why there is none. Never raises, whatever the bytes."""
        if len(frame) > self.max_bytes:
            return BadFrame(Reason.OVERSIZED, f"{len(frame)} bytes, {self.max_bytes} are allowed")
        try:
            envelope = self._decoder.decode(frame)
        except Exception as error:  # noqa: BLE001 - whatever bytes make a decoder raise is the sender's fault
            return self._explain(frame, error)
        if envelope.version != self.version:
            return BadFrame(Reason.VERSION, f"version {envelope.version}, this end speaks {self.version}")
        return envelope

    def _explain(self, frame: bytes, error: Exception) -> BadFrame:
        detail = str(error)[:200]
        try:
            head = self._head.decode(frame)
        except Exception:  # noqa: BLE001 - as above; the first error says more
            return BadFrame(_reason(error), detail)
        if head.version != self.version:
            return BadFrame(Reason.VERSION, f"version {head.version}, this end speaks {self.version}")
        return BadFrame(_reason(error), detail, head.sequence)


def _reason(error: Exception) -> Reason:
    if isinstance(error, RecursionError):
        return Reason.NESTED
    if isinstance(error, msgspec.ValidationError):
        return Reason.KIND if str(error).startswith("Invalid value") else Reason.SHAPE
    return Reason.TRUNCATED if "truncated" in str(error) else Reason.GARBAGE
