"""The command line, in processes of its own."""

import json
import subprocess
import sys

from tests.runner.kit import MODELS, NOOP


def runner(*arguments, **options):
    return subprocess.run([sys.executable, "-m", "aigc.runner", *arguments], capture_output=True, text=True, **options)


def test_a_wrong_command_is_answered_with_the_usage():
    for arguments in ([], ["serve"], ["describe", "a:b", "c"], ["fly"]):
        answer = runner(*arguments)
        assert answer.returncode == 2
        assert "usage: python -m aigc.runner" in answer.stderr


def test_describe_prints_the_schema_of_a_model():
    answer = runner("describe", NOOP)
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["properties"]["sleep_s"]["minimum"] == 0


def test_modules_of_the_current_folder_are_not_imported(tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('this is not json')")
    assert runner("describe", NOOP, cwd=tmp_path).returncode == 0


def test_describe_of_what_cannot_be_imported_says_why():
    answer = runner("describe", "broken_import:Model", env={"PYTHONPATH": str(MODELS)})
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "the weights library is missing" in answer.stderr
