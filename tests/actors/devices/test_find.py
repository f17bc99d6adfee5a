"""Which probes a host gets; `find` is in the package itself."""

import pytest

from actors.devices import DevicesSettings, find, nvml
from aigc.core.errors import InputInvalid


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the driver lists; to be filled by the test. GPU-8 is divided."""
    found: list[str] = []
    monkeypatch.setattr(nvml, "look", lambda: nvml.Found(tuple(found), ("GPU-8",), "" if found else "no driver"))
    return found


def ids(*wanted: str, label: str = "") -> list[str]:
    return [probe.sample(()).id for probe in find(DevicesSettings(wanted=wanted, label=label))]


def test_a_host_without_a_gpu_computes_on_its_processor(gpus: list[str]):
    (probe,) = find(DevicesSettings(memory_bytes=1 << 20))
    assert (probe.sample(()).id, probe.sample(()).total) == ("cpu", 1 << 20)


def test_a_host_with_gpus_computes_on_all_of_them_and_not_on_its_processor(gpus: list[str]):
    gpus += ["GPU-1", "GPU-2"]
    assert [probe.sample(()).id for probe in find(DevicesSettings())] == ["GPU-1", "GPU-2"]


def test_only_what_is_wanted_is_found_and_in_that_order(gpus: list[str]):
    gpus += ["GPU-1", "GPU-2"]
    probes = find(DevicesSettings(wanted=("fake:2", "GPU-2", "cpu", "fake:0.5")))
    assert [probe.sample(()).id for probe in probes] == ["fake:0", "GPU-2", "cpu", "fake:3"]
    assert probes[3].sample(()).total == 1 << 29


def test_a_wanted_device_that_is_not_there_is_told_with_those_that_are(gpus: list[str]):
    with pytest.raises(InputInvalid, match="there is no device GPU-9") as refused:
        find(DevicesSettings(wanted=("GPU-9",)))
    assert refused.value.suggestion == "there are: cpu; no GPU: no driver"
    assert refused.value.where == "worker.devices"


def test_a_divided_gpu_is_not_used_beside_its_instances(gpus: list[str]):
    gpus += ["MIG-a"]
    with pytest.raises(InputInvalid, match="GPU-8 is divided") as refused:
        find(DevicesSettings(wanted=("GPU-8",)))
    assert refused.value.suggestion == "there are: cpu, MIG-a"


def test_fake_devices_have_the_name_that_they_were_given(gpus: list[str]):
    assert ids("fake:8#left", "fake:8", "cpu") == ["fake:left", "fake:1", "cpu"]


def test_fake_devices_of_several_processes_differ_by_a_label_for_all(gpus: list[str]):
    assert ids("fake:8", label="a") == ["fake:a"]
    assert ids("fake:8", "fake:8", label="b") == ["fake:b-0", "fake:b-1"]
    assert ids("fake:8#left", label="b") == ["fake:left"]


@pytest.mark.parametrize("wanted", [("cpu", "cpu"), ("fake:1#a", "fake:2#a"), ("fake:1#1", "fake:2")])
def test_a_device_has_one_worker(gpus: list[str], wanted: tuple[str, ...]):
    with pytest.raises(InputInvalid, match="is named twice"):
        find(DevicesSettings(wanted=wanted))
    assert ids("fake:1", "fake:1") == ["fake:0", "fake:1"]
