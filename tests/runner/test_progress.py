import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc.runner.model import STAGES, Cancelled
from aigc.runner.progress import PREVIEW_BYTES, PREVIEW_NAME, WARNINGS, Reporter
from tests.runner_models.stepping import png


class Desk:
    """A reporter and what it sent."""

    def __init__(self, folder=None):
        self.sent = []
        self.cancelled = False
        self.progress = Reporter(
            folder, "model", "glb", lambda *report: self.sent.append(report), lambda: self.cancelled, str(folder or "")
        )


def test_a_report_has_all_its_fields():
    desk = Desk()
    desk.progress(0.25, "sampling", 5, 20, "denoising")
    body = {"fraction": 0.25, "stage": "sampling", "step": 5, "steps": 20, "message": "denoising"}
    assert desk.sent == [(body, True)]


def test_only_a_change_of_stage_must_not_be_replaced():
    desk = Desk()
    for stage in ("preprocessing", "preprocessing", "sampling", "sampling"):
        desk.progress(0.5, stage)
    assert [is_new for _, is_new in desk.sent] == [True, False, True, False]


@given(st.lists(st.floats()))
def test_fractions_stay_between_0_and_1_and_never_fall(fractions):
    desk = Desk()
    for fraction in fractions:
        desk.progress(fraction, "sampling")
    sent = [body["fraction"] for body, _ in desk.sent]
    assert sent == sorted(sent)
    assert all(0 <= fraction <= 1 and math.isfinite(fraction) for fraction in sent)


def test_a_stage_of_the_models_own_is_shown_as_a_message_of_the_stage_before():
    desk = Desk()
    desk.progress(0.1, "levitating")
    desk.progress(0.2, "decoding")
    desk.progress(0.3, "levitating", message="high")
    shown = [(body["stage"], body["message"]) for body, _ in desk.sent]
    assert shown == [(STAGES[0], "levitating"), ("decoding", ""), ("decoding", "high")]


def test_after_an_interrupt_every_report_raises():
    desk = Desk()
    desk.progress(0.1, "sampling")
    desk.cancelled = True
    for _ in range(2):
        with pytest.raises(Cancelled):
            desk.progress(0.2, "sampling")
    assert len(desk.sent) == 1


def test_the_latest_preview_is_kept_as_a_file(tmp_path):
    desk = Desk(tmp_path)
    desk.progress(0.1, "sampling", preview=png())
    assert desk.sent[0][0]["preview"] == PREVIEW_NAME
    assert [path.name for path in tmp_path.iterdir()] == [PREVIEW_NAME]
    assert (tmp_path / PREVIEW_NAME).read_bytes() == png()


@pytest.mark.parametrize("preview", [b"", b"GIF89a", png() + bytes(PREVIEW_BYTES)])
def test_a_preview_that_is_no_png_or_too_large_is_ignored(tmp_path, preview):
    desk = Desk(tmp_path)
    desk.progress(0.1, "sampling", preview=preview)
    assert "preview" not in desk.sent[0][0]
    assert list(tmp_path.iterdir()) == []


def test_warnings_are_bounded_in_number_and_length():
    desk = Desk()
    for _ in range(WARNINGS + 10):
        desk.progress.warn("w" * 1000)
    assert len(desk.progress.warnings) == WARNINGS
    assert max(map(len, desk.progress.warnings)) == 500
