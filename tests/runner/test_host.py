"""The process that holds a model, as its worker and its model see it."""

import os
from pathlib import Path

import pytest

from aigc.core.runner_events import (
    RunnerConnected,
    RunnerExited,
    RunnerFailed,
    RunnerFinished,
    RunnerProgressed,
    RunnerStopped,
)
from tests.runner.kit import House


@pytest.fixture
async def house(tmp_path):
    async with House(tmp_path) as house:
        yield house


async def look(house, inputs=None, **spec):
    runner = await house.loaded("looking:Looking", **spec)
    house.run(runner, inputs)
    finished = await house.outcome()
    assert isinstance(finished, RunnerFinished), finished
    return finished.info


async def test_a_model_is_told_what_was_asked_for(house):
    found = await look(house, {"text": "a chair", "image": "/data/a.png"})
    assert found["inputs"] == {"text": "a chair", "image": "/data/a.png"}
    assert (found["device"], found["model"], found["output_format"]) == ("cpu", "model", "glb")


async def test_a_model_starts_in_a_scratch_folder_without_input(house):
    found = await look(house)
    assert found["stdin"] == "/dev/null"
    assert Path(found["folder"]).parent == Path(found["cwd"])
    assert found["cwd"] not in found["path"]
    assert found["environment"]["TMPDIR"] == found["folder"]


async def test_a_gpu_is_the_only_one_that_its_model_sees(tmp_path):
    async with House(tmp_path, device="GPU-12", threads=3) as house:
        found = await look(house)
    assert found["device"] == "cuda:0"
    assert found["environment"]["CUDA_VISIBLE_DEVICES"] == "GPU-12"
    assert found["environment"]["OMP_NUM_THREADS"] == "3"


async def test_the_catalogues_environment_and_arguments_reach_the_model(house):
    found = await look(house, env={"MY_WEIGHTS": "/weights"})
    assert found["environment"]["MY_WEIGHTS"] == "/weights"
    runner = await house.loaded("raising:Raising", init={"steps": 0})
    house.run(runner, at=0, error="runtime")
    assert isinstance(await house.outcome(), RunnerFinished)


async def test_arguments_that_the_class_does_not_take_fail_the_load(house):
    house.spawn("looking:Looking", init={"size": 3})
    failed = await house.until(RunnerFailed)
    assert failed.failure.code == "model_load_failed"
    assert "takes no arguments" in failed.failure.message


async def test_what_an_attempt_left_is_gone_before_the_next_one(house):
    runner = await house.loaded("leaving:Leaving")
    for _ in range(2):
        house.run(runner)
        assert (await house.outcome()).info == {"found": []}


async def test_a_model_that_wraps_cancelled_into_an_error_of_its_own_is_stopped(house):
    runner = await house.loaded("leaving:Wrapping")
    lease = house.run(runner)
    house.runners.interrupt(runner, lease)
    assert isinstance(await house.outcome(), RunnerStopped)


async def test_a_model_that_raises_cancelled_on_its_own_has_failed(house):
    runner = await house.loaded("leaving:Quitting")
    house.run(runner)
    assert (await house.outcome()).failure.code == "model_error"


async def test_info_too_large_to_send_is_a_bad_result(house):
    runner = await house.loaded("leaving:Talking")
    house.run(runner)
    assert (await house.outcome()).failure.code == "result_invalid"


async def test_a_runner_is_the_first_to_go_when_the_machine_has_no_memory_left(house):
    house.spawn()
    pid = (await house.until(RunnerConnected)).pid
    score = (Path("/proc") / str(pid) / "oom_score_adj").read_text()
    assert int(score) == 500
    assert os.getpid() != pid


async def test_the_peak_is_that_of_the_run(house):
    runner = await house.loaded("leaving:Hungry")
    house.run(runner, bytes=200 << 20)
    large = (await house.until(RunnerFinished)).peak_bytes
    house.run(runner, bytes=1 << 20)
    small = (await house.until(RunnerFinished)).peak_bytes
    assert large - small > 150 << 20
    house.runners.terminate(runner)
    assert 0 < (await house.until(RunnerExited)).peak_bytes < large - (150 << 20)


# Batches


def gates(folder, count):
    return [str(folder / f"gate-{number}") for number in range(count)]


def unlock(gate):
    Path(gate).touch()


async def batch_of(house, gates, **params):
    """A runner that works on one job, and after it on one for each further gate, together."""
    runner = await house.loaded("batching:Batching", batch=8)
    first = house.run(runner, until=gates[0])
    await house.until(RunnerProgressed)
    others = [house.run(runner, until=gate, **params) for gate in gates[1:]]
    unlock(gates[0])
    assert (await house.outcome()).lease == first
    return runner, others


async def test_what_waits_is_run_in_one_batch_and_each_job_ends_on_its_own(house, tmp_path):
    opened = gates(tmp_path, 4)
    _, leases = await batch_of(house, opened)

    for gate, lease in list(zip(opened[1:], leases, strict=True))[::-1]:
        unlock(gate)
        finished = await house.outcome()
        assert (finished.lease, finished.info) == (lease, {"together": 3})


async def test_an_interrupt_in_a_batch_stops_that_job_alone(house, tmp_path):
    opened = gates(tmp_path, 3)
    runner, (one, two) = await batch_of(house, opened)

    house.runners.interrupt(runner, one)
    stopped = await house.outcome()
    unlock(opened[2])
    finished = await house.outcome()

    assert (type(stopped), stopped.lease) == (RunnerStopped, one)
    assert (type(finished), finished.lease) == (RunnerFinished, two)


async def test_an_interrupt_of_a_job_that_waits_for_the_next_batch_is_answered_at_once(house, tmp_path):
    opened = gates(tmp_path, 2)
    runner = await house.loaded("batching:Batching", batch=8)
    first = house.run(runner, until=opened[0])
    await house.until(RunnerProgressed)
    waiting = house.run(runner, until=opened[1])

    house.runners.interrupt(runner, waiting)
    stopped = await house.outcome()
    unlock(opened[0])
    finished = await house.outcome()

    assert (type(stopped), stopped.lease) == (RunnerStopped, waiting)
    assert (type(finished), finished.lease) == (RunnerFinished, first)


async def test_a_job_that_fails_in_a_batch_fails_alone_and_an_error_of_the_batch_fails_all(house, tmp_path):
    opened = gates(tmp_path, 3)
    runner, (one, two) = await batch_of(house, opened, error="one")
    outcomes = [await house.outcome(), await house.outcome()]
    assert [(type(each), each.lease, each.failure.code) for each in outcomes] == [
        (RunnerFailed, one, "model_error"),
        (RunnerFailed, two, "model_error"),
    ]

    house.run(runner, until=opened[0], error="all")
    failed = await house.outcome()
    assert "the batch is spoilt" in failed.failure.message


async def test_an_interrupt_is_answered_while_the_model_is_busy_with_another_job_of_the_batch(house, tmp_path):
    opened = gates(tmp_path, 3)
    runner, (one, two) = await batch_of(house, opened, busy=opened[1])
    await house.until(RunnerProgressed)

    house.runners.interrupt(runner, two)
    stopped = await house.outcome()
    unlock(opened[1])
    finished = await house.outcome()

    assert (type(stopped), stopped.lease) == (RunnerStopped, two)
    assert (type(finished), finished.lease) == (RunnerFinished, one)
    later = house.run(runner, until=opened[0])
    assert (await house.outcome()).lease == later, "nothing more was said of the job that was stopped"
