"""Which probes a host gets; `find` is in the package itself."""

import pytest

from actors.devices import DevicesSettings, find, nvml
from aigc.core.errors import InputInvalid


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the driver lists; to be filled by the test."""
    found: list[str] = []
    monkeypatch.setattr(nvml, "look", lambda: (found, "" if found else "no driver"))
    return found


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


@pytest.mark.parametrize("name", ["fake:", "fake:much", "fake:0", "fake:-1", "fake:nan", "fake:inf"])
def test_a_fake_device_needs_a_size(gpus: list[str], name: str):
    with pytest.raises(InputInvalid, match="does not say how large"):
        find(DevicesSettings(wanted=(name,)))


def test_a_device_has_one_worker(gpus: list[str]):
    with pytest.raises(InputInvalid, match="cpu is named twice"):
        find(DevicesSettings(wanted=("cpu", "cpu")))
    assert len(find(DevicesSettings(wanted=("fake:1", "fake:1")))) == 2
