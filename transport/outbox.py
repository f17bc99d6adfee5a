"""What waits to leave for one peer: bounded, urgent first, many messages to a frame."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from transport.counters import Counters
from transport.envelope import MESSAGES_PER_FRAME, TRACE_CHARS, Codec
from transport.errors import Overloaded

S = TypeVar("S")

FRAME_BYTES = 64 * 1024
"""Messages are joined up to this size, no further: an urgent one waits behind frames that ZeroMQ already has."""


@dataclass(frozen=True, slots=True)
class OutboxLimits:
    """How much may wait for one peer. Urgent messages have their own, smaller room, which data cannot fill."""

    messages: int = 10_000
    size_bytes: int = 16 << 20
    urgent_messages: int = 1_000
    urgent_bytes: int = 1 << 20


class _Waiting(NamedTuple):
    packed: bytes
    correlation: int
    trace: str


class _Lane:
    """A bounded queue that gives out runs of messages which can share a frame."""

    def __init__(self, messages: int, size_bytes: int) -> None:
        self.messages, self.size_bytes = messages, size_bytes
        self.queue: deque[_Waiting] = deque()
        self.used_bytes = 0

    def put(self, waiting: _Waiting) -> bool:
        """Whether there was room for it."""
        queue, used = self.queue, self.used_bytes + len(waiting.packed)
        # One message always fits an empty lane: a bound below the longest message must not silence it for ever.
        if queue and (used > self.size_bytes or len(queue) >= self.messages):
            return False
        queue.append(waiting)
        self.used_bytes = used
        return True

    def run(self) -> list[bytes]:
        """The longest run from the front with one correlation and trace, within the size of a frame; stays queued."""
        first = self.queue[0]
        run: list[bytes] = []
        size = 0
        for packed, correlation, trace in self.queue:
            size += len(packed)
            if run and (
                size > FRAME_BYTES
                or correlation != first.correlation
                or trace != first.trace
                or len(run) == MESSAGES_PER_FRAME
            ):
                break
            run.append(packed)
        return run

    def drop(self, count: int) -> None:
        for _ in range(count):
            self.used_bytes -= len(self.queue.popleft().packed)


class Outbox(Generic[S]):
    """The frames to one peer, numbered from 1. Heartbeats go first, then urgent messages, then data; each in order."""

    def __init__(self, peer: str, codec: Codec[S, Any], boot: str, limits: OutboxLimits, counters: Counters) -> None:
        self._peer, self._codec, self._boot, self._counters = peer, codec, boot, counters
        self._urgent = _Lane(limits.urgent_messages, limits.urgent_bytes)
        self._data = _Lane(limits.messages, limits.size_bytes)
        self._sequence = 0
        self._beat = False

    def __len__(self) -> int:
        """Messages that wait."""
        return len(self._urgent.queue) + len(self._data.queue)

    def put(self, message: S, *, urgent: bool = False, correlation: int = 0, trace: str = "") -> None:
        """`message` is queued.

        Raises:
            Overloaded: its lane is full.
            MessageTooLarge: it fits no frame.
            ValueError: `trace` is not ASCII, or too long.
        """
        if trace and (len(trace) > TRACE_CHARS or not trace.isascii()):
            raise ValueError(f"trace {trace[:60]!r}… is not ASCII of at most {TRACE_CHARS} characters")
        lane = self._urgent if urgent else self._data
        if not lane.put(_Waiting(self._codec.pack(message), correlation, trace)):
            raise Overloaded(self._peer, len(lane.queue), lane.used_bytes)

    @property
    def is_due(self) -> bool:
        """True if there is anything to send, be it a heartbeat."""
        return self._beat or bool(self._urgent.queue) or bool(self._data.queue)

    def beat(self) -> None:
        """A heartbeat is due; however often it is asked for, one leaves."""
        self._beat = True

    def restart(self) -> None:
        """The next frame is the first of a fresh socket. What waits goes on waiting."""
        self._sequence = 0

    def flush(self, send: Callable[[bytes], bool]) -> bool:
        """Frames went to `send` until nothing was left, or until it said no; True when nothing is left.

        A frame that `send` refused, or raised for, stays queued and will be offered again.
        """
        if not self.flush_beat(send):
            return False
        for lane in (self._urgent, self._data):
            while lane.queue:
                first, run = lane.queue[0], lane.run()
                if not self._offer(send, run, first.correlation, first.trace):
                    return False
                lane.drop(len(run))
                self._counters.messages_sent += len(run)
        return True

    def flush_beat(self, send: Callable[[bytes], bool]) -> bool:
        """As `flush`, but only a heartbeat that is due leaves; True when none is due any more."""
        if self._beat and self._offer(send, [], 0, ""):
            self._beat = False
        return not self._beat

    def _offer(self, send: Callable[[bytes], bool], run: list[bytes], correlation: int, trace: str) -> bool:
        sequence = self._sequence + 1
        frame = self._codec.frame(run, boot=self._boot, sequence=sequence, correlation=correlation, trace=trace)
        if not send(frame):
            return False
        self._sequence = sequence
        return True
