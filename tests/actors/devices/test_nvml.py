"""NVML's answers are told by a stand-in for its Python binding: no test machine can be trusted to have a GPU."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from actors.devices import nvml
from actors.devices.nvml import BLIND, Gpu

GIB = 1 << 30


class NVMLError(Exception):
    """As the binding raises it."""


class Driver(ModuleType):
    """The binding: a host with GPUs, each a namespace of what it answers."""

    NVML_TEMPERATURE_GPU = 0
    nvmlMemory_v2 = 2

    def __init__(self, *gpus: SimpleNamespace) -> None:
        super().__init__("pynvml")
        self.gpus = gpus
        self.fault: Exception | None = None

    def nvmlInit(self) -> None:
        if self.fault:
            raise self.fault

    def nvmlDeviceGetCount(self) -> int:
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any:
        return self.gpus[index]

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> Any:
        devices = [one for gpu in self.gpus for one in (gpu, *gpu.instances)]
        return next(one for one in devices if one.uuid == uuid)

    def nvmlDeviceGetUUID(self, handle: Any) -> bytes:
        return handle.uuid.encode()

    def nvmlDeviceGetName(self, handle: Any) -> str:
        return "a GPU"

    def nvmlDeviceGetMigMode(self, handle: Any) -> list[int]:
        return [handle.is_divided, handle.is_divided]

    def nvmlDeviceGetMaxMigDeviceCount(self, handle: Any) -> int:
        return 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, handle: Any, index: int) -> Any:
        if index >= len(handle.instances):
            raise NVMLError("Not Found")
        return handle.instances[index]

    def nvmlDeviceGetMemoryInfo(self, handle: Any, version: int | None = None) -> Any:
        if self.fault:
            raise self.fault
        if version and not handle.knows_v2:
            raise NVMLError("Function Not Found")
        kept = GIB if version else 0
        return SimpleNamespace(total=24 * GIB, used=handle.used + GIB - kept, reserved=kept)

    def nvmlDeviceGetComputeRunningProcesses(self, handle: Any) -> list[Any]:
        return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in handle.running.items()]

    def nvmlDeviceGetUtilizationRates(self, handle: Any) -> Any:
        if handle.uuid.startswith("MIG"):
            raise NVMLError("Not Supported")
        return SimpleNamespace(gpu=50)

    def nvmlDeviceGetTemperature(self, handle: Any, sensor: int) -> int:
        return 61

    def nvmlDeviceGetPowerUsage(self, handle: Any) -> int:
        return 250_000


def gpu(uuid: str = "GPU-1", **answers: Any) -> SimpleNamespace:
    defaults = {"used": 0, "running": {}, "instances": (), "is_divided": 0, "knows_v2": True}
    return SimpleNamespace(uuid=uuid, **(defaults | answers))


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch):
    def installed(*gpus: SimpleNamespace) -> Driver:
        driver = Driver(*gpus)
        monkeypatch.setitem(sys.modules, "pynvml", driver)
        return driver

    return installed


def test_without_a_driver_there_are_no_gpus_and_a_reason(install: Any):
    install().fault = NVMLError("NVML Shared Library Not Found")
    assert nvml.look() == ([], "NVML Shared Library Not Found")


def test_without_the_binding_there_are_no_gpus(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    found, reason = nvml.look()
    assert found == []
    assert "pynvml" in reason


def test_a_driver_without_gpus_is_said_so(install: Any):
    install()
    assert nvml.look() == ([], "the driver lists none")


def test_gpus_are_found_by_uuid_and_a_divided_one_by_its_instances(install: Any):
    divided = gpu("GPU-2", is_divided=1, instances=(gpu("MIG-a"), gpu("MIG-b")))
    empty = gpu("GPU-3", is_divided=1)
    install(gpu("GPU-1"), divided, empty)
    assert nvml.look() == (["GPU-1", "MIG-a", "MIG-b"], "")


def test_a_gpu_tells_all_that_it_knows(install: Any):
    install(gpu(used=3 * GIB))
    device = Gpu("GPU-1", sees_pids=True).sample(())
    assert (device.id, device.kind, device.name, device.healthy, device.note) == ("GPU-1", "cuda", "a GPU", True, "")
    assert (device.total, device.used) == (23 * GIB, 3 * GIB)
    assert (device.utilisation, device.temperature_c, device.power_w) == (0.5, 61.0, 250.0)


def test_an_older_driver_is_asked_in_its_own_way(install: Any):
    install(gpu(used=3 * GIB, knows_v2=False))
    device = Gpu("GPU-1", sees_pids=True).sample(())
    assert (device.total, device.used) == (24 * GIB, 4 * GIB)


def test_an_instance_is_a_device_though_it_does_not_tell_its_utilisation(install: Any):
    install(gpu("GPU-2", is_divided=1, instances=(gpu("MIG-a", used=GIB),)))
    device = Gpu("MIG-a", sees_pids=True).sample(())
    assert (device.id, device.used, device.utilisation, device.healthy) == ("MIG-a", GIB, None, True)


def test_what_is_not_ours_is_a_stranger_s(install: Any):
    card = gpu(used=9 * GIB, running={11: 4 * GIB, 99: 5 * GIB})
    install(card)
    probe = Gpu("GPU-1", sees_pids=True)
    assert probe.sample(()).strangers == 9 * GIB
    assert probe.sample((11, 12)).strangers == 5 * GIB
    card.running = {99: 5 * GIB}
    card.used = 5 * GIB
    assert probe.sample((11, 12)).strangers == 5 * GIB


def test_where_processes_are_numbered_otherwise_strangers_are_known_from_when_none_of_ours_was_there(install: Any):
    card = gpu(used=2 * GIB, running={70001: 2 * GIB})
    install(card)
    probe = Gpu("GPU-1", sees_pids=False)
    assert probe.sample(()).strangers == 2 * GIB
    card.used, card.running = 12 * GIB, {70001: 2 * GIB, 70002: 10 * GIB}
    device = probe.sample((11,))
    assert (device.strangers, device.healthy, device.note) == (2 * GIB, True, BLIND)
    card.used = GIB
    assert probe.sample((11,)).strangers == GIB


def test_a_driver_that_does_not_say_how_much_a_process_holds_is_not_believed(install: Any):
    card = gpu(used=2 * GIB)
    install(card)
    probe = Gpu("GPU-1", sees_pids=True)
    probe.sample(())
    card.used, card.running = 12 * GIB, {11: None}
    assert probe.sample((11,)).strangers == 2 * GIB


def test_a_device_that_fails_is_ill_until_it_answers_again(install: Any):
    driver = install(gpu(used=GIB))
    probe = Gpu("GPU-1", sees_pids=True)
    probe.sample(())
    driver.fault = NVMLError("GPU is lost")
    device = probe.sample(())
    assert (device.healthy, device.note) == (False, "the driver does not answer for it: GPU is lost")
    assert device.total == 23 * GIB
    driver.fault = None
    assert probe.sample(()).healthy


def test_a_device_that_never_was_is_ill(install: Any):
    install()
    device = Gpu("GPU-404", sees_pids=True).sample(())
    assert (device.id, device.kind, device.healthy) == ("GPU-404", "cuda", False)
