"""Processes under a guard, as a worker holds them."""

import asyncio
import os
import signal
import sys

import pytest

from actors.guarded import Ended, GuardedProcess
from aigc.runner import descent
from tests.runner.kit import is_alive, seconds_until_gone

MARK = descent.family(os.getpid())[5]


class Desk:
    """A guarded process that runs `body`, what it printed and how it ended."""

    def __init__(self, folder, body, command=None):
        program = f"""
import os, signal, subprocess, sys, time
from aigc.runner.guard import Guard

def model_process():
    {body}
    return 0

Guard().run(model_process)
"""
        self.printed = ""
        self.news = asyncio.Event()
        self.ends = []
        self.process = GuardedProcess(
            command or [sys.executable, "-c", program], dict(os.environ), folder, MARK, self._print, self._end
        )

    def _print(self, text):
        self.printed += text
        self.news.set()

    def _end(self, how):
        self.ends.append(how)
        self.news.set()

    async def until(self, condition):
        async with asyncio.timeout(60):
            while not condition():
                self.news.clear()
                await self.news.wait()

    async def ended(self):
        await self.until(lambda: self.ends)
        (how,) = self.ends
        return how


async def test_output_status_and_peak_arrive(tmp_path):
    how = await Desk(tmp_path, "print('hello'); return 4").ended()
    assert (how.code, how.signal, how.tail) == (4, "", "hello\n")
    assert how.peak_bytes > 1 << 20


async def test_output_arrives_while_the_process_lives(tmp_path):
    desk = Desk(tmp_path, "print('ready', flush=True); time.sleep(60)")
    await desk.until(lambda: desk.printed == "ready\n")
    assert len(desk.process.pids()) == 2
    desk.process.kill()
    assert (await desk.ended()).signal == "SIGKILL"


async def test_an_orderly_end_is_one_by_sigterm(tmp_path):
    desk = Desk(tmp_path, "print('ready', flush=True); time.sleep(60)")
    await desk.until(lambda: desk.printed)
    desk.process.terminate()
    assert (await desk.ended()).signal == "SIGTERM"


async def test_terminating_and_killing_what_has_ended_does_no_harm(tmp_path):
    desk = Desk(tmp_path, "pass")
    await desk.ended()
    desk.process.terminate()
    desk.process.kill()
    assert len(desk.ends) == 1


async def test_when_the_guard_is_killed_its_tail_is_known_and_nothing_is_left(tmp_path):
    # A daemon in a session of its own that has nothing of the guard's environment.
    daemon = "subprocess.Popen(['sleep', '60'], start_new_session=True, env={})"
    body = f"daemon = {daemon}; print(daemon.pid, flush=True); time.sleep(60)"
    desk = Desk(tmp_path, body)
    await desk.until(lambda: desk.printed)
    pids = [int(desk.printed), *desk.process.pids()]
    os.kill(desk.process.pid, signal.SIGKILL)
    how = await desk.ended()
    assert how == Ended(None, "SIGKILL", desk.printed)
    assert not [pid for pid in pids if is_alive(pid)]


async def test_a_stopped_guard_does_not_save_anybody_from_a_kill(tmp_path):
    desk = Desk(tmp_path, "print('ready', flush=True); time.sleep(60)")
    await desk.until(lambda: desk.printed)
    pids = desk.process.pids()
    os.kill(desk.process.pid, signal.SIGSTOP)
    desk.process.kill()
    await seconds_until_gone(pids)
    assert (await desk.ended()).signal == "SIGKILL"


async def test_a_program_that_is_no_guard_ends_with_what_it_said(tmp_path):
    desk = Desk(tmp_path, "", command=[sys.executable, "-c", "raise SystemExit('I am no guard')"])
    assert await desk.ended() == Ended(1, "", "I am no guard\n")


async def test_a_program_that_is_not_there_cannot_be_started(tmp_path):
    descriptors = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        Desk(tmp_path, "", command=["/nowhere/python"])
    assert len(os.listdir("/proc/self/fd")) == descriptors


async def test_no_descriptor_is_left_behind(tmp_path):
    await Desk(tmp_path, "pass").ended()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        await Desk(tmp_path, "pass").ended()
    assert len(os.listdir("/proc/self/fd")) == before


async def test_what_was_left_out_is_said(tmp_path):
    desk = Desk(tmp_path, "os.write(1, b'x' * 1_000_000); time.sleep(0.3); print('end')")
    await desk.ended()
    assert "bytes left out]\nend" in desk.printed
