import os
import shutil
import time

import pytest

from aigc.runner.scratch import Scratch


@pytest.fixture
def scratch(tmp_path):
    return Scratch(tmp_path / "attempt")


def age(scratch, seconds=60):
    then = time.time() - seconds
    os.utime(scratch.path, (then, then))


def litter(folder):
    (folder / "file").write_text("x")
    (folder / "sub/deep").mkdir(parents=True)
    (folder / "sub/file").write_text("x")
    (folder / "link").symlink_to(folder.parent)


def test_whatever_is_left_goes_each_time(scratch):
    for _ in range(3):
        litter(scratch.path)
        scratch.empty()
        assert list(scratch.path.iterdir()) == []
        assert scratch.path.parent.is_dir()


def test_a_folder_that_was_found_empty_long_after_its_last_change_is_not_searched_again(scratch, monkeypatch):
    age(scratch)
    scratch.empty()
    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", lambda _: pytest.fail("it was searched"))
        for _ in range(3):
            scratch.empty()
    litter(scratch.path)
    scratch.empty()
    assert list(scratch.path.iterdir()) == []


def test_what_comes_within_the_grain_of_the_clock_goes_too(scratch):
    scratch.empty()
    found = os.stat(scratch.path)
    litter(scratch.path)
    os.utime(scratch.path, ns=(found.st_atime_ns, found.st_mtime_ns))
    scratch.empty()
    assert list(scratch.path.iterdir()) == []


def test_a_folder_that_is_gone_is_made_again(scratch):
    for is_known in (False, True):
        if is_known:
            age(scratch)
            scratch.empty()
        shutil.rmtree(scratch.path)
        scratch.empty()
        assert list(scratch.path.iterdir()) == []
