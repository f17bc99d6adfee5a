import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc.core.trace import Origin, Traceparent, parse

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_a_place_is_read_as_it_is_written() -> None:
    text = f"00-{TRACE}-{SPAN}-01"
    assert parse(text) == Traceparent(TRACE, SPAN, "01")
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "00", f"00-{TRACE}-{SPAN}", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01", f"00-{TRACE[1:]}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01\n", "x" * 10_000,
    ],
)  # fmt: skip
def test_what_names_no_place_begins_a_trace(text: str) -> None:
    assert parse(text) is None


@given(st.text())
def test_nothing_that_a_client_sends_is_an_error(text: str) -> None:
    parse(text)


def test_later_versions_may_say_more() -> None:
    assert parse(f"01-{TRACE}-{SPAN}-01-what-the-future-brings") == Traceparent(TRACE, SPAN)


def test_an_attempt_is_a_span_of_the_trace_under_its_own_id() -> None:
    origin = Origin(f"00-{TRACE}-{SPAN}-00", "r")
    assert origin.attempt("a" * 16) == f"00-{TRACE}-{'a' * 16}-00"
    assert Origin().attempt("a" * 16) == ""
    assert not Traceparent(TRACE, SPAN, "00").is_sampled


def test_a_line_says_what_is_known_and_no_more() -> None:
    assert Origin(f"00-{TRACE}-{SPAN}-01", "r").fields("j", 2, "w") == {
        "job": "j", "attempt": 2, "worker": "w", "request": "r", "trace_id": TRACE,
    }  # fmt: skip
    assert Origin().fields("j") == {"job": "j"}
