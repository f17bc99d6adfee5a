import importlib
from typing import Any

import pytest

from actors.devices import nvml
from actors.devices.nvml import BLIND, Found, Gpu
from tests.actors.devices.nvml_kit import GIB, Card, Driver, GpuIsLost, NVMLError, installed_as


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch):
    def installed(*cards: Card) -> Driver:
        driver = Driver(*cards)
        installed_as(driver, monkeypatch)
        return driver

    return installed


def test_the_stand_in_has_what_the_binding_has_and_nothing_else():
    binding = importlib.import_module("pynvml")
    for name, value in vars(Driver).items():
        if name.startswith("NVML_") or name.startswith("nvmlClocks") or name.startswith("nvmlEventType"):
            assert getattr(binding, name) == value, name
        elif name.startswith("nvmlDevice") or name.startswith("nvmlEventSet") or name.startswith("NVMLError"):
            assert hasattr(binding, name), name
    for error in ("GpuIsLost", "ResetRequired"):
        assert issubclass(getattr(binding, f"NVMLError_{error}"), binding.NVMLError)


def test_without_a_driver_there_are_no_gpus_and_a_reason(install: Any):
    install().fault = NVMLError("NVML Shared Library Not Found")
    assert nvml.look() == Found(reason="NVML Shared Library Not Found")


def test_without_the_driver_s_library_the_binding_is_not_loaded(install: Any, monkeypatch: pytest.MonkeyPatch):
    install(Card("GPU-1"))
    monkeypatch.setattr(nvml, "LIBRARY", "libnothing.so.1")
    assert nvml.look() == Found(reason="no driver: libnothing.so.1 is not there")


def test_without_the_binding_there_are_no_gpus(monkeypatch: pytest.MonkeyPatch):
    installed_as(None, monkeypatch)
    found = nvml.look()
    assert found.uuids == ()
    assert "pynvml" in found.reason


def test_a_driver_without_gpus_is_said_so_and_let_go(install: Any):
    driver = install()
    assert nvml.look() == Found(reason="the driver lists none")
    assert driver.users == 0


def test_gpus_are_found_by_uuid_and_a_divided_one_by_its_instances(install: Any):
    divided = Card("GPU-2", is_divided=1, instances=(Card("MIG-a"), Card("MIG-b")))
    install(Card("GPU-1"), divided, Card("GPU-3", is_divided=1))
    assert nvml.look() == Found(("GPU-1", "MIG-a", "MIG-b"), ("GPU-2", "GPU-3"))


def test_a_divided_gpu_without_an_instance_is_no_device_and_that_is_told(install: Any):
    install(Card("GPU-3", is_divided=1))
    found = nvml.look()
    assert (found.uuids, found.divided) == ((), ("GPU-3",))
    assert found.reason == "GPU-3 in MIG mode without an instance (nvidia-smi mig -cgi makes one)"


def test_a_driver_that_fails_in_the_middle_has_no_gpus(install: Any):
    driver = install(Card())
    driver.nvmlDeviceGetUUID = None  # whatever that raises
    assert nvml.look().uuids == ()
    assert driver.users == 0


def test_a_gpu_tells_all_that_it_knows(install: Any):
    install(Card(used=3 * GIB))
    device = Gpu("GPU-1", sees_pids=True).sample(())
    assert (device.id, device.kind, device.name, device.healthy, device.note) == ("GPU-1", "cuda", "a GPU", True, "")
    assert (device.total, device.used) == (23 * GIB, 3 * GIB)
    assert (device.utilisation, device.temperature_c, device.power_w) == (0.5, 61.0, 250.0)


def test_an_older_driver_is_asked_in_its_own_way(install: Any):
    install(Card(used=3 * GIB, knows_v2=False))
    device = Gpu("GPU-1", sees_pids=True).sample(())
    assert (device.total, device.used) == (24 * GIB, 4 * GIB)


def test_an_instance_has_its_own_memory_and_name_and_the_temperature_of_its_gpu(install: Any):
    install(Card("GPU-2", used=30 * GIB, is_divided=1, instances=(Card("MIG-a", used=GIB, total=6 * GIB),)))
    device = Gpu("MIG-a", sees_pids=True).sample(())
    assert (device.id, device.name, device.healthy) == ("MIG-a", "a GPU MIG 1g.5gb", True)
    assert (device.total, device.used, device.strangers) == (5 * GIB, GIB, GIB)
    assert (device.utilisation, device.power_w, device.temperature_c) == (None, None, 61.0)


def test_what_is_not_ours_is_a_stranger_s(install: Any):
    card = Card(used=9 * GIB, running={11: 4 * GIB, 99: 5 * GIB})
    install(card)
    probe = Gpu("GPU-1", sees_pids=True)
    assert probe.sample(()).strangers == 9 * GIB
    assert probe.sample((11, 12)).strangers == 5 * GIB
    card.running = {99: 5 * GIB}
    card.used = 5 * GIB
    assert probe.sample((11, 12)).strangers == 5 * GIB


def test_memory_of_a_process_that_has_ended_is_a_stranger_s_until_the_driver_has_it_back(install: Any):
    card = Card(used=4 * GIB, running={11: 4 * GIB})
    install(card)
    probe = Gpu("GPU-1", sees_pids=True)
    assert probe.sample((11,)).strangers == 0
    assert probe.sample(()).strangers == 4 * GIB
    card.used, card.running = 0, {}
    assert probe.sample(()).strangers == 0


def test_where_processes_are_numbered_otherwise_strangers_are_known_from_when_none_of_ours_was_there(install: Any):
    card = Card(used=2 * GIB, running={70001: 2 * GIB})
    install(card)
    probe = Gpu("GPU-1", sees_pids=False)
    assert probe.sample(()).strangers == 2 * GIB
    card.used, card.running = 12 * GIB, {70001: 2 * GIB, 70002: 10 * GIB}
    device = probe.sample((11,), 10 * GIB)
    assert (device.strangers, device.healthy, device.note) == (2 * GIB, True, BLIND)
    card.used = GIB
    assert probe.sample((11,), 10 * GIB).strangers == GIB


def test_where_processes_are_numbered_otherwise_what_ours_may_not_hold_is_a_stranger_s(install: Any):
    card = Card(used=0)
    install(card)
    probe = Gpu("GPU-1", sees_pids=False)
    probe.sample(())
    card.used = 12 * GIB
    assert probe.sample((11,), 8 * GIB).strangers == 4 * GIB


@pytest.mark.parametrize("running", [{11: None}, None])
def test_a_driver_that_does_not_say_how_much_a_process_holds_is_not_believed(install: Any, running: Any):
    card = Card(used=2 * GIB)
    install(card)
    probe = Gpu("GPU-1", sees_pids=True)
    probe.sample(())
    card.used, card.running = 12 * GIB, running
    assert probe.sample((11,), 10 * GIB).strangers == 2 * GIB


def test_a_device_that_fails_is_ill_until_it_answers_again(install: Any):
    driver = install(Card(used=GIB))
    probe = Gpu("GPU-1", sees_pids=True)
    probe.sample(())
    driver.fault = NVMLError("Unknown Error")
    device = probe.sample(())
    assert (device.healthy, device.note) == (False, "the driver does not answer for it: Unknown Error")
    assert device.total == 23 * GIB
    driver.fault = None
    assert probe.sample(()).healthy


def test_a_gpu_that_is_lost_says_what_to_do_and_is_well_again_after_a_reset(install: Any):
    card = Card()
    driver = install(card)
    probe = Gpu("GPU-1", sees_pids=True)
    probe.sample(())
    driver.xid(card, 79)
    assert probe.sample(()).fault.startswith("Xid 79: it has fallen off the bus")
    card.fault = GpuIsLost("GPU is lost")
    lost = probe.sample(())
    assert (lost.healthy, lost.note) == (
        False,
        "the driver does not answer for it: GPU is lost. "
        "Stop its worker and reset it (nvidia-smi --gpu-reset -i GPU-1), or restart the machine",
    )
    card.fault = None
    well = probe.sample(())
    assert (well.healthy, well.note, well.fault) == (True, "", "")


def test_an_error_in_between_mends_nothing(install: Any):
    card = Card()
    driver = install(card)
    probe = Gpu("GPU-1", sees_pids=True)
    probe.sample(())
    driver.xid(card, 48)
    driver.fault = NVMLError("Unknown Error")
    probe.sample(())
    driver.fault = None
    driver.xid(card, 48)
    probe.sample(())
    driver.xid(card, 48)
    assert probe.sample(()).fault.startswith("Xid 48")
    driver.fault = NVMLError("Unknown Error")
    probe.sample(())
    driver.fault = None
    assert probe.sample(()).fault.startswith("Xid 48")


def test_a_device_that_fails_and_returns_leaves_nothing_open(install: Any):
    driver = install(Card())
    probe = Gpu("GPU-1", sees_pids=True)
    for _ in range(5):
        probe.sample(())
        assert (driver.users, driver.listeners) == (1, 1)
        driver.fault = NVMLError("Unknown Error")
        probe.sample(())
        driver.fault = None
        assert driver.listeners == 0


def test_a_device_that_never_was_is_ill(install: Any):
    driver = install()
    device = Gpu("GPU-404", sees_pids=True).sample(())
    assert (device.id, device.kind, device.healthy) == ("GPU-404", "cuda", False)
    assert driver.users == 0


def test_heat_is_a_note_and_no_error(install: Any):
    install(Card(reasons=Driver.nvmlClocksThrottleReasonHwThermalSlowdown))
    device = Gpu("GPU-1", sees_pids=True).sample(())
    assert (device.healthy, device.note, device.fault) == (True, "slowed down: it is too hot", "")
