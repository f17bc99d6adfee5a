from msgspec.structs import replace

from aigc.core import lifecycle
from aigc.core.ids import AssetKey, AttemptId, BootId, DeviceId, JobId, ModelId, Now, WorkerId
from aigc.core.job import Failure, Input, Job, Lease, Output, Progress, Stage, Status, Timings
from aigc.core.messages import (
    Counted,
    Device,
    Generation,
    Grant,
    LeaseFinished,
    LeaseProgress,
    LeaseRan,
    LeaseStarted,
    WorkerBeat,
    WorkerBye,
    WorkerHello,
)
from aigc.core.metrics.census import Census

W, LEASE, DEVICE = WorkerId("w"), Lease(JobId("j"), 1, AttemptId("a")), Device(id=DeviceId("cpu"), kind="cpu")
JOB = lifecycle.begin(Job(id=JobId("j"), feature="auto_rig", model=ModelId("m"), created_at=0.0))
GRANT = Grant(
    Generation(1, "g"), LEASE, ModelId("m"), "auto_rig", {"mesh": Input(asset=AssetKey("a/b"), bytes=10)}, {}, "glb", 1
)  # fmt: skip


def counted(census: Census) -> dict[tuple[str, tuple[str, ...]], float]:
    """By name and labels: a counter's value, a histogram's sum."""
    return {(row.name, row.labels): row.values[-1] for row in census.rows()}


def test_a_job_is_counted_with_all_that_it_took() -> None:
    census = Census("s3")
    census.granted(GRANT, 1.0)
    census.heard(LeaseProgress(W, LEASE, Stage.LOADING_MODEL, Progress()), 1.0)
    census.heard(LeaseStarted(W, LEASE, 3.0), 4.0)
    census.heard(LeaseProgress(W, LEASE, Stage.SAMPLING, Progress(0.1)), 6.0)
    census.heard(LeaseProgress(W, LEASE, Stage.SAMPLING, Progress(0.5)), 8.0)
    census.heard(LeaseRan(W, LEASE, 3.0), 16.0)
    output = Output("mesh", "model", AssetKey("a/c"), "glb", "model/gltf-binary", 200, "0")
    census.heard(LeaseFinished(W, LEASE, (output,), {}, (), 3.0, 12.0, 1), 17.0)
    done = lifecycle.change(
        JOB, "completed", Now(17.0, 17.0), status=Status.PROCESSING, outputs=(output,), timings=Timings(1.0, 3.0, 12.0)
    )
    census.committed(replace(done, status=Status.COMPLETED))
    assert counted(census) == {
        ("aigc_storage_bytes_total", ("out", "s3")): 10.0,
        ("aigc_storage_bytes_total", ("in", "s3")): 200.0,
        ("aigc_model_load_seconds", ("m",)): 3.0,
        ("aigc_job_stage_seconds", ("loading_model", "m")): 3.0,
        ("aigc_job_stage_seconds", ("preprocessing", "m")): 2.0,
        ("aigc_job_stage_seconds", ("sampling", "m")): 10.0,
        ("aigc_job_stage_seconds", ("storing", "m")): 1.0,
        ("aigc_jobs_finished_total", ("auto_rig", "m", "completed")): 1.0,
        ("aigc_job_queue_seconds", ()): 1.0,
        ("aigc_job_run_seconds", ("auto_rig", "m")): 12.0,
    }
    assert census._attempts == {}, "what is over is forgotten"


def test_another_attempt_is_counted_with_its_reason() -> None:
    census = Census()
    failed = replace(JOB, failures=(Failure("worker_lost", "gone"),))
    census.committed(lifecycle.change(failed, "retrying", Now(1.0, 1.0), status=Status.QUEUED))
    census.committed(lifecycle.change(JOB, "priority", Now(1.0, 1.0)))
    assert counted(census) == {("aigc_job_retries_total", ("auto_rig", "worker_lost")): 1.0}


def hello(boot: str) -> WorkerHello:
    return WorkerHello(W, BootId(boot), DEVICE, 1, 2, (), ())


def test_a_new_life_of_a_worker_is_a_restart_and_a_reconnect_is_none() -> None:
    census = Census()
    for boot in ("1", "1", "2"):
        census.heard(hello(boot), 0.0)
    census.lost(W)
    census.heard(hello("3"), 0.0)
    census.heard(WorkerBye(W, BootId("3")), 0.0)
    census.heard(hello("4"), 0.0)
    assert {labels[1] for _, labels in counted(census)} == {"replaced", "lost", "stopped"}


def test_evictions_are_counted_from_what_this_broker_has_seen() -> None:
    census = Census()
    census.heard(hello("1"), 0.0)
    for times in (7, 7, 9):
        census.heard(WorkerBeat(W, BootId("1"), DEVICE, (), left=(("m", "room", times),)), 0.0)
    census.heard(WorkerBeat(W, BootId("old"), DEVICE, (), left=(("m", "room", 99),)), 0.0)
    assert counted(census) == {("aigc_model_evictions_total", ("m", "room")): 2.0}


def test_streams_are_those_of_the_gateways_that_are_heard() -> None:
    census = Census()
    census.told(b"a", Counted((), {"sse": 2, "websocket": 1}))
    census.told(b"b", Counted((), {"sse": 5}))
    census.told(b"b", Counted((), {"sse": 1}))
    assert counted(census)["aigc_websocket_connections", ("sse",)] == 3.0
    census.parted(b"a")
    assert counted(census) == {("aigc_websocket_connections", ("sse",)): 1.0}
