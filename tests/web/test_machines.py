import msgspec

from aigc.core.ids import DeviceId
from aigc.core.messages import Device
from tests.web.house_kit import GIB, WORKER
from web.machines import legacy_gpu, legacy_gpus, worker_view


def test_a_worker_is_told_with_its_device_in_bytes_and_what_it_holds() -> None:
    view = msgspec.json.decode(msgspec.json.encode(worker_view(WORKER)))
    assert (view["liveness"], view["device"]["total"], view["device"]["usable"]) == ("alive", 16 * GIB, 15 * GIB)
    assert [(one["residency"], one["state"], one["bytes"]) for one in view["residents"]] == [
        ("shapes", "idle", 3 * GIB)
    ]


def test_a_cpu_is_no_gpu() -> None:
    cpu = msgspec.structs.replace(WORKER, device=Device(id=DeviceId("cpu"), kind="cpu"))
    assert legacy_gpus((cpu,)) == []
    assert [gpu["id"] for gpu in legacy_gpus((cpu, WORKER, WORKER))] == [0, 1]


def test_a_device_that_tells_nothing_has_no_share_of_nothing() -> None:
    gpu = legacy_gpu(0, Device(id=DeviceId("x"), kind="cuda"))
    assert (gpu["memory_utilization"], gpu["gpu_utilization"], gpu["temperature"]) == (0.0, 0.0, None)


def test_what_can_still_be_reserved_is_never_less_than_nothing() -> None:
    gpu = legacy_gpu(0, Device(id=DeviceId("x"), kind="cuda", total=GIB, usable=GIB // 4, reserved=GIB // 2))
    assert gpu["available_vram_tracked"] == 0
