import json
from pathlib import Path

import pytest

from bench.harness import Figure, Line
from bench.report import filled, goals, markdown
from bench.silence import silences, table

ROUND = {
    "picows_deliveries": 100.0,
    "deliveries": 50.0,
    "events": 800.0,
    "picows_cpu_us": 8.0,
    "cpu_us": 9.0,
    "cpu_us_per_event": 1.0,
}
TEXT = "Before.\n\n<!-- fanout -->\nold\n<!-- end -->\n\n<!-- load-single -->\nold too\n<!-- end -->\nAfter.\n"


def test_a_table_is_made_anew_where_there_are_results_and_all_else_stays(tmp_path: Path) -> None:
    (tmp_path / "fanout.json").write_text(json.dumps([ROUND]))
    made = filled(TEXT, tmp_path)
    assert "old\n" not in made
    assert "| P11 | coalesced events/s, against picows uncoalesced | 8 (8 to 8) | >= 7 | met |" in made
    assert made.startswith("Before.\n\n<!-- fanout -->\n| # |")
    assert made.endswith("<!-- load-single -->\nold too\n<!-- end -->\nAfter.\n")


def test_filling_twice_changes_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "fanout.json").write_text(json.dumps([ROUND]))
    once = filled(TEXT, tmp_path)
    assert filled(once, tmp_path) == once


@pytest.mark.parametrize(
    ("reached", "goal", "verdict"),
    [
        (8.0, ">= 8", "met"),
        (4.0, ">= 8", "missed by 2 times"),
        (0.12, "<= 0.12", "met"),
        (0.36, "<= 0.12", "missed by 3 times"),
        (1.0, "", ""),
    ],
)
def test_a_line_says_by_how_much_its_goal_is_missed(reached: float, goal: str, verdict: str) -> None:
    assert Line("P0", "what", Figure.of([reached]), goal).verdict == verdict


def test_a_table_has_a_heading_and_a_line_for_each_row() -> None:
    text = markdown(goals([Line("P1", "speed", Figure.of([1.0, 2.0, 4.0]), ">= 1")]))
    assert text.splitlines()[1:] == ["| --- | --- | --- | --- | --- |", "| P1 | speed | 2 (1 to 4) | >= 1 | met |"]


def test_silences_of_our_own_are_told_apart_from_those_in_a_library() -> None:
    one = {
        "seconds": 3.2,
        "longest": [[1.1, "mesh/simplify.py:23 solid = manifold3d.Manifold(mesh)", ""], [0.2, "a.py:1 x", ""]],
    }
    head, row = table({"some-model": {"usual": one, "largest": {"refused": "too large"}}})
    assert row == ["some-model", "3.2", "0.20", "1.10 manifold3d", "too large", "-", "-"] and len(head) == len(row)


def test_a_silence_is_what_both_clocks_allow() -> None:
    heard = [(0.0, 0.0, "start"), (2.0, 0.5, "reading"), (3.0, 1.5, "end")]
    places = [(0.4, "mostly here"), (1.6, "mostly here"), (1.9, "there"), (2.5, "later")]
    assert silences(heard, places) == [(1.0, "later", "reading"), (0.5, "mostly here", "start")]
