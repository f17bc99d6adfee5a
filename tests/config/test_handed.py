import os
import subprocess
import sys
import tempfile

import pytest

from config.catalogue import load
from config.handed import handed, taken

TAKE = "import sys; from config.handed import taken; found = taken(int(sys.argv[1])); print(found and found.digest)"


@pytest.fixture(scope="module")
def catalogue():
    return load(None, describe=lambda _: {})


def test_a_child_takes_the_catalogue_and_the_next_finds_none(catalogue):
    with handed(catalogue) as file:
        found = [
            subprocess.run(
                [sys.executable, "-c", TAKE, str(file)], pass_fds=[file], check=True, capture_output=True, text=True
            ).stdout.strip()
            for _ in range(2)
        ]
    assert found == [catalogue.digest, "None"]


def test_it_is_handed_over_where_no_temporary_file_can_be_made(catalogue, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")
    with handed(catalogue) as file:
        assert taken(os.dup(file)) == catalogue


def test_nothing_of_it_is_lost_on_the_way(catalogue):
    with handed(catalogue) as file:
        assert taken(os.dup(file)) == catalogue
