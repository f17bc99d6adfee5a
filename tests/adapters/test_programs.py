"""Programs of a repository: run beside what they look for, watched, ended."""

import time
from pathlib import Path

import pytest

from aigc.adapters.programs import ProgramFailed, run_watched, workplace


def test_a_program_finds_its_repository_and_may_write_beside_it(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    (repository / "configs").mkdir(parents=True)
    (repository / "configs" / "a.yaml").write_text("42")
    (repository / "run.py").write_text("print(open('configs/a.yaml').read()); open('made', 'w').write('x')")
    (tmp_path / "weights").mkdir()
    folder = workplace(tmp_path / "work", repository, experiments=tmp_path / "weights")
    ticks = []
    run_watched(["run.py"], folder, lambda: ticks.append(time.monotonic()))
    assert (folder / "made").read_text() == "x" and not (repository / "made").exists()
    assert (folder / "experiments").resolve() == (tmp_path / "weights").resolve()
    assert ticks


def test_its_environment_is_added_and_its_failure_told(tmp_path: Path) -> None:
    script = "import os, sys; print('\\n' * 50 + os.environ['WORD']); sys.exit(3)"
    with pytest.raises(ProgramFailed, match="ended with 3:\nsaid so"):
        run_watched(["-c", script], tmp_path, lambda: None, {"WORD": "said so"})


def test_what_the_tick_raises_ends_it(tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyError("enough")

    started = time.monotonic()
    with pytest.raises(KeyError):
        run_watched(["-c", "import time; time.sleep(600)"], tmp_path, stop)
    assert time.monotonic() - started < 300, "it did not wait for the program"
