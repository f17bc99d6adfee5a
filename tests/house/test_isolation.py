"""What a worker has started ends with it, however it ends; a device that is ill gets no work; a name has one worker.

No orphan lives for two seconds (F14). How many seconds it takes is a matter of the machine and of who else wants it,
so a test that looked at a clock would try the machine. What these tests show instead is why it takes next to none: the
kernel has told the guard of its worker's death, and a model of its guard's, before anybody else can know of it; the
guard then waits for no time of ours but `guard.AGAIN_MS` between two looks, and goes when all others are gone.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.runner_folder import family_of
from aigc.runner import descent
from config.settings import load
from config.wiring import runtime_folder
from tests.deaths import HANG_S, alive, frozen, is_dying, pending, reads_the_end, until_ended, watched
from tests.house.kit import SERVE, UP, House, Server, eventually, gone


def marks(server: Server, worker: str = "worker-0") -> range:
    """What everything carries that this worker has started."""
    settings = load(server.settings_file, flags={"storage.data_dir": str(server.data)}, environment={}).settings
    return family_of(runtime_folder(settings) / worker)


def begun(server: Server, model: str = "noop", **params: Any) -> dict[str, Any]:
    """A job whose model works on it: the event that tells so, with the job's id as `id`."""
    job = server.submit(model, **params)["id"]
    for event in server.client.events(job):
        if event.get("stage") == "sampling":
            return {**event, "id": job}
    raise AssertionError("it never ran")


def family(server: Server) -> set[int]:
    """Guard, model, and its child, its session and its daemon: all that came of one job."""
    message = begun(server, "forking")["progress"]["message"]
    pids = {int(pid) for pid in message.split()} | server.pids("runner")
    assert len(pids) == 5
    assert set(descent.marked(marks(server))) == pids
    return pids


# Whatever kills whom


def test_everything_ends_with_its_worker(fresh: Server) -> None:
    pids = family(fresh)
    worker = fresh.one("worker")
    (guard,) = descent.children(worker)
    # Who would begin the worker again stands still: the next one ends what it finds of the one before it, too.
    parents = [fresh.pid] if fresh.mode == UP else []
    with frozen(*parents), watched(worker) as worker_end, watched(guard) as guard_end:
        with frozen(guard):
            os.kill(worker, signal.SIGKILL)
            until_ended(worker_end)
            assert reads_the_end(guard) and signal.SIGTERM in pending(guard)
        until_ended(guard_end)
        assert [pid for pid in pids if alive(pid)] == []


def test_everything_ends_with_its_guard_and_the_job_is_tried_again(fresh: Server) -> None:
    pids = family(fresh)
    (guard,) = descent.children(fresh.one("worker"))
    (model,) = [child for child in descent.children(guard) if descent.children(child)]  # the daemon has come to it, too
    with watched(guard) as guard_end:
        os.kill(guard, signal.SIGKILL)
        until_ended(guard_end)
        assert is_dying(model)
    assert gone(pids, HANG_S)  # what the model had begun the worker looks for, since nobody else is left to
    eventually(lambda: len(descent.marked(marks(fresh))) == 5)  # its second attempt


def test_what_outlived_worker_and_guard_ends_when_the_worker_is_there_again(fresh: Server) -> None:
    pids = family(fresh)
    worker = fresh.one("worker")
    guards = descent.children(worker)
    os.kill(guards[0], signal.SIGSTOP)  # so that it cannot do its work before it is killed too
    os.kill(worker, signal.SIGKILL)
    os.kill(guards[0], signal.SIGKILL)
    if fresh.mode == SERVE:
        fresh.kill()
        fresh.start()
    assert gone(pids, HANG_S)


def test_a_worker_that_was_stopped_ends_the_runner_of_a_job_that_went_elsewhere(tmp_path: Path) -> None:
    devices = ("--device", "fake:8#left", "--device", "fake:8#right")
    with Server(tmp_path, mode=UP, arguments=devices) as server:
        job = begun(server, "noop", sleep_s=600, steps=6000)["id"]
        name = server.client.job(job)["worker"]
        stopped = process_of(server, name)
        stale = set(descent.marked(marks(server, name)))
        os.kill(stopped, signal.SIGSTOP)
        eventually(lambda: server.client.job(job)["attempt"] == 2)
        assert server.client.job(job)["worker"] != name
        os.kill(stopped, signal.SIGCONT)
        eventually(lambda: server.client.worker(name)["liveness"] == "alive")
        eventually(lambda: not leases(server, name))
        eventually(lambda: states(server, name) in ({"noop": "idle"}, {}))
        assert server.client.job(job)["attempt"] == 2
        server.client.cancel(job)
        assert stale  # it had a runner, which now rests or is gone


def process_of(server: Server, name: str) -> int:
    """The worker process of that name."""
    return next(pid for pid in server.pids("worker") if name.encode() in Path(f"/proc/{pid}/cmdline").read_bytes())


def leases(server: Server, name: str) -> list[Any]:
    return list(server.client.worker(name)["leases"])


def states(server: Server, name: str) -> dict[str, str]:
    return {one["residency"]: one["state"] for one in server.client.worker(name)["residents"]}


# A device that is ill


def test_an_ill_device_gets_no_work_hands_back_what_waits_and_is_well_again(house: House, tmp_path: Path) -> None:
    fault = tmp_path / "fault"
    devices = {"worker": {"devices": [f"fake:8#left?faults={fault}", "fake:8#right"], "memory_gb": 8}}
    with house(tmp_path, settings=devices) as server:
        eventually(lambda: len(server.client.workers()["workers"]) == 2)
        workers = {one["device"]["id"]: one["id"] for one in server.client.workers()["workers"]}
        assert set(workers) == {"fake:left", "fake:right"}
        ill, well = workers["fake:left"], workers["fake:right"]
        server.client.drain(well)
        running = begun(server, "noop", sleep_s=1000, steps=10_000)["id"]
        waiting = [server.submit("noop")["id"] for _ in range(3)]
        assert server.client.job(running)["worker"] == ill
        eventually(lambda: len(leases(server, ill)) > 1)
        eventually(lambda: server.client.worker(ill)["device"]["used"] > 0)

        fault.write_text("Xid 79: it has fallen off the bus")
        eventually(lambda: server.client.worker(ill)["quarantined"] == "Xid 79: it has fallen off the bus")
        assert server.client.worker(ill)["device"]["healthy"] is False
        server.client.resume(well)
        for job in waiting:
            record = server.client.wait(job)
            assert (record["status"], record["worker"], record["failures"]) == ("completed", well, [])
        assert [one["id"] for one in leases(server, ill)] == [running], "what runs goes on"

        # Somebody looked after it; the next error counts again, and ends with its cause.
        server.client.drain(well)
        server.client.resume(ill)
        eventually(lambda: server.client.worker(ill)["quarantined"] == "")
        fault.write_text("Xid 48: memory error that could not be corrected")
        eventually(lambda: server.client.worker(ill)["quarantined"].startswith("Xid 48"))
        fault.unlink()
        eventually(lambda: server.client.worker(ill)["quarantined"] == "")
        server.client.cancel(running)
        assert server.client.wait(server.submit("noop")["id"])["worker"] == ill


# A name has one worker


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, mode=UP, arguments=("--device", "fake:8")) as running:
        yield running


def second(server: Server, run_dir: Path) -> subprocess.Popen[str]:
    """Another `aigc worker` with the name of the one that lives."""
    redis = next(Path(f"/proc/{pid}/environ") for pid in server.pids("worker")).read_bytes().split(b"\0")
    told = dict(entry.decode().split("=", 1) for entry in redis if entry.startswith(b"P3D_"))
    command = [sys.executable, "-m", "aigc", "worker", "--device", "fake:8", "--name", "worker-0"]
    command += ["--config", str(server.settings_file), "--data", str(server.data)]
    environment = {**os.environ, **told, "P3D_STORAGE__RUN_DIR": str(run_dir)}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=server.folder
    )


def run_dir(server: Server) -> Path:
    settings = load(server.settings_file, flags={"storage.data_dir": str(server.data)}, environment={}).settings
    return runtime_folder(settings)


def test_a_second_worker_of_a_name_is_refused_on_the_same_machine(site: Server) -> None:
    job = begun(site, "noop", sleep_s=3, steps=30)["id"]
    with second(site, run_dir(site)) as refused:
        said, _ = refused.communicate(timeout=60)
    assert refused.returncode == 1
    assert f"worker worker-0 runs on this machine already: process {site.one('worker')} on" in said
    record = site.client.wait(job)
    assert (record["status"], record["attempt"]) == ("completed", 1), "the first one has not noticed"


def test_of_two_workers_of_a_name_on_two_machines_one_ends_and_says_why(site: Server, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"  # another machine's run folder, with this one's broker in it
    elsewhere.mkdir()
    for name in ("broker", "news"):
        (elsewhere / name).symlink_to(run_dir(site) / name)
    first = site.one("worker")
    with second(site, elsewhere) as double:
        assert gone({first}, within_s=60), "the earlier one gives way"
        # Whoever started that one begins it again, and then the double is the earlier one.
        said, _ = double.communicate(timeout=60)
    assert double.returncode == 2
    assert "worker-0 gave way to another worker called worker-0" in said
    assert "worker-0 gave way to another worker called worker-0" in site.log.read_text()
    assert site.client.wait(site.submit()["id"])["status"] == "completed"
