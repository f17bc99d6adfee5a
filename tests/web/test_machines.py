import msgspec

from aigc.core.ids import DeviceId
from aigc.core.messages import Device
from tests.web.house_kit import GIB, WORKER
from web.machines import device_view, lease_view, legacy_gpu, legacy_gpus, worker_view


def test_a_worker_is_told_with_its_device_in_bytes_and_what_it_holds() -> None:
    view = msgspec.json.decode(msgspec.json.encode(worker_view(WORKER)))
    assert (view["liveness"], view["device"]["total"], view["device"]["usable"]) == ("alive", 16 * GIB, 15 * GIB)
    assert (view["device"]["reserved"], view["device"]["free"]) == (3 * GIB, 12 * GIB)
    assert [(one["residency"], one["state"], one["bytes"], one["jobs"]) for one in view["residents"]] == [
        ("shapes", "running", 3 * GIB, ["j-9"])
    ]


def test_a_lease_is_told_with_its_job_and_how_long_it_runs() -> None:
    (lease,) = worker_view(WORKER)["leases"]
    assert (lease["id"], lease["attempt"], lease["model"], lease["worker"]) == ("j-9", 2, "shapes", "gpu-0")
    assert (lease["held_s"], lease["running_s"], lease["stage"], lease["fraction"]) == (12.0, 10.0, "sampling", 0.25)
    waiting = msgspec.structs.replace(WORKER.leases[0], running_s=None)
    assert lease_view(waiting)["running_s"] is None


def test_a_cpu_is_no_gpu() -> None:
    cpu = msgspec.structs.replace(WORKER, device=Device(id=DeviceId("cpu"), kind="cpu"))
    assert legacy_gpus((cpu,)) == []
    assert [gpu["id"] for gpu in legacy_gpus((cpu, WORKER, WORKER))] == [0, 1]


def test_nothing_is_free_where_strangers_took_what_was_reserved() -> None:
    assert device_view(Device(id=DeviceId("x"), kind="cuda", usable=GIB, reserved=2 * GIB))["free"] == 0


def test_a_device_that_tells_nothing_has_no_share_of_nothing() -> None:
    gpu = legacy_gpu(0, Device(id=DeviceId("x"), kind="cuda"))
    assert (gpu["memory_utilization"], gpu["gpu_utilization"], gpu["temperature"]) == (0.0, 0.0, None)


def test_what_can_still_be_reserved_is_never_less_than_nothing() -> None:
    gpu = legacy_gpu(0, Device(id=DeviceId("x"), kind="cuda", total=GIB, usable=GIB // 4, reserved=GIB // 2))
    assert gpu["available_vram_tracked"] == 0
