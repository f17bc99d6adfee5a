import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.liveness import Liveness, Patience, Verdict

PATIENCE = Patience(suspect_s=3.0, lost_s=5.0)


def test_silence_makes_suspect_and_then_lost() -> None:
    liveness: Liveness[str] = Liveness(PATIENCE)
    assert liveness.heard("a", now=10.0)
    assert liveness.overdue(12.9) == []
    assert liveness.overdue(13.0) == [("a", Verdict.SUSPECT)]
    assert liveness.overdue(14.9) == []
    assert liveness.overdue(15.0) == [("a", Verdict.LOST)]
    assert liveness.overdue(99.0) == []
    assert liveness.verdict("a") is Verdict.LOST


def test_a_suspect_that_speaks_is_alive_again_and_that_is_news() -> None:
    liveness: Liveness[str] = Liveness(PATIENCE)
    liveness.heard("a", now=0.0)
    liveness.overdue(3.5)
    assert liveness.verdict("a") is Verdict.SUSPECT
    assert liveness.heard("a", now=4.0)
    assert not liveness.heard("a", now=4.1)
    assert liveness.verdict("a") is Verdict.ALIVE
    assert liveness.overdue(7.0) == []


def test_who_is_made_suspect_before_its_time_is_lost_no_sooner_for_that() -> None:
    liveness: Liveness[str] = Liveness(PATIENCE)
    liveness.heard("a", now=0.0)
    assert liveness.suspect("a")
    assert not liveness.suspect("a")
    assert not liveness.suspect("nobody")
    assert liveness.verdict("a") is Verdict.SUSPECT
    assert liveness.overdue(4.9) == []
    assert liveness.overdue(5.0) == [("a", Verdict.LOST)]


def test_a_long_silence_goes_straight_to_lost() -> None:
    liveness: Liveness[str] = Liveness(PATIENCE)
    liveness.heard("a", now=0.0)
    assert liveness.overdue(100.0) == [("a", Verdict.LOST)]


def test_who_was_silent_longest_is_reported_first() -> None:
    liveness: Liveness[str] = Liveness(PATIENCE)
    for peer, now in (("young", 4.0), ("old", 0.0), ("middle", 2.0)):
        liveness.heard(peer, now)
    assert liveness.overdue(7.0) == [
        ("old", Verdict.LOST),
        ("middle", Verdict.LOST),
        ("young", Verdict.SUSPECT),
    ]


def test_the_next_verdict_is_due_when_the_one_who_was_silent_longest_has_been_so_for_too_long() -> None:
    liveness: Liveness[str] = Liveness(Patience(3.0, 5.0))
    assert liveness.due() is None
    liveness.heard("a", 10.0)
    liveness.heard("b", 11.0)
    assert liveness.due() == 13.0
    liveness.overdue(13.0)
    assert liveness.due() == 14.0  # b is suspect before a is lost
    liveness.overdue(14.0)
    assert liveness.due() == 15.0
    liveness.heard("a", 14.5)
    assert liveness.due() == 16.0


def test_who_is_forgotten_is_not_reported() -> None:
    liveness: Liveness[str] = Liveness(PATIENCE)
    liveness.heard("a", now=0.0)
    liveness.forget("a")
    assert liveness.overdue(100.0) == []
    assert liveness.verdict("a") is Verdict.LOST


steps = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 4), st.booleans()), max_size=60)


@given(steps)
def test_reports_follow_from_the_time_of_the_last_sign_alone(steps: list[tuple[str, float, bool]]) -> None:
    liveness: Liveness[str] = Liveness(PATIENCE)
    last: dict[str, float] = {}
    thought: dict[str, Verdict] = {}
    now = 0.0
    for peer, wait_s, speaks in steps:
        now += wait_s
        if speaks:
            assert liveness.heard(peer, now) == (thought.get(peer) is not Verdict.ALIVE)
            last[peer], thought[peer] = now, Verdict.ALIVE
        expected = {}
        for who, when in list(last.items()):
            verdict = PATIENCE.verdict(now - when)
            if verdict > thought[who]:
                expected[who] = thought[who] = verdict
            if verdict is Verdict.LOST:
                del last[who], thought[who]
        assert dict(liveness.overdue(now)) == expected


@pytest.mark.parametrize(("suspect_s", "lost_s"), [(0.0, 5.0), (5.0, 3.0), (-1.0, 1.0)])
def test_senseless_patience_is_refused(suspect_s: float, lost_s: float) -> None:
    with pytest.raises(ValueError, match="patience needs"):
        Patience(suspect_s, lost_s)
