"""Models that misbehave, in real runners under a real server: the job ends with the evidence, the next one runs."""

import contextlib
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.house.kit import UP, Gate, House, Server, children, gone, mainly

pytestmark = pytest.mark.parametrize("mode", mainly(UP), indirect=True)
"""What is looked at here is the same code in both modes, with more between its parts in this one."""


def failure(server: Server, model: str, **params: Any) -> dict[str, Any]:
    """The error of a job that must fail, and the proof that the server serves on."""
    record = server.client.wait(server.submit(model, **params)["id"])
    assert record["status"] == "failed", record
    assert server.client.wait(server.submit("noop")["id"])["status"] == "completed"
    return record


def running(server: Server, model: str, **params: Any) -> str:
    """The id of a job whose model is at work."""
    job: str = server.submit(model, **params)["id"]
    for event in server.client.events(job):
        record = event.get("job") or event
        if record.get("stage") == "sampling":
            return job
    raise AssertionError("it never ran")


def model_pids(server: Server) -> set[int]:
    """The processes that hold models: the leaves below the worker."""
    return {pid for pid in server.pids("runner") if not children(pid)}


@pytest.mark.parametrize(("way", "said"), [("segfault", "SIGSEGV"), ("kill", "SIGKILL"), ("exit0", "0")])
def test_a_runner_that_dies_is_retried_and_its_story_is_kept(server: Server, way: str, said: str) -> None:
    record = failure(server, "dying", way=way)
    assert record["error"]["code"] == "runner_crashed"
    assert len(record["failures"]) == 2, "not given a third runner"
    for story in record["failures"]:
        assert said in story["message"]
        assert "these are my last words" in story["log_tail"]


def test_a_runner_killed_from_outside_costs_one_attempt(server: Server, gate: Gate) -> None:
    job = running(server, "stepping", gate=gate.path)
    for pid in model_pids(server):
        os.kill(pid, signal.SIGKILL)
    gate.open()
    record = server.client.wait(job)
    assert record["status"] == "completed"
    assert [story["code"] for story in record["failures"]] == ["runner_crashed"]


def test_a_job_blocked_in_native_code_is_cancelled_within_the_ladder(server: Server) -> None:
    job = running(server, "hanging", way="native")
    below = {pid for pid in server.pids("runner") if b"sleep 60" in _command(pid)}
    assert server.client.cancel(job)["stage"] == "cancelling"
    assert server.client.wait(job)["status"] == "cancelled"
    assert below
    assert gone(below, within_s=0), "cancelled is written when the work has really stopped"
    assert server.client.wait(server.submit("noop")["id"])["status"] == "completed"


def test_a_stopped_runner_can_be_cancelled(server: Server) -> None:
    job = running(server, "noop", sleep_s=600, steps=6000)
    stopped = model_pids(server)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    server.client.cancel(job)
    assert server.client.wait(job)["status"] == "cancelled"
    for pid in stopped:  # those of other models rest, and are wanted again
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def test_a_cooperative_job_is_cancelled_and_its_runner_stays(server: Server) -> None:
    job = running(server, "noop", sleep_s=600, steps=60_000)
    before = model_pids(server)
    server.client.cancel(job)
    assert server.client.wait(job)["status"] == "cancelled"
    assert before & model_pids(server), "a cooperative model keeps its process"


def test_a_waiting_job_is_cancelled_at_once_and_a_finished_one_stays_as_it_is(server: Server, gate: Gate) -> None:
    first = running(server, "stepping", gate=gate.path)
    waiting = [server.submit("noop")["id"] for _ in range(5)]
    assert server.client.cancel(waiting[-1])["status"] == "cancelled"
    gate.open()
    done = server.client.wait(first)
    assert server.client.cancel(first)["status"] == done["status"] == "completed"
    for job in waiting[:-1]:
        assert server.client.wait(job)["status"] == "completed"


def test_a_model_that_raises_fails_with_its_own_words_and_is_not_retried(server: Server) -> None:
    record = failure(server, "raising", at=1, error="runtime")
    assert record["error"]["code"] == "model_error"
    assert "something broke in the sampler" in record["error"]["message"] + record["error"]["log_tail"]
    assert record["attempt"] == 1


def test_bad_input_is_told_with_what_to_do_and_never_retried(server: Server) -> None:
    record = failure(server, "raising", at=0, error="input")
    error = record["error"]
    assert (error["code"], error["message"], error["suggestion"]) == (
        "input_invalid", "the picture is empty", "use another picture",
    )  # fmt: skip
    assert record["attempt"] == 1


@pytest.mark.parametrize("error", ["memory", "cuda_memory"])
def test_out_of_memory_is_tried_once_more_alone_and_then_told(server: Server, error: str) -> None:
    record = failure(server, "raising", at=1, error=error)
    assert record["error"]["code"] == "out_of_memory"
    assert len(record["failures"]) == 2


@pytest.mark.parametrize("way", ["nothing", "broken_glb", "empty", "link", "dotdot_name", "outside"])
def test_what_is_no_sound_result_never_becomes_one(server: Server, way: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.glb"
    secret.write_bytes(b"secret")
    record = failure(server, "returning", way=way, target=str(secret))
    assert record["error"]["code"] == "result_invalid"
    assert record["outputs"] == []
    assert secret.read_bytes() == b"secret"


def test_a_gigabyte_of_output_harms_nobody_and_its_end_is_kept(server: Server) -> None:
    job = server.submit("printing", bytes=1 << 30)["id"]
    record = server.client.wait(job)
    assert record["status"] == "completed"
    resident = int(Path(f"/proc/{server.one('worker')}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    assert resident < 600 << 20


def test_grandchildren_of_a_model_end_with_it(server: Server) -> None:
    job = running(server, "forking")
    below = server.pids("runner")
    server.client.cancel(job)
    assert server.client.wait(job)["status"] == "cancelled"
    children = {pid for pid in below if b"time.sleep(300)" in _command(pid)}
    assert gone(children, within_s=60)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_third_partys_model_from_the_documentation_is_served(house: House, tmp_path: Path) -> None:
    with house(tmp_path, bundled=True) as server:
        client = server.client
        job = client.submit("text_to_raw_mesh", model="spiral-staircase", text="upstairs", params={"radius": 2})
        record = client.wait(job["id"])
        assert record["status"] == "completed", record["error"]
        assert record["outputs"][0]["stats"]["triangles"] == 12 * len("upstairs")
