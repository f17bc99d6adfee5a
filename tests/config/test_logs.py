import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import logs

SPEAKING = """
import logging, sys, structlog
from config import logs
logs.configure("debug", sys.argv[1])
structlog.get_logger().info("worker.started", worker="w", method="any name may be a field's")
structlog.get_logger().error("server.failed", reason="x")
logging.getLogger("somebody").warning("careful")
"""


def said(to: Path, form: str, *, journal: bool) -> list[str]:
    """What a process writes to its standard error."""
    with to.open("wb") as stream:
        found = os.fstat(stream.fileno())
        name = f"{found.st_dev}:{found.st_ino}" if journal else "8:1"
        environment = {**os.environ, "JOURNAL_STREAM": name}
        subprocess.run([sys.executable, "-c", SPEAKING, form], stderr=stream, check=True, env=environment)
    return to.read_text().splitlines()


def test_each_line_is_one_object_with_its_level(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in said(tmp_path / "log", "auto", journal=False)]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("worker.started", "info"),
        ("server.failed", "error"),
        ("careful", "warning"),
    ]


@pytest.mark.parametrize("form", ["json", "console"])
def test_the_journal_is_told_how_bad_a_line_is(tmp_path: Path, form: str) -> None:
    assert [line[:3] for line in said(tmp_path / "log", form, journal=True)] == ["<6>", "<3>", "<4>"]


def test_no_secret_gets_into_a_line_however_deep_it_stands() -> None:
    text, left = "redis://aigc:p4ss@cache:6379 refused", "redis://***@cache:6379 refused"
    assert logs.hide_secrets(None, "info", {"reason": text, "password": "x"}) == {"reason": left, "password": "***"}
    deep = {"complaints": [text], "headers": {"Authorization": "x", "Host": text}}
    assert logs.hide_secrets(None, "info", deep) == {
        "complaints": [left], "headers": {"Authorization": "***", "Host": left},
    }  # fmt: skip
