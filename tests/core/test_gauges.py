from aigc.core.ids import BootId, DeviceId, WorkerId
from aigc.core.messages import Device, WorkerView
from aigc.core.metrics import gauges
from tests.core.scheduler_kit import Desk

DEVICE = Device(id=DeviceId("GPU-1"), kind="cuda", name="Card", total=10, used=4, reserved=3, temperature_c=60.0)


def view(**more: object) -> WorkerView:
    return WorkerView(**{"id": WorkerId("w"), "boot": BootId("1"), "liveness": "alive", "device": DEVICE, **more})  # type: ignore[arg-type]


def test_a_device_tells_what_it_knows_of_itself() -> None:
    rows = {row.name: (row.labels, row.values[0]) for row in gauges.of_workers([view(quarantined="Xid 79")])}
    assert rows["aigc_worker_quarantined"] == (("w",), 1.0)
    assert rows["aigc_gpu_memory_used_bytes"] == (("w", "Card", "GPU-1"), 4.0)
    assert "aigc_gpu_power_watts" not in rows, "it is not known"


def test_a_lost_worker_is_down_and_says_nothing_of_its_device() -> None:
    rows = {row.name: row.values[0] for row in gauges.of_workers([view(liveness="lost")])}
    assert rows == {"aigc_worker_up": 0.0, "aigc_worker_busy": 0.0, "aigc_worker_quarantined": 0.0}


def test_the_queue_says_who_waits_how_long_and_for_nobody() -> None:
    desk = Desk()
    desk.submit()
    desk.time += 4
    desk.submit(priority=9)
    desk.time += 6
    rows = {(row.name, row.labels): row.values[0] for row in desk.scheduler.metrics(desk.now)}
    task = "feature of a"
    assert rows["aigc_queue_jobs", (task, "5")] == rows["aigc_queue_jobs", (task, "9")] == 1.0
    assert rows["aigc_queue_oldest_job_age_seconds", (task,)] == 10.0
    assert rows["aigc_queue_stranded_jobs", (task,)] == 2.0, "no worker is connected"


def test_who_runs_waits_no_more() -> None:
    desk = Desk()
    desk.worker()
    desk.submit()
    rows = {row.name: row.values[0] for row in desk.scheduler.metrics(desk.now)}
    assert (rows["aigc_jobs_running"], rows["aigc_worker_busy"]) == (1.0, 1.0)
    assert "aigc_queue_jobs" not in rows
