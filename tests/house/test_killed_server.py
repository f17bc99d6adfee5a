"""kill -9 of the server at points of a job's life: the job ends once, completed, with one result."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.house.kit import MODES, UP, Gate, House, NotStarted, Server, descendants, eventually, gone

LASTING = {"sleep_s": 0.6, "steps": 12}


def at_once(server: Server, job: str) -> None:
    """The acknowledgement has just come."""


def after(seconds: float) -> Callable[[Server, str], None]:
    def wait(server: Server, job: str) -> None:
        time.sleep(seconds)

    return wait


def on_event(kind: str, *, stage: str = "", fraction: float = 0.0) -> Callable[[Server, str], None]:
    def wait(server: Server, job: str) -> None:
        for event in server.client.events(job):
            record: dict[str, Any] = event.get("job") or event
            progress = record.get("progress") or {}
            is_far = progress.get("fraction", 0.0) >= fraction
            if event["type"] == kind and (not stage or record.get("stage") == stage) and is_far:
                return

    return wait


POINTS = {
    "acknowledged": at_once,
    "a moment later": after(0.001),
    "while its lease is written": after(0.003),
    "while the runner starts": after(0.05),
    "leased": on_event("job.started"),
    "first step": on_event("job.progress", stage="sampling"),
    "in the middle": on_event("job.progress", fraction=0.5),
    "near the end": on_event("job.progress", fraction=0.9),
    "while the result is stored": after(0.95),
    "completed": on_event("job.completed"),
}


IN_BOTH = ("acknowledged", "leased", "in the middle", "completed")
CASES = [
    pytest.param(mode, point, marks=[pytest.mark.slow] * (mode != UP and point not in IN_BOTH))
    for mode in MODES
    for point in POINTS
]
"""Every point where there are most processes to be killed; in one process some, and the others with `make soak`."""


def only_result(server: Server, job: dict[str, Any]) -> bytes:
    """The one result of a job, read back; no attempt but the accepted one has left files that a client could get."""
    models = [out for out in job["outputs"] if out["role"] == "model"]
    assert len(models) == 1
    target = server.client.download(job["id"], server.folder / "result.glb")
    return target.read_bytes()


@pytest.fixture
def cold(server: Server) -> Server:
    """The server that is killed at every point: it runs again, and has no model loaded."""
    if server.process is None:
        server.start()
    server.client.control("unload", "noop")
    eventually(lambda: not server.pids("runner"))
    return server


@pytest.mark.parametrize(("mode", "point"), CASES, indirect=["mode"])
def test_a_job_survives_the_server_being_killed(cold: Server, point: str) -> None:
    job = cold.submit("noop", **LASTING)["id"]
    POINTS[point](cold, job)
    below = cold.pids("runner")
    cold.kill()
    assert gone(below, within_s=60), "a runner outlived its server"
    cold.start()
    record = cold.client.wait(job)
    assert record["status"] == "completed", record["error"]
    assert [line["kind"] for line in record["history"]].count("completed") == 1
    assert [line["seq"] for line in record["history"]] == list(range(1, record["seq"] + 1))
    assert only_result(cold, record)[:4] == b"glTF"
    assert record["failures"] == [], "a killed server is not the job's fault"


def test_nothing_outlives_the_process_that_was_started(fresh: Server) -> None:
    fresh.client.wait(fresh.submit()["id"])
    everything = {fresh.pid} | descendants(fresh.pid)
    os.kill(fresh.pid, signal.SIGKILL)
    assert gone(everything, within_s=60)


def test_whatever_was_acknowledged_before_a_random_kill_is_completed_after_it(fresh: Server) -> None:
    dice = random.Random(7)
    acknowledged: list[str] = []
    for _ in range(3):
        until = time.monotonic() + dice.uniform(0.05, 0.4)
        acknowledged.append(fresh.submit("noop")["id"])
        # A quick machine would accept more than it can do in the time of a test.
        while time.monotonic() < until and len(acknowledged) < 90:
            acknowledged.append(fresh.submit("noop")["id"])
        fresh.kill()
        fresh.start()
    records = [fresh.client.wait(job) for job in acknowledged]
    assert {record["status"] for record in records} == {"completed"}
    assert fresh.client.jobs(limit=500)["total"] == len(set(acknowledged)) == len(acknowledged)


def test_a_second_server_on_the_same_data_is_refused_with_the_reason(
    cold: Server, house: House, tmp_path: Path
) -> None:
    job = cold.submit("noop", sleep_s=0.2)["id"]
    second = house(tmp_path)
    second.data = cold.data
    with pytest.raises(NotStarted, match=rf"(?s){cold.pid}"):
        second.start()
    assert cold.client.wait(job)["status"] == "completed"


def test_sigterm_hands_a_long_job_back_and_it_is_done_after_the_restart(
    house: House, gate: Gate, tmp_path: Path
) -> None:
    with house(tmp_path, settings={"worker": {"drain_s": 0.2, "memory_gb": 8}}) as server:
        job = server.submit("stepping", gate=gate.path)["id"]
        on_event("job.progress", stage="sampling")(server, job)
        assert server.stop() == 0
        server.start()
        gate.open()
        record = server.client.wait(job)
        assert record["status"] == "completed"
        assert record["failures"] == []
        assert record["attempt"] == 2
