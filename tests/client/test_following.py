"""What is seen of jobs while they run: lines where there is no terminal, bars where there is one."""

import io
from typing import Any

import pytest
from rich.console import Console

from aigc.client import Event
from config.commands.bars import Bars
from config.commands.follow import Lines


def event(kind: str, stage: str = "sampling", left_s: float | None = None, **more: Any) -> Event:
    progress = {"fraction": 0.25, "estimated_left_s": left_s}
    return Event({"type": f"job.{kind}", "stage": stage, "progress": progress, **more})


def test_a_line_for_each_stage_says_what_time_is_left(capfd: pytest.CaptureFixture[str]) -> None:
    lines = Lines({"a": "cat"})
    for told in (
        event("progress", "loading_model"),
        event("progress", left_s=42.4),
        event("progress", left_s=30.0),
        event("progress", "storing", left_s=0.2),
    ):
        lines.tell("a", told)
    assert capfd.readouterr().err.splitlines() == ["loading model", "sampling, about 42 s left", "storing"]


def test_a_bar_says_what_time_is_left_and_nothing_once_it_is_over() -> None:
    drawn = io.StringIO()
    with Bars({"a": "cat", "b": "dog"}, Console(file=drawn, force_terminal=True, width=120)) as bars:
        bars.tell("a", event("progress", left_s=7200.0))
        bars.tell("b", event("progress", left_s=90.0))
        bars.tell("b", event("completed", left_s=90.0))
    last = drawn.getvalue().rsplit("cat", 1)[1]
    assert "sampling" in last and "25 %" in last and "about 2 h left" in last
    assert "dog" in last and "100 %" in last and last.count("left") == 1
