import pytest

from tests.transport.kit import ToDealer, router_codec
from transport.counters import Counters
from transport.envelope import BadFrame, Envelope, Reason
from transport.outbox import Outbox, OutboxLimits
from transport.peers import Peer, Peers

ONE, TWO = b"worker-0.w1.1", b"worker-1.w2.1"


def peers(limit: int = 10) -> "Peers[ToDealer]":
    def new(identity: bytes, boot: str) -> "Peer[ToDealer]":
        return Peer(identity, boot, Outbox("p", router_codec(), boot, OutboxLimits(), Counters()), lambda _: True)

    return Peers(limit, new)


def frame(sequence: int, boot: str = "w1") -> "Envelope[object]":
    return Envelope(1, boot, sequence, 0, "", [])


def reason(refused: BadFrame | None) -> Reason | None:
    return None if refused is None else refused.reason


def test_frames_in_order_are_heard() -> None:
    known = peers()
    assert [known.follow(ONE, frame(number)) for number in (1, 2, 3)] == [None, None, None]
    assert known.known[ONE].heard == 3
    assert known.known[ONE].boot == "w1"


@pytest.mark.parametrize("bad", [frame(2), frame(4), frame(1), frame(3, boot="w2")])
def test_a_hole_a_repetition_or_another_life_is_refused_and_counts_for_nothing(bad: "Envelope[object]") -> None:
    known = peers()
    for number in (1, 2):
        known.follow(ONE, frame(number))
    assert reason(known.follow(ONE, bad)) is Reason.HOLE
    assert known.follow(ONE, frame(3)) is None


def test_who_does_not_begin_at_the_beginning_is_a_stranger() -> None:
    known = peers()
    assert reason(known.follow(ONE, frame(2))) is Reason.STRANGER
    assert reason(known.follow(ONE, frame(0))) is Reason.STRANGER
    assert known.known == {}


def test_no_more_are_known_than_may_be_and_one_that_leaves_makes_room() -> None:
    known = peers(limit=1)
    known.follow(ONE, frame(1))
    assert reason(known.follow(TWO, frame(1))) is Reason.CROWDED
    del known.known[ONE]
    assert known.follow(TWO, frame(1)) is None


def test_a_frame_that_was_dropped_alone_leaves_no_hole() -> None:
    known = peers()
    known.follow(ONE, frame(1))
    known.skip(ONE, BadFrame(Reason.KIND, "what is that", sequence=2))
    assert known.follow(ONE, frame(3)) is None
    known.skip(ONE, BadFrame(Reason.GARBAGE, "no number could be read"))
    known.skip(TWO, BadFrame(Reason.KIND, "of nobody", sequence=1))
    assert known.follow(ONE, frame(4)) is None
    assert list(known.known) == [ONE]
