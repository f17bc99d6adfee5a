"""The guard, around processes that are no models."""

import json
import signal
import subprocess
import sys

import pytest

from aigc.runner import descent
from aigc.runner.guard import signal_name
from tests.deaths import alive, frozen, is_dying, pending, reads_the_end, until_ended, watched
from tests.runner.kit import is_alive


class Guarded:
    """A guard around `body`, the text of a function that may return an exit status."""

    def __init__(self, body):
        program = f"""
import os, signal, subprocess, sys, time
from aigc.runner.guard import Guard

def model_process():
    {body}
    return 0

sys.exit(Guard().run(model_process))
"""
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.printed = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self.process:
            self.process.kill()

    def line(self):
        """What was printed since the last time."""
        report = json.loads(self.process.stdout.readline())
        self.printed += report["printed"]
        return report["printed"]

    def last_word(self):
        """The report at the end."""
        for line in self.process.stdout:
            report = json.loads(line)
            if "exited" in report:
                assert self.process.wait(10) == 0
                return report["exited"]
            self.printed += report["printed"]
        raise AssertionError("the guard gave no report")


@pytest.mark.parametrize("status", [0, 7])
def test_the_exit_status_and_the_end_of_the_output_are_reported(status):
    with Guarded(f"print('hello'); print('trouble', file=sys.stderr); return {status}") as guarded:
        word = guarded.last_word()
    assert (word["code"], word["signal"], word["tail"]) == (status, "", "hello\ntrouble\n")
    assert word["peak_bytes"] > 1 << 20


def test_the_signal_that_ended_the_process_is_reported():
    with Guarded("os.abort()") as guarded:
        word = guarded.last_word()
    assert (word["code"], word["signal"]) == (None, "SIGABRT")


def test_an_exception_is_a_status_and_a_traceback():
    with Guarded("raise ValueError('no good')") as guarded:
        word = guarded.last_word()
    assert word["code"] == 70
    assert "ValueError: no good" in word["tail"]


def test_the_process_reads_nothing_and_has_none_of_the_guards_descriptors():
    body = "print(sorted(os.listdir('/proc/self/fd')), os.readlink('/proc/self/fd/0'))"
    with Guarded(body) as guarded:
        # The fourth is the listing's own.
        assert guarded.last_word()["tail"] == "['0', '1', '2', '3'] /dev/null\n"


def test_sigterm_reaches_the_process_first():
    body = "signal.signal(signal.SIGTERM, lambda *_: os._exit(9)); print('ready', flush=True); time.sleep(60)"
    with Guarded(body) as guarded:
        guarded.line()
        guarded.process.terminate()
        assert guarded.last_word()["code"] == 9


def test_who_does_not_follow_sigterm_is_killed():
    body = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    with Guarded(body) as guarded:
        guarded.line()
        guarded.process.terminate()
        assert guarded.last_word()["signal"] == "SIGKILL"


def test_sigint_and_sighup_of_a_terminal_do_not_end_the_guard():
    with Guarded("print('ready', flush=True); time.sleep(60)") as guarded:
        guarded.line()
        for number in (signal.SIGINT, signal.SIGHUP):
            guarded.process.send_signal(number)
        guarded.process.terminate()
        assert guarded.last_word()["signal"] == "SIGTERM"


FAMILY = """
    child = subprocess.Popen(['sleep', '60'])
    session = subprocess.Popen(['sleep', '60'], start_new_session=True)
    stubborn = subprocess.Popen([sys.executable, '-c', 'import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)'])
    print(os.getpid(), child.pid, session.pid, stubborn.pid, flush=True)
"""  # noqa: E501


def test_all_descendants_are_gone_when_the_guard_has_exited():
    with Guarded(FAMILY) as guarded:
        pids = [int(pid) for pid in guarded.line().split()]
        guarded.last_word()
    assert len(pids) == 4
    assert not [pid for pid in pids if is_alive(pid)]


def test_the_end_of_standard_input_ends_everything():
    with Guarded(FAMILY + "    time.sleep(60)") as guarded:
        pids = [int(pid) for pid in guarded.line().split()]
        guarded.process.stdin.close()
        assert guarded.last_word()["signal"] == "SIGKILL"
    assert not [pid for pid in pids if is_alive(pid)]


def test_what_is_dead_whenever_it_is_found_is_ended_all_the_same():
    # Each forks the next one and ends, in a session of its own.
    body = """
    if os.fork() == 0:
        os.setsid()
        while not os.fork() or os._exit(0):
            pass
    print('ready', flush=True)
    time.sleep(60)"""
    with Guarded(body) as guarded:
        guarded.line()
        guarded.process.stdin.close()
        assert guarded.process.wait(10) == 0


def test_the_process_dies_with_a_guard_that_is_killed():
    with Guarded("print(os.getpid(), flush=True); time.sleep(60)") as guarded:
        pid = int(guarded.line())
        guarded.process.kill()
        guarded.process.wait()
        assert is_dying(pid), "the kernel saw to it before anybody could know of the guard's end"


def test_the_guard_hears_of_its_workers_death_before_anybody_can_know_of_it():
    # The stand-in for a worker holds the other end of the guard's standard input, and says who the guard is.
    program = """
import os, subprocess, sys, time
model = "import sys; from aigc.runner.guard import Guard; sys.exit(Guard().run(lambda: os.execvp('sleep', ['sleep', '60'])))"
guard = subprocess.Popen([sys.executable, "-c", "import os; " + model], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
while not open(f"/proc/{guard.pid}/task/{guard.pid}/children").read():
    time.sleep(0.01)
print(guard.pid, flush=True)
time.sleep(60)
"""  # noqa: E501
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as worker:
        guard = int(worker.stdout.readline())
        (model,) = descent.children(guard)
        with watched(guard) as guard_end:
            with frozen(guard):
                worker.kill()
                worker.wait()
                assert reads_the_end(guard) and signal.SIGTERM in pending(guard)
                assert alive(model), "nothing but the guard ends it"
            until_ended(guard_end)
        assert not alive(model)


def test_a_chatterbox_is_read_to_the_end_and_little_of_it_is_passed_on():
    body = """
    for _ in range(1000):
        os.write(1, b'x' * 99_999 + b'\\n')
    os.write(1, b'the end')"""
    with Guarded(body) as guarded:
        word = guarded.last_word()
    assert word["tail"].endswith("x\nthe end")
    assert len(word["tail"]) == 64 << 10
    assert len(guarded.printed) < 10 << 20


def test_a_worker_that_does_not_listen_does_not_keep_the_guard():
    # Nobody reads standard output; the process prints more than any pipe holds, and ends.
    with Guarded("[print('y' * 99_999) for _ in range(50)]") as guarded:
        assert guarded.process.wait(10) == 0


def test_signals_have_their_names():
    assert signal_name(signal.SIGKILL) == "SIGKILL"
    assert signal_name(int(signal.SIGRTMIN) + 3) == f"SIG{int(signal.SIGRTMIN) + 3}"
