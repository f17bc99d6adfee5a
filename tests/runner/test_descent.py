import os
import subprocess
import sys

import pytest

from aigc.runner import descent
from tests.runner.kit import is_alive, wait_until_gone

FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import subprocess; subprocess.Popen(['sleep', '60']).wait()"])
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def family():
    """A process with a child and a grandchild: their three process ids."""
    environment = {**os.environ, descent.TOKEN_VARIABLE: "7d1f"}
    with subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE, env=environment) as parent:
        child = int(parent.stdout.readline())
        while not (grandchildren := descent.children(child)):
            pass
        yield parent.pid, child, grandchildren[0]
        for pid in (*descent.descendants(parent.pid), parent.pid):
            os.kill(pid, 9)


def test_children_are_the_direct_ones_and_descendants_are_all(family):
    parent, child, grandchild = family
    assert descent.children(parent) == [child]
    assert descent.descendants(parent) == [child, grandchild]


def test_a_kernel_that_lists_no_children_is_searched(family, monkeypatch):
    parent, child, grandchild = family
    monkeypatch.setattr(descent, "_LISTS_CHILDREN", False)
    assert descent.descendants(parent) == [child, grandchild]


def test_who_is_gone_has_no_children():
    with subprocess.Popen(["true"]) as gone:
        pass
    assert descent.children(gone.pid) == []


def test_killing_descendants_spares_their_ancestor(family):
    parent, child, grandchild = family
    assert descent.kill_descendants(parent) == [child, grandchild]
    wait_until_gone([child, grandchild])
    assert is_alive(parent)


def test_marked_processes_are_found_by_their_token_alone(family):
    assert sorted(descent.marked("7d1f")) == sorted(family)
    assert descent.marked("7d1") == []


def test_killing_the_marked_leaves_none_of_them(family):
    parent, child, grandchild = family
    with subprocess.Popen(["sleep", "60"], env={descent.TOKEN_VARIABLE: "beef"}) as marked:
        assert descent.kill_marked("beef") == 1
        assert not is_alive(marked.pid)
    assert all(is_alive(pid) for pid in (parent, child, grandchild))
