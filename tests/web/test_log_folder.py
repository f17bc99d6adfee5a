import json
from pathlib import Path
from typing import Any

import pytest

from actors.log_files import LogFile
from aigc.core.errors import Conflict, NotFound
from web.log_folder import TAIL_BYTES, LogFolder, file_view, selected


def line(second: int, event: str = "web.drained", **more: Any) -> str:
    return json.dumps({"event": event, "level": "info", "timestamp": f"2026-01-01T00:00:{second:02}Z", **more})


def test_the_lines_of_all_processes_are_in_the_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "1-web-7.jsonl").write_text(f"{line(1)}\n{line(4, took_s=2)}\n")
    (tmp_path / "2-broker-8.jsonl").write_text(f"{line(2, logger='zmq')}\n{line(3)}\n")
    lines = LogFolder(tmp_path).lines()
    assert [one["process"] for one in lines] == ["web-7", "broker-8", "broker-8", "web-7"]
    assert [one["logger"] for one in lines] == ["web", "zmq", "web", "web"]
    assert (lines[3]["message"], lines[3]["level"]) == ("web.drained took_s=2", "INFO")
    assert json.loads(lines[3]["raw"])["took_s"] == 2
    assert selected(lines, 2, lambda one: one["process"] == "web-7") == [lines[0], lines[3]]


def test_what_is_no_whole_line_of_ours_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(
        b'\n[]\nnull\n{"event":1}\n\xff\n{"event":"x","level":"info","timestamp":"never"}\n' + line(1).encode() + b"\n{"
    )
    (tmp_path / "b.txt").write_text(line(2))
    (tmp_path / "c.jsonl").symlink_to(tmp_path / "b.txt")
    (tmp_path / "d.jsonl").mkdir()
    folder = LogFolder(tmp_path)
    assert list(folder.files()) == ["a.jsonl"]
    assert [one["timestamp"] for one in folder.lines()] == ["2026-01-01T00:00:01Z"]


def test_of_a_long_file_the_end_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("".join(f"{line(at % 60, number=at)}\n" for at in range(TAIL_BYTES // 60)))
    lines = LogFolder(tmp_path).lines("a.jsonl")
    assert 0 < len(lines) < TAIL_BYTES // 60
    assert max(json.loads(one["raw"])["number"] for one in lines) == TAIL_BYTES // 60 - 1


def test_only_what_is_listed_is_read_or_removed_and_nothing_that_is_written(tmp_path: Path) -> None:
    writer = LogFile(tmp_path / "logs", "web", 8000)
    writer.write(line(1))
    (tmp_path / "jobs.jsonl").write_text("x")
    folder = LogFolder(tmp_path / "logs")
    (name,) = folder.files()
    for wrong in ("../jobs.jsonl", "jobs.jsonl", "", ".", "\0", str(tmp_path / "jobs.jsonl")):
        with pytest.raises(NotFound):
            folder.remove(wrong)
        if wrong:
            with pytest.raises(NotFound):
                folder.lines(wrong)
    with pytest.raises(Conflict):
        folder.remove(name)
    writer.close()
    folder.remove(name)
    assert folder.files() == {}


def test_where_no_log_is_kept_there_is_none(tmp_path: Path) -> None:
    for folder in (LogFolder(None), LogFolder(tmp_path / "none")):
        assert (folder.files(), folder.lines()) == ({}, [])


def test_a_file_is_told_by_its_name_and_the_time_in_it(tmp_path: Path) -> None:
    (file := tmp_path / "20260131T120000000000Z-web-1.jsonl").write_text("x" * 3)
    told = file_view(file.name, file.stat())
    assert (told["path"], told["created"], told["size_bytes"]) == (file.name, "2026-01-31T12:00:00Z", 3)
    assert file_view("other.jsonl", file.stat())["created"].endswith("Z")
