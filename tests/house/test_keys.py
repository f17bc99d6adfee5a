"""`aigc keys` as an operator and a script use it, with the files that it leaves."""

import contextlib
import io
import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from config import cli
from transport.curve import Keys
from transport.keys import KeyPair

DONE, REFUSED = 0, 2


def keys(*arguments: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command where the configuration names no folder but the one that is told."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.chdir(cwd)
        for name, value in {"AIGC_CONFIG": "", **environment}.items():
            patch.setenv(name, value)
        code = cli.run(["keys", *arguments])
    assert "Traceback" not in err.getvalue(), err.getvalue()
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def test_two_machines_are_made_known_to_each_other_by_what_the_commands_print(tmp_path: Path) -> None:
    broker, gpu = ("--dir", str(tmp_path / "broker")), ("--dir", str(tmp_path / "gpu"))
    for here in (broker, gpu):
        assert keys("new", *here, cwd=tmp_path).returncode == DONE
    shown = keys("show", *gpu, cwd=tmp_path)
    key = shown.stdout.strip()
    assert shown.stdout == f"{key}\n"
    assert f"aigc keys allow {os.uname().nodename.partition('.')[0]} '{key}'" in shown.stderr
    assert "reload" in keys("allow", "gpu-1", key, *broker, cwd=tmp_path).stdout
    assert Keys.of(tmp_path / "broker").name_of(key) == "gpu-1"
    assert Keys.of(tmp_path / "gpu").own.public == key
    assert stat.S_IMODE((tmp_path / "gpu" / "own.key").stat().st_mode) == 0o600
    assert keys("list", *broker, cwd=tmp_path).stdout.split() == ["gpu-1", key]
    listed = json.loads(keys("list", "--json", *broker, cwd=tmp_path).stdout)
    assert listed == {"allowed": [{"name": "gpu-1", "public": key}], "folder": str(tmp_path / "broker")}
    assert keys("revoke", "gpu-1", *broker, cwd=tmp_path).returncode == DONE
    assert Keys.of(tmp_path / "broker").name_of(key) is None
    assert json.loads(keys("list", "--json", *broker, cwd=tmp_path).stdout)["allowed"] == []


def test_a_key_is_replaced_only_by_force(tmp_path: Path) -> None:
    here = ("--dir", str(tmp_path / "keys"))
    first = keys("new", *here, cwd=tmp_path)
    again = keys("new", *here, cwd=tmp_path)
    assert (again.returncode, again.stdout) == (REFUSED, "")
    assert "--force" in again.stderr
    assert keys("show", *here, cwd=tmp_path).stdout == first.stdout
    forced = keys("new", "--force", *here, cwd=tmp_path)
    assert forced.stdout not in ("", first.stdout)
    assert json.loads(keys("show", "--json", *here, cwd=tmp_path).stdout)["public"] == forced.stdout.strip()


def test_the_folder_is_the_one_of_the_settings(tmp_path: Path) -> None:
    assert keys("new", cwd=tmp_path, P3D_DATA_DIR=str(tmp_path / "data")).returncode == DONE
    assert (tmp_path / "data" / "keys" / "own.key").is_file()
    (tmp_path / "system.yaml").write_text(f"security: {{keys_dir: {tmp_path / 'safe'}}}\n")
    assert keys("new", "--config", "system.yaml", cwd=tmp_path).returncode == DONE
    assert (tmp_path / "safe" / "own.key").is_file()
    (tmp_path / "system.yaml").write_text("security: {keys: here}\n")
    ended = keys("show", "--config", "system.yaml", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (REFUSED, "")
    assert "system.yaml:1:18: security.keys is not a setting" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show"], "this machine has no key; make one with: aigc keys new"),
        (["allow", "gpu-1", "what"], "'what' is not a public key"),
        (["allow", "../gpu", "x" * 40], "is not the name of a machine"),
        (["revoke", "gpu-1"], "no machine gpu-1 is allowed; name one of those that are: none"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(tmp_path: Path, arguments: list[str], words: str) -> None:
    ended = keys(*arguments, "--dir", str(tmp_path), cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (REFUSED, "")
    assert words in ended.stderr


@pytest.mark.parametrize("beginning", ["-h", "-", "--", "-d"])
def test_a_key_that_begins_like_an_option_is_a_key(tmp_path: Path, beginning: str) -> None:
    key = beginning + "0" * (40 - len(beginning))
    assert keys("allow", "gpu-1", key, "--dir", str(tmp_path), cwd=tmp_path).returncode == DONE
    assert (tmp_path / "allowed" / "gpu-1.pub").read_text() == f"{key}\n"


def test_a_key_that_is_known_by_two_names_is_not_gone_with_one(tmp_path: Path) -> None:
    key, here = KeyPair.new().public, ("--dir", str(tmp_path))
    for name in ("gpu-1", "gpu-2"):
        keys("allow", name, key, *here, cwd=tmp_path)
    assert "gpu-2 has the same key and is still allowed" in keys("revoke", "gpu-1", *here, cwd=tmp_path).stderr
