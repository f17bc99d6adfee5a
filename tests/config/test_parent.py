"""Children end with whoever started them."""

import os
import signal
import subprocess
import sys

from config import parent

STARTER = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], env={**os.environ, "AIGC_PARENT": str(os.getpid())})
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_a_program_that_is_bound_ends_with_who_started_it_by_sigkill() -> None:
    bound = (sys.executable, "-I", parent.__file__, "/bin/sh", "-c", "echo begun; exec sleep 60")
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, *bound], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdin is not None and starter.stdout is not None
    with starter.stdin, starter.stdout:
        said = {starter.stdout.readline().strip(), starter.stdout.readline().strip()}
        assert "begun" in said
        starter.kill()
        starter.wait()
        # The pipe ends when nobody holds it any more.
        assert starter.stdout.read() == ""


def test_a_program_whose_starter_has_ended_before_does_not_begin() -> None:
    done = subprocess.run(
        [sys.executable, "-I", parent.__file__, "/bin/echo", "begun"],
        env={**os.environ, parent.PARENT: "1"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, b"")


def test_who_was_not_told_of_a_parent_is_nobodys_child() -> None:
    environment = {name: value for name, value in os.environ.items() if name != parent.PARENT}
    done = subprocess.run(
        [sys.executable, "-I", parent.__file__, "/bin/echo", "begun"], env=environment, capture_output=True, check=True
    )
    assert done.stdout == b"begun\n"
