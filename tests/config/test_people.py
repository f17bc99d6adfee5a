"""Commands about accounts that work on the server's own store."""

from pathlib import Path

import pytest

from config import cli


@pytest.mark.parametrize(
    "words",
    [
        ["users", "list"],
        ["users", "list", "--json"],
        ["users", "tokens", "eve"],
        ["users", "role", "eve", "admin"],
        ["audit"],
    ],
)
def test_who_only_looks_makes_nothing_and_is_told_that_there_is_nothing(
    words: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "new"
    assert cli.run([*words, "--data", str(data)]) == 2
    out, err = capfd.readouterr()
    assert out == "" and f"{data / 'accounts.db'} is not there" in err and "aigc users add" in err
    assert not data.exists()


def test_the_first_account_begins_the_store(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["users", "add", "eve", "--role", "admin", "--generate", "--data", str(tmp_path / "new")]) == 0
    assert cli.run(["users", "list", "--data", str(tmp_path / "new")]) == 0
    assert capfd.readouterr().out.splitlines()[-1].startswith("eve ")
