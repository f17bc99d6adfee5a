from structlog.testing import capture_logs

from transport.counters import EVERYBODY_ELSE, PEERS_COUNTED, Counters
from transport.envelope import BadFrame, Reason

GARBAGE = BadFrame(Reason.GARBAGE, "invalid opcode")
KIND = BadFrame(Reason.KIND, "invalid value 99")


def test_refusals_are_counted_by_peer_and_reason() -> None:
    counters = Counters()
    for peer, bad in ((b"a", GARBAGE), (b"a", KIND), (b"b", GARBAGE), (b"a", GARBAGE)):
        counters.refuse(peer, bad)
    assert counters.refused == {
        (b"a", Reason.GARBAGE): 2,
        (b"a", Reason.KIND): 1,
        (b"b", Reason.GARBAGE): 1,
    }
    assert counters.refused_for(Reason.GARBAGE) == 3


def test_who_was_accepted_and_not_admitted_was_turned_away() -> None:
    counters = Counters()
    counters.accepted, counters.admitted = 5, 3
    assert counters.turned_away == 2


def test_each_peer_is_logged_once() -> None:
    counters = Counters()
    with capture_logs() as logs:
        for _ in range(100):
            counters.refuse(b"a.boot.1", GARBAGE)
            counters.refuse(b"a.boot.1", KIND)
            counters.refuse(b"\0\xff", KIND)
    assert logs == [
        {
            "event": "frame.refused",
            "peer": "a",
            "reason": "garbage",
            "detail": "invalid opcode",
            "log_level": "warning",
        },
        {
            "event": "frame.refused",
            "peer": "\0\\xff",
            "reason": "unknown kind",
            "detail": "invalid value 99",
            "log_level": "warning",
        },
    ]


def test_a_peer_that_calls_itself_anew_for_each_frame_fills_no_memory_and_no_log() -> None:
    counters = Counters()
    with capture_logs() as logs:
        for number in range(5 * PEERS_COUNTED):
            counters.refuse(b"%d" % number, GARBAGE)
    assert len(counters.refused) == len(logs) == PEERS_COUNTED + 1
    assert counters.refused[EVERYBODY_ELSE, Reason.GARBAGE] == 4 * PEERS_COUNTED
    assert counters.refused_for(Reason.GARBAGE) == 5 * PEERS_COUNTED
