import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.errors import KeysInvalid
from transport.keys import KeyFolder, KeyPair, is_key


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "keys")


def test_a_new_pair_is_found_again_and_only_its_owner_can_read_the_secret(folder: KeyFolder) -> None:
    pair = folder.new()
    assert folder.own() == pair
    assert folder.public() == pair.public
    assert is_key(pair.public)
    assert is_key(pair.secret)
    assert stat.S_IMODE(folder.own_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_the_secret_is_in_no_text_that_is_printed(folder: KeyFolder) -> None:
    pair = folder.new()
    assert pair.secret not in repr(pair)
    assert pair.secret not in folder.public_file.read_text()


def test_a_public_key_is_no_option_of_a_shell() -> None:
    assert all(KeyPair.new().public[0].isalnum() for _ in range(200))


def test_a_pair_is_replaced_only_when_that_is_said(folder: KeyFolder) -> None:
    first = folder.new()
    with pytest.raises(KeysInvalid, match="has a key already; keep it, or make another with --force"):
        folder.new()
    assert folder.own() == first
    second = folder.new(force=True)
    assert second != first
    assert (folder.own(), folder.public()) == (second, second.public)


def test_without_a_key_it_is_said_how_to_make_one(folder: KeyFolder) -> None:
    for ask in (folder.own, folder.public):
        with pytest.raises(KeysInvalid, match="this machine has no key; make one with: aigc keys new"):
            ask()
    assert folder.allowed() == {}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620])
def test_a_secret_that_others_can_read_or_write_is_refused_with_what_to_do(folder: KeyFolder, mode: int) -> None:
    folder.new()
    folder.own_file.chmod(mode)
    with pytest.raises(KeysInvalid, match=rf"\(mode {mode:04o}\); chmod 600 {folder.own_file}"):
        folder.own()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_secret_of_another_user_is_named(folder: KeyFolder) -> None:
    folder.new()
    folder.path.chmod(0o711)
    pid = os.fork()
    if pid == 0:  # a child that gives its rights away
        told = 1
        try:
            os.chdir(folder.path)
            os.setuid(65534)
            KeyFolder(Path()).own()
        except KeysInvalid as error:
            told = 0 if "user 65534 may not read it" in str(error) else 2
        finally:
            os._exit(told)
    assert os.waitpid(pid, 0)[1] == 0


@pytest.mark.parametrize("text", ["", "short", "x" * 39, "x" * 41, "~" * 40, "ä" * 40, "#" * 40, "a b" * 13 + "a"])
def test_what_is_no_key_is_refused_with_the_name_of_the_file(folder: KeyFolder, text: str) -> None:
    folder.new()
    folder.allow("gpu-1", KeyPair.new().public)
    for file, ask in (
        (folder.own_file, folder.own),
        (folder.public_file, folder.public),
        (folder.allowed_folder / "gpu-1.pub", folder.allowed),
    ):
        file.write_text(text)
        with pytest.raises(KeysInvalid, match="does not hold a key of 40 characters") as caught:
            ask()
        assert caught.value.file == file
    with pytest.raises(KeysInvalid, match="is not a public key"):
        folder.allow("gpu-2", text)


@given(st.text(max_size=45))
def test_no_text_makes_the_check_of_a_key_fail(text: str) -> None:
    assert not is_key(text) or len(text) == 40


def test_machines_are_allowed_and_revoked_by_name(folder: KeyFolder) -> None:
    one, two, three = (KeyPair.new().public for _ in range(3))
    folder.allow("gpu-1", one)
    folder.allow("gpu-2.example", two)
    assert folder.allowed() == {"gpu-1": one, "gpu-2.example": two}
    folder.allow("gpu-1", three)
    assert folder.allowed() == {"gpu-1": three, "gpu-2.example": two}
    folder.revoke("gpu-1")
    assert folder.allowed() == {"gpu-2.example": two}
    with pytest.raises(KeysInvalid, match=r"no machine gpu-1 is allowed; name one of those that are: gpu-2\.example"):
        folder.revoke("gpu-1")


@pytest.mark.parametrize("name", ["", "../own", "a/b", ".hidden", "-x", "a b", "ä", "x" * 65, "a\n"])
def test_a_name_leads_to_no_other_file(folder: KeyFolder, name: str) -> None:
    folder.new()
    with pytest.raises(KeysInvalid, match="is not the name of a machine"):
        folder.allow(name, KeyPair.new().public)
    with pytest.raises(KeysInvalid, match="is not the name of a machine"):
        folder.revoke(name)
    assert sorted(file.name for file in folder.path.rglob("*")) == ["allowed", "own.key", "own.pub"]


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_no_scraps(
    folder: KeyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = folder.new()

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            folder.new(force=True)
        with pytest.raises(OSError, match="No space left"):
            folder.allow("gpu-1", first.public)
    assert (folder.own(), folder.allowed()) == (first, {})
    assert sorted(file.name for file in folder.path.rglob("*")) == ["allowed", "own.key", "own.pub"]
