import os
import subprocess
import sys

import pytest

from aigc.runner import descent
from tests.runner.kit import is_alive, wait_until_gone

CHILDREN = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import subprocess; subprocess.Popen(['sleep', '60']).wait()"])
print(child.pid, flush=True)
time.sleep(60)
"""
OURS = descent.family(os.getpid())
NOBODYS = descent.family(os.getpid() + 1)


@pytest.fixture
def family():
    """A process with a child and a grandchild: their three process ids."""
    with subprocess.Popen([sys.executable, "-c", CHILDREN], stdout=subprocess.PIPE) as parent:
        child = int(parent.stdout.readline())
        while not (grandchildren := descent.children(child)):
            pass
        yield parent.pid, child, grandchildren[0]
        for pid in (*descent.descendants(parent.pid), parent.pid):
            os.kill(pid, 9)


def wearing(mark, command):
    """A process that put on the mark and became `command`."""
    program = (
        "import os, sys; from aigc.runner import descent; descent.wear_mark(); os.execvp(sys.argv[1], sys.argv[1:])"
    )
    environment = {**os.environ, descent.MARK_VARIABLE: str(mark)}
    return subprocess.Popen([sys.executable, "-c", program, *command], env=environment, stdout=subprocess.PIPE)


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


def test_a_mark_stays_on_what_changes_its_session_and_its_environment():
    command = ["env", "-i", "setsid", "sh", "-c", "echo ready; sleep 60 & wait"]
    with wearing(OURS[3], command) as shell:
        shell.stdout.readline()
        while not (below := descent.descendants(shell.pid)):
            pass
        assert sorted(descent.marked(OURS)) == sorted([shell.pid, *below])
        assert sorted(descent.marked(range(OURS[3], OURS[3] + 1))) == sorted([shell.pid, *below])
        assert descent.marked(range(OURS[4], OURS[4] + 1)) == []
        assert descent.marked(NOBODYS) == []
        assert descent.kill_marked(OURS) == len(below) + 1


def test_what_has_not_put_its_mark_on_yet_is_known_by_its_environment():
    with subprocess.Popen(["sleep", "60"], env={descent.MARK_VARIABLE: str(OURS[7])}) as process:
        assert descent.marked(OURS) == [process.pid]
        process.kill()


def test_a_limit_of_somebody_elses_and_a_forged_mark_are_none():
    command = ["prlimit", "--rttime=1000000", "sleep", "60"]
    with subprocess.Popen(command, env={descent.MARK_VARIABLE: "forged"}) as process:
        assert process.pid not in descent.marked(range(1, 1 << 63))
        process.kill()


def test_killing_the_marked_leaves_none_of_them_and_waits_for_no_zombie(family):
    with wearing(OURS[1], ["sleep", "60"]) as process:
        while descent.marked(OURS) != [process.pid]:
            pass
        assert descent.kill_marked(OURS) == 1
        assert descent.marked(OURS) == []
        assert not is_alive(process.pid)
    assert all(is_alive(pid) for pid in family)
