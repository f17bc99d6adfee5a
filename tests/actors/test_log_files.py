import json
from pathlib import Path

import pytest

from actors.log_files import LogFile, remove


def kept(folder: Path) -> list[str]:
    """Every line of every file, in their order."""
    return [line for path in sorted(folder.iterdir()) for line in path.read_text().splitlines()]


def test_a_full_file_is_followed_by_another_and_the_oldest_lines_go(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "logs", "web", keep_bytes=8000)
    for at in range(1000):
        file.write(json.dumps({"at": at, "x": "y" * 50}))
    lines = [json.loads(line)["at"] for line in kept(tmp_path / "logs")]
    assert lines == list(range(lines[0], 1000))
    assert lines[0] > 0
    assert sum(path.stat().st_size for path in (tmp_path / "logs").iterdir()) <= 8000


def test_files_of_processes_that_live_stay_and_those_of_others_go(tmp_path: Path) -> None:
    living, former = LogFile(tmp_path, "broker", 8000), LogFile(tmp_path, "worker", 8000)
    former.write("a" * 4000)
    former.close()
    living.write("b" * 4000)
    with pytest.raises(BlockingIOError):
        remove(next(tmp_path.glob("*broker*")))
    LogFile(tmp_path, "web", 8000).write("c")
    assert [path.name.split("-")[1] for path in sorted(tmp_path.iterdir())] == ["broker", "web"]


def test_a_line_that_cannot_be_written_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("no folder")
    LogFile(tmp_path / "logs", "web", 8000).write("x")
    LogFile(tmp_path / "more", "web", 8000).write("lone \ud800 surrogate")
    assert kept(tmp_path / "more") == ["lone ? surrogate"]
