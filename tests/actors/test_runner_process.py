"""Real runner processes, and everything that can go wrong with them."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
import venv
from pathlib import Path

import pytest
import uvloop
import zmq

from actors.runner_folder import family_of
from aigc.core.ids import AttemptId
from aigc.core.job import Lease, Stage
from aigc.core.runner_events import (
    RunnerConnected,
    RunnerExited,
    RunnerFailed,
    RunnerFinished,
    RunnerLoaded,
    RunnerProgressed,
    RunnerStopped,
)
from aigc.runner import descent, protocol
from aigc.runner.noop import triangle_glb
from tests.house.kit import Gate
from tests.runner.kit import House, is_alive, seconds_until_gone, wait_until_gone


def peak_kb(pid):
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1])


@pytest.fixture
async def house(tmp_path):
    async with House(tmp_path) as house:
        yield house


# A life without trouble


async def test_a_runner_connects_loads_runs_and_leaves_its_output_whole(house):
    runner = house.spawn()
    connected = await house.until(RunnerConnected)
    loaded = await house.until(RunnerLoaded)
    lease = house.run(runner)
    finished = await house.until(RunnerFinished)

    assert connected.pid in house.runners.pids()[runner]
    assert loaded.bytes > 0
    assert (finished.runner, finished.lease) == (runner, lease)
    (output,) = finished.outputs
    assert (output.name, output.role, output.format, output.stats) == ("noop.glb", "model", "glb", {"triangles": 1})
    assert (house.staging / str(lease.attempt) / "noop.glb").read_bytes() == triangle_glb()
    assert finished.peak_bytes > 0


async def test_one_runner_runs_one_job_after_the_other(house):
    runner = await house.loaded()
    for _ in range(5):
        lease = house.run(runner)
        assert (await house.until(RunnerFinished)).lease == lease


def test_a_life_under_uvloop_is_the_same(tmp_path):
    async def life():
        async with House(tmp_path) as house:
            runner = await house.loaded()
            house.run(runner)
            assert (await house.until(RunnerFinished)).runner == runner
            os.kill(house.runners.pids()[runner][1], signal.SIGKILL)
            assert (await house.until(RunnerExited)).signal == "SIGKILL"

    uvloop.run(life())


async def test_spawn_returns_before_the_interpreter_is_up(house):
    shares = []
    for _ in range(3):  # the machine may have had no time for us just then
        started = time.perf_counter()
        house.spawn()
        spawning_s = time.perf_counter() - started
        await house.until(RunnerConnected)
        shares.append(spawning_s / (time.perf_counter() - started))
        if shares[-1] < 0.5:
            return
    raise AssertionError(shares)


async def test_progress_comes_with_its_stage_and_the_warnings_with_the_result(house):
    runner = await house.loaded("stepping:Stepping")
    plan = [[0.1, "preprocessing", ""], [0.5, "sampling", "half"], [0.3, "decoding", ""], [0.9, "levitating", ""]]
    lease = house.run(runner, plan=plan)
    finished = await house.until(RunnerFinished)

    reports = [(event.stage, event.progress.fraction) for event in house.of(RunnerProgressed)]
    assert reports == [(Stage.PREPROCESSING, 0.1), (Stage.SAMPLING, 0.5), (Stage.DECODING, 0.5)]
    assert all(event.lease == lease for event in house.of(RunnerProgressed))
    assert finished.warnings == ("the picture was small",)
    assert [output.role for output in finished.outputs] == ["model", "thumbnail"]


async def test_of_a_burst_of_reports_the_latest_one_arrives(house):
    runner = await house.loaded("stepping:Stepping")
    house.run(runner, plan=[[i / 1000, "sampling", str(i)] for i in range(1000)], wait_s=60)
    while (await house.until(RunnerProgressed)).progress.message != "999":
        pass
    assert len(house.of(RunnerProgressed)) < 500


async def test_a_preview_lies_in_the_staging_folder_and_is_no_output(house, tmp_path):
    runner = await house.loaded("stepping:Stepping")
    gate = Gate(tmp_path)
    lease = house.run(runner, plan=[[0.1, "sampling", ""]], preview=True, gate=gate.path)
    while not (preview := (await house.until(RunnerProgressed)).progress.preview):
        pass
    gate.open()
    finished = await house.until(RunnerFinished)
    assert (house.staging / str(lease.attempt) / preview).read_bytes().startswith(b"\x89PNG")
    assert preview not in {output.name for output in finished.outputs}


async def test_an_interrupted_run_stops_at_its_next_step_and_the_runner_serves_the_next_job(house):
    runner = await house.loaded("hanging:Hanging")
    lease = house.run(runner, way="steps")
    await house.until(RunnerProgressed)
    house.runners.interrupt(runner, lease)
    assert (await house.until(RunnerStopped)).lease == lease

    again = house.run(runner, way="steps")
    await house.until(RunnerProgressed)
    house.runners.interrupt(runner, again)
    assert (await house.until(RunnerStopped)).lease == again


async def test_an_interrupt_that_comes_right_behind_its_run_is_not_lost(house):
    runner = await house.loaded("hanging:Hanging")
    lease = house.run(runner, way="steps")
    house.runners.interrupt(runner, lease)
    assert (await house.until(RunnerStopped)).lease == lease


async def test_an_interrupt_of_another_lease_is_not_followed(house):
    runner = await house.loaded()
    lease = house.run(runner, sleep_s=0.2, steps=20)
    house.runners.interrupt(runner, Lease(lease.job, lease.attempt, AttemptId("stale")))
    assert (await house.until(RunnerFinished)).lease == lease


async def test_an_idle_runner_that_is_terminated_unloads_and_exits_with_0(house):
    runner = await house.loaded()
    house.runners.terminate(runner)
    exited = await house.until(RunnerExited)
    assert (exited.code, exited.signal) == (0, "")
    assert house.runners.pids() == {}


async def test_closing_ends_running_loading_and_idle_runners_with_one_exit_each(tmp_path):
    async with House(tmp_path) as house:
        idle = await house.loaded()
        running = await house.loaded("hanging:Hanging")
        house.run(running, way="native")
        await house.until(RunnerProgressed)
        loading = house.spawn()
    assert sorted(event.runner for event in house.of(RunnerExited)) == sorted([idle, running, loading])
    assert not (tmp_path / "run").exists()


async def test_a_folder_too_deep_for_a_socket_does_no_harm(tmp_path):
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    async with House(deep) as house:
        await house.loaded()


async def test_the_socket_folder_is_nobody_elses(house):
    assert (house.folder / "run").stat().st_mode & 0o077 == 0


async def test_what_a_killed_worker_left_in_the_folder_is_gone_after_the_start(tmp_path):
    left = tmp_path / "run" / "runner-1" / "scratch" / "big"
    left.parent.mkdir(parents=True)
    left.write_text("x")
    async with House(tmp_path):
        assert not left.exists()


# Sudden ends


@pytest.mark.parametrize(
    ("way", "code", "name"),
    [("exit0", 0, ""), ("segfault", None, "SIGSEGV"), ("kill", None, "SIGKILL")],
)
async def test_a_death_in_mid_job_is_seen_with_its_evidence(house, way, code, name):
    runner = await house.loaded("dying:Dying")
    house.run(runner, way=way)
    exited = await house.until(RunnerExited)
    assert (exited.runner, exited.code, exited.signal) == (runner, code, name)
    assert "these are my last words" in exited.log_tail
    assert exited.peak_bytes > 1 << 20
    if way == "segfault":
        assert 'dying.py", line' in exited.log_tail  # where it happened


async def test_a_model_that_closes_its_sockets_ends(house):
    runner = await house.loaded("dying:Dying")
    house.run(runner, way="close_descriptors")
    exited = await house.until(RunnerExited)
    assert (exited.code, exited.signal) != (0, "")


async def test_an_exit_while_idle_is_seen(house):
    house.spawn("dying:DyingIdle")
    assert (await house.until(RunnerExited)).code == 5


async def test_a_sigkill_from_outside_is_seen(house):
    house.spawn()
    pid = (await house.until(RunnerConnected)).pid
    os.kill(pid, signal.SIGKILL)
    assert (await house.until(RunnerExited)).signal == "SIGKILL"


async def test_a_guard_that_is_killed_leaves_nothing_behind(house):
    runner = await house.loaded("forking:Forking")
    house.run(runner)
    await house.until(RunnerProgressed)
    pids = house.runners.pids()[runner]
    assert len(pids) == 5
    os.kill(pids[0], signal.SIGKILL)
    exited = await house.until(RunnerExited)
    assert exited.signal == "SIGKILL"
    assert not [pid for pid in pids if is_alive(pid)]


async def test_children_sessions_and_daemons_end_with_their_model(house):
    runner = await house.loaded("forking:Forking")
    house.run(runner, way="exit")
    pids = [int(pid) for pid in (await house.until(RunnerExited)).log_tail.split()]
    assert len(pids) == 3
    assert not [pid for pid in pids if is_alive(pid)]


async def test_children_sessions_and_daemons_end_within_a_second_of_a_terminate(house):
    runner = await house.loaded("forking:Forking")
    house.run(runner)
    report = await house.until(RunnerProgressed)
    pids = [int(pid) for pid in report.progress.message.split()]
    assert all(is_alive(pid) for pid in pids)
    house.runners.terminate(runner)
    assert await seconds_until_gone(pids) < 1
    await house.until(RunnerExited)


STARTING = """
import asyncio, sys, zmq
from pathlib import Path
from actors.runner_process import Runners, RunnersSettings
from aigc.core.model import ModelSpec

async def main():
    folder = Path(sys.argv[1])
    runners = Runners(zmq.Context(), folder / "run", "cpu", RunnersSettings(staging=folder), lambda events: None)
    await runners.start()
    print("ready", flush=True)
    for number in range(3):
        runners.spawn(str(number), ModelSpec(id="noop", feature="test", class_path="aigc.runner.noop:Noop"))
        await asyncio.sleep(0.02)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.02, 0.05, 0.1, 0.2])
def test_a_worker_that_is_killed_while_it_starts_runners_leaves_nothing(tmp_path, after_s):
    with subprocess.Popen([sys.executable, "-c", STARTING, str(tmp_path)], stdout=subprocess.PIPE) as worker:
        assert worker.stdout.readline() == b"ready\n"
        time.sleep(after_s)
        worker.kill()
    marks = family_of(tmp_path / "run")
    limit = time.monotonic() + 20
    while left := descent.marked(marks):
        assert time.monotonic() < limit, left


# Hanging


async def hanging(house, way):
    """A runner that hangs in that way, its lease, and its processes."""
    runner = await house.loaded("hanging:Hanging")
    lease = house.run(runner, way="python" if way == "stopped" else way)
    await house.until(RunnerProgressed)
    if way == "stopped":
        os.kill(house.runners.pids()[runner][1], signal.SIGSTOP)
    while way == "native" and len(house.runners.pids()[runner]) < 3:  # noqa: ASYNC110 - nobody tells of that
        await asyncio.sleep(0.005)  # the call has begun when its child is there
    return runner, lease, list(house.runners.pids()[runner])


@pytest.mark.parametrize("way", ["python", "native", "stopped"])
async def test_a_model_that_hangs_is_gone_within_a_second_of_a_kill(house, way):
    runner, _, pids = await hanging(house, way)
    house.runners.kill(runner)
    assert await seconds_until_gone(pids) < 1
    assert (await house.until(RunnerExited)).signal == "SIGKILL"


@pytest.mark.parametrize("way", ["native", "stopped"])
async def test_a_model_that_does_not_hear_sigterm_is_killed_within_a_second_of_it(house, way):
    runner, lease, pids = await hanging(house, way)
    house.runners.interrupt(runner, lease)
    house.runners.terminate(runner)
    assert await seconds_until_gone(pids) < 1
    assert (await house.until(RunnerExited)).signal == "SIGKILL"


async def test_a_model_in_python_hears_sigterm_and_is_not_killed(house):
    runner = await house.loaded("hanging:Hanging")
    house.run(runner, way="python")
    await house.until(RunnerProgressed)
    house.runners.terminate(runner)
    assert (await house.until(RunnerExited)).code == 0


async def test_an_unload_that_hangs_does_not_keep_the_runner(house):
    runner = await house.loaded("hanging:HangingUnload")
    house.runners.terminate(runner)
    assert (await house.until(RunnerExited)).signal == "SIGKILL"


async def test_a_kill_ends_a_runner_whose_guard_is_stopped(house):
    runner = await house.loaded()
    pids = list(house.runners.pids()[runner])
    os.kill(pids[0], signal.SIGSTOP)
    house.runners.kill(runner)
    assert await seconds_until_gone(pids) < 1.5
    await house.until(RunnerExited)


# Failing


@pytest.mark.parametrize("init", [{"where": "init"}, {"where": "load"}])
async def test_a_model_that_raises_in_loading_is_reported_broken_with_its_traceback(house, init):
    runner = house.spawn("raising:Raising", init=init)
    failed = await house.until(RunnerFailed)
    assert (failed.runner, failed.lease, failed.broken) == (runner, None, True)
    assert failed.failure.code == "model_load_failed"
    assert "something broke in the sampler" in failed.failure.message
    assert "raising.py" in failed.failure.log_tail
    assert not failed.failure.retryable


@pytest.mark.parametrize(
    ("class_path", "words"),
    [
        ("broken_import:Model", "the weights library is missing"),
        ("no_such_module:Model", "no_such_module"),
        ("raising:Missing", "has no Missing"),
        ("raising", "write package.module:Class"),
    ],
)
async def test_a_model_that_cannot_be_imported_is_reported_broken(house, class_path, words):
    house.spawn(class_path)
    failed = await house.until(RunnerFailed)
    assert (failed.failure.code, failed.broken) == ("model_load_failed", True)
    assert words in failed.failure.message


async def test_running_out_of_memory_in_loading_is_worth_another_attempt(house):
    house.spawn("raising:Raising", init={"where": "load", "error": "memory"})
    failed = await house.until(RunnerFailed)
    assert (failed.failure.code, failed.failure.retryable, failed.broken) == ("out_of_memory", True, True)


FAILURES = [
    ("runtime", "model_error", False, False),
    ("exit", "model_error", False, False),
    ("input", "input_invalid", False, False),
    ("memory", "out_of_memory", True, False),
    ("cuda_memory", "out_of_memory", True, False),
    ("cuda_assert", "runner_crashed", True, True),
    ("cuda_access", "runner_crashed", True, True),
    ("disk", "storage_failed", True, False),
]


@pytest.mark.parametrize("at", [0, 2], ids=["first step", "last step"])
async def test_what_a_run_raises_becomes_the_right_failure_and_the_process_goes_on(house, at):
    runner = await house.loaded("raising:Raising")
    for error, code, retryable, broken in FAILURES:
        lease = house.run(runner, error=error, at=at)
        failed = await house.until(RunnerFailed)
        assert (failed.runner, failed.lease, failed.failure.attempt) == (runner, lease, lease.attempt)
        assert (failed.failure.code, failed.failure.retryable, failed.broken) == (code, retryable, broken)
        assert ("raising.py" in failed.failure.log_tail) == (code not in ("input_invalid", "storage_failed"))
    house.run(runner)
    assert isinstance(await house.outcome(), RunnerFinished)


async def test_the_suggestion_of_a_refused_input_arrives(house):
    runner = await house.loaded("raising:Raising")
    house.run(runner, error="input", at=0)
    failure = (await house.until(RunnerFailed)).failure
    assert (failure.message, failure.suggestion) == ("the picture is empty", "use another picture")


async def test_a_model_that_raises_in_unloading_ends_all_the_same(house):
    runner = await house.loaded("raising:Raising", init={"where": "unload"})
    house.runners.terminate(runner)
    exited = await house.until(RunnerExited)
    assert exited.code == 1
    assert "something broke in the sampler" in exited.log_tail


BAD_RESULTS = {
    "nothing": "NoneType",
    "broken_glb": "its header says",
    "empty": "it is empty",
    "link": "is a link",
    "dotdot": "has .. in it",
    "dotdot_name": "not a plain file name",
    "outside": "not in progress.folder",
}


async def test_a_bad_result_is_refused_and_nothing_of_it_is_left(house, tmp_path):
    target = tmp_path / "secret.glb"
    target.write_bytes(triangle_glb())
    runner = await house.loaded("returning:Returning")
    for way, words in BAD_RESULTS.items():
        lease = house.run(runner, way=way, target=str(target))
        failed = await house.until(RunnerFailed)
        assert (failed.failure.code, failed.failure.retryable, failed.broken) == ("result_invalid", False, False)
        assert words in failed.failure.message
        assert list((house.staging / str(lease.attempt)).iterdir()) == []
    house.run(runner, way="good")
    assert isinstance(await house.outcome(), RunnerFinished)


async def test_a_result_larger_than_allowed_is_refused(tmp_path):
    async with House(tmp_path, output_bytes=10_000) as house:
        runner = await house.loaded()
        house.run(runner, bytes=20_000)
        assert "larger than may be" in (await house.until(RunnerFailed)).failure.message


async def test_parameters_beyond_all_measure_fail_the_attempt_and_spare_the_runner(house):
    runner = await house.loaded()
    house.run(runner, prompt="x" * (2 << 20))
    assert (await house.until(RunnerFailed)).failure.code == "input_invalid"
    house.run(runner)
    await house.until(RunnerFinished)


async def test_a_model_that_prints_a_gigabyte_harms_nobody(house):
    runner = await house.loaded("printing:Printing")
    guard = house.runners.pids()[runner][0]
    house.run(runner, bytes=1 << 30)
    await house.until(RunnerFinished)
    assert peak_kb(guard) < 64 << 10
    house.runners.terminate(runner)
    exited = await house.until(RunnerExited)
    assert exited.log_tail.endswith("and this is the end of it\n")
    assert len(exited.log_tail) <= 8000


# Starting under other circumstances


async def test_an_interpreter_that_does_not_exist_is_an_exit_that_says_so(house):
    runner = house.spawn(python="/nowhere/bin/python")
    exited = await house.until(RunnerExited)
    assert (exited.runner, exited.code) == (runner, 127)
    assert "/nowhere/bin/python" in exited.log_tail


@pytest.mark.parametrize("entry", [{"init": {"at": object()}}, {"env": {"A": "nul\0"}}])
async def test_a_catalogue_entry_that_cannot_be_passed_on_is_an_exit_that_says_so(house, entry):
    runner = house.spawn(**entry)
    exited = await house.until(RunnerExited)
    assert (exited.runner, exited.code) == (runner, 127)
    assert "could not be started" in exited.log_tail


async def test_an_interpreter_without_pyzmq_is_an_exit_that_says_so(house, tmp_path):
    await asyncio.to_thread(venv.create, tmp_path / "bare")
    house.spawn(python=str(tmp_path / "bare/bin/python"))
    exited = await house.until(RunnerExited)
    assert exited.code not in (0, None)
    assert "No module named" in exited.log_tail


async def test_a_program_that_is_no_python_is_an_exit_with_what_it_said(house):
    house.spawn(python="/bin/false")
    assert (await house.until(RunnerExited)).code == 1


# Strangers on the socket


async def test_messages_of_strangers_and_of_other_leases_are_dropped_and_counted(house, tmp_path):
    runner = await house.loaded("stepping:Stepping")
    gate = Gate(tmp_path)
    lease = house.run(runner, gate=gate.path)
    context = zmq.Context()
    with context.socket(zmq.DEALER) as stranger:
        stranger.setsockopt(zmq.LINGER, 1000)
        stranger.connect(f"ipc://{next((tmp_path / 'run').glob('*.sock'))}")
        stranger.send(protocol.encode(protocol.STOPPED, (lease.job, lease.attempt, lease.id), {"run_s": 1.0}))
        stranger.send(b"\xff garbage")
    context.term()
    async with asyncio.timeout(60):
        while house.runners.dropped < 2:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.005)
    gate.open()
    assert (await house.until(RunnerFinished)).lease == lease
    assert house.of(RunnerStopped) == []
    assert house.runners.dropped == 2


# The worker's own death

WORKER = """
import asyncio, sys, time
from pathlib import Path
from aigc.core.runner_events import RunnerProgressed
from tests.runner.kit import House

async def main(folder):
    async with House(folder) as house:
        runner = await house.loaded("forking:Forking")
        house.run(runner)
        await house.until(RunnerProgressed)
        print("pids", *house.runners.pids()[runner], flush=True)
        time.sleep(300)

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_runner_outlives_its_worker(tmp_path, number):
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WORKER), tmp_path], stdout=subprocess.PIPE, text=True
    ) as worker:
        words = next(line for line in worker.stdout if line.startswith("pids")).split()
        pids = [int(pid) for pid in words[1:]]
        assert len(pids) == 5
        worker.send_signal(number)
    wait_until_gone(pids)  # how soon, and why: tests/house/test_isolation.py


# What it costs


async def test_an_idle_runner_costs_the_loop_nothing(house):
    await house.loaded()
    before = time.process_time()
    await asyncio.sleep(0.2)
    assert time.process_time() - before < 0.05


async def test_a_runner_that_cannot_be_reached_is_killed(house):
    runner = house.spawn()
    house.run(runner)  # too early: as far as the socket knows, there is nobody
    assert (await house.until(RunnerExited)).runner == runner
