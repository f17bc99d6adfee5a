import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transport.kit import Ask, Data, ToRouter, dealer_codec, router_codec
from transport.counters import Counters
from transport.envelope import MESSAGES_PER_FRAME, Envelope
from transport.errors import MessageTooLarge, Overloaded
from transport.outbox import FRAME_BYTES, Outbox, OutboxLimits


def outbox(limits: OutboxLimits | None = None, counters: Counters | None = None) -> "Outbox[ToRouter]":
    return Outbox("peer", dealer_codec(), "boot", limits or OutboxLimits(), counters or Counters())


class Wire:
    """Takes as many frames as it is told to, and decodes them."""

    def __init__(self, room: int = 10**9) -> None:
        self.room = room
        self.frames: list[bytes] = []

    def send(self, frame: bytes) -> bool:
        if self.room <= 0:
            return False
        self.room -= 1
        self.frames.append(frame)
        return True

    @property
    def envelopes(self) -> "list[Envelope[ToRouter]]":
        decoded = [router_codec().decode(frame) for frame in self.frames]
        assert all(isinstance(envelope, Envelope) for envelope in decoded)
        return decoded  # type: ignore[return-value]

    @property
    def numbers(self) -> list[int]:
        return [message.n for envelope in self.envelopes for message in envelope.messages]


def test_all_that_waits_leaves_as_one_frame_in_order() -> None:
    box, wire, counters = outbox(), Wire(), Counters()
    box = outbox(counters=counters)
    for n in range(100):
        box.put(Ask(n))
    assert len(box) == 100
    assert box.flush(wire.send)
    assert len(wire.frames) == 1
    assert wire.numbers == list(range(100))
    assert (len(box), counters.messages_sent) == (0, 100)


def test_urgent_messages_leave_before_data_and_a_heartbeat_before_both() -> None:
    box, wire = outbox(), Wire()
    box.put(Ask(1))
    box.put(Ask(10), urgent=True)
    box.put(Ask(2))
    box.put(Ask(11), urgent=True)
    box.beat()
    box.beat()
    box.flush(wire.send)
    assert [[message.n for message in envelope.messages] for envelope in wire.envelopes] == [[], [10, 11], [1, 2]]


def test_frames_are_numbered_from_one_and_again_after_a_restart() -> None:
    box, wire = outbox(), Wire()
    for n in range(3):
        box.put(Ask(n))
        box.flush(wire.send)
    box.put(Ask(3))
    box.restart()
    box.flush(wire.send)
    assert [envelope.sequence for envelope in wire.envelopes] == [1, 2, 3, 1]
    assert wire.numbers == [0, 1, 2, 3]


def test_a_refused_frame_stays_and_keeps_its_number() -> None:
    box, wire = outbox(), Wire(room=0)
    box.beat()
    box.put(Ask(1))
    assert not box.flush(wire.send)
    wire.room = 1
    assert not box.flush(wire.send)
    box.put(Ask(2), urgent=True)
    wire.room = 9
    assert box.flush(wire.send)
    assert [envelope.sequence for envelope in wire.envelopes] == [1, 2, 3]
    assert wire.numbers == [2, 1]


def test_a_frame_for_which_sending_raises_stays() -> None:
    box, wire = outbox(), Wire()
    box.put(Ask(1))

    def broken(_frame: bytes) -> bool:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        box.flush(broken)
    box.flush(wire.send)
    assert wire.numbers == [1]


def test_only_the_heartbeat_leaves_when_only_that_is_asked_for() -> None:
    box, wire = outbox(), Wire()
    assert not box.is_due
    box.put(Ask(1), urgent=True)
    assert box.flush_beat(wire.send)
    assert wire.frames == []
    box.beat()
    assert box.flush_beat(wire.send)
    assert (len(wire.frames), wire.numbers, len(box)) == (1, [], 1)


def test_messages_share_a_frame_only_within_one_request_and_one_trace() -> None:
    box, wire = outbox(), Wire()
    for n, (correlation, trace) in enumerate([(0, ""), (0, ""), (1, ""), (2, ""), (0, "t"), (0, "t"), (0, "")]):
        box.put(Ask(n), correlation=correlation, trace=trace)
    box.flush(wire.send)
    assert [(e.correlation, e.trace, len(e.messages)) for e in wire.envelopes] == [
        (0, "", 2),
        (1, "", 1),
        (2, "", 1),
        (0, "t", 2),
        (0, "", 1),
    ]


def test_no_frame_holds_more_messages_than_a_receiver_accepts() -> None:
    box, wire = outbox(), Wire()
    for n in range(2 * MESSAGES_PER_FRAME + 1):
        box.put(Ask(n))
    box.flush(wire.send)
    assert [len(envelope.messages) for envelope in wire.envelopes] == [MESSAGES_PER_FRAME, MESSAGES_PER_FRAME, 1]


@given(st.lists(st.integers(0, 200_000), max_size=30))
def test_a_frame_is_joined_up_to_its_size_and_a_longer_message_goes_alone(sizes: list[int]) -> None:
    box, wire = outbox(), Wire()
    for n, size in enumerate(sizes):
        box.put(Data(n, bytes(size)))
    box.flush(wire.send)
    assert wire.numbers == list(range(len(sizes)))
    for frame, envelope in zip(wire.frames, wire.envelopes, strict=True):
        assert len(frame) <= FRAME_BYTES + 100 or len(envelope.messages) == 1
    for one, two in zip(wire.envelopes, wire.envelopes[1:], strict=False):
        joined = sum(len(m.payload) for m in (*one.messages, two.messages[0]) if isinstance(m, Data))
        assert joined > FRAME_BYTES - 20 * (len(one.messages) + 1)


def test_messages_beyond_the_limit_are_refused_and_nothing_is_lost() -> None:
    box, wire = outbox(OutboxLimits(messages=3)), Wire()
    for n in range(3):
        box.put(Ask(n))
    with pytest.raises(Overloaded, match="peer does not take what it is sent: 3 messages"):
        box.put(Ask(3))
    box.flush(wire.send)
    box.put(Ask(4))
    box.flush(wire.send)
    assert wire.numbers == [0, 1, 2, 4]


def test_bytes_beyond_the_limit_are_refused() -> None:
    box = outbox(OutboxLimits(size_bytes=1_000))
    box.put(Data(1, bytes(900)))
    with pytest.raises(Overloaded):
        box.put(Data(2, bytes(100)))
    box.put(Data(3, bytes(50)))


def test_one_message_longer_than_the_limit_passes_an_empty_outbox() -> None:
    box, wire = outbox(OutboxLimits(size_bytes=10)), Wire()
    box.put(Data(1, bytes(900)))
    box.flush(wire.send)
    box.put(Data(2, bytes(900)))
    box.flush(wire.send)
    assert wire.numbers == [1, 2]


def test_data_cannot_fill_the_room_of_urgent_messages() -> None:
    box = outbox(OutboxLimits(messages=2, urgent_messages=2))
    for n in range(2):
        box.put(Ask(n))
    box.put(Ask(10), urgent=True)
    box.put(Ask(11), urgent=True)
    with pytest.raises(Overloaded):
        box.put(Ask(12), urgent=True)


def test_a_message_is_sent_as_it_was_when_it_was_put() -> None:
    box, wire = outbox(), Wire()
    payload = bytearray(b"before")
    box.put(Data(1, payload))  # type: ignore[arg-type]
    payload[:] = b"after!"
    box.flush(wire.send)
    assert wire.envelopes[0].messages == [Data(1, b"before")]


@pytest.mark.parametrize("trace", ["t" * 129, "tr\u00e4ce"])
def test_a_trace_that_the_receiver_would_refuse_is_refused_here(trace: str) -> None:
    with pytest.raises(ValueError, match="trace"):
        outbox().put(Ask(1), trace=trace)


def test_a_message_that_fits_no_frame_leaves_the_outbox_as_it_was() -> None:
    box = outbox()
    with pytest.raises(MessageTooLarge):
        box.put(Data(1, bytes(1 << 20)))
    assert (len(box), box.is_due) == (0, False)


actions = st.lists(st.tuples(st.sampled_from(["data", "urgent", "beat", "flush"]), st.integers(0, 3)), max_size=80)


@given(actions)
def test_each_lane_keeps_its_order_and_loses_nothing_however_the_wire_stalls(actions: list[tuple[str, int]]) -> None:
    box, wire = outbox(OutboxLimits(messages=10, urgent_messages=10)), Wire(room=0)
    accepted: dict[bool, list[int]] = {True: [], False: []}
    for n, (action, amount) in enumerate(actions):
        if action == "flush":
            wire.room = amount
            box.flush(wire.send)
        elif action == "beat":
            box.beat()
        else:
            is_urgent = action == "urgent"
            try:
                box.put(Ask(2 * n + is_urgent), urgent=is_urgent, correlation=amount)
            except Overloaded:
                assert len(box) >= 10
            else:
                accepted[is_urgent].append(2 * n + is_urgent)
    wire.room = 10**9
    assert box.flush(wire.send)
    assert [n for n in wire.numbers if n % 2] == accepted[True]
    assert [n for n in wire.numbers if not n % 2] == accepted[False]
    assert [envelope.sequence for envelope in wire.envelopes] == list(range(1, len(wire.frames) + 1))
    assert not box.is_due
