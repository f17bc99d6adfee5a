import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from actors.devices import cpu
from actors.devices.cgroup import MemoryLimit
from actors.devices.cpu import Cpu

MIB = 1 << 20


def unlimited() -> None:
    return None


@pytest.fixture
def eater():
    """A process that holds 200 MiB."""
    code = "import sys; held = bytearray(b'x') * (200 << 20); print('.', flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout and process.stdin
    process.stdout.readline()
    yield process.pid
    process.stdin.close()
    process.stdout.close()
    process.wait()


def test_the_host_is_a_healthy_device():
    device = Cpu(limit=unlimited).sample(())
    assert (device.id, device.kind, device.healthy) == ("cpu", "cpu", True)
    assert device.total == psutil.virtual_memory().total
    assert 0 < device.used < device.total
    assert device.name.endswith(" cores")


def test_what_others_hold_is_a_stranger_s_and_what_ours_hold_is_not(eater: int):
    probe = Cpu(limit=unlimited)
    as_stranger, as_ours = probe.sample(()).strangers, probe.sample((eater,)).strangers
    # The rest of the host moves meanwhile, but not by as much as that.
    assert as_stranger - as_ours > 100 * MIB


def test_a_budget_is_all_that_models_may_use_and_strangers_count_only_where_they_narrow_it():
    device = Cpu(100 * MIB, limit=unlimited).sample(())
    assert (device.total, device.strangers) == (100 * MIB, 0)


def test_a_budget_of_more_than_there_is_is_what_there_is():
    assert Cpu(1 << 60, limit=unlimited).sample(()).total == psutil.virtual_memory().total


def test_a_container_s_limit_is_the_device_s_memory():
    device = Cpu(limit=lambda: MemoryLimit(500 * MIB, 200 * MIB)).sample(())
    assert (device.total, device.used, device.strangers) == (500 * MIB, 200 * MIB, 200 * MIB)


def test_a_container_that_is_full_leaves_nothing():
    device = Cpu(300 * MIB, limit=lambda: MemoryLimit(500 * MIB, 600 * MIB)).sample(())
    assert (device.total, device.strangers) == (300 * MIB, 300 * MIB)


def test_processes_that_are_gone_hold_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert Cpu(limit=unlimited).sample((process.pid,)).healthy


def test_utilisation_is_a_share():
    probe = Cpu(limit=unlimited)
    probe.sample(())
    sum(range(3_000_000))
    share = probe.sample(()).utilisation
    assert share is not None
    assert 0 < share <= 1


def test_a_host_that_does_not_tell_is_not_healthy():
    def broken() -> MemoryLimit:
        raise PermissionError("hidden")

    device = Cpu(limit=broken).sample((os.getpid(),))
    assert (device.healthy, device.note) == (False, "the host does not tell: hidden")


def test_a_processor_without_a_name_is_called_cpu(tmp_path: Path):
    file = tmp_path / "cpuinfo"
    assert cpu._model_name(file) == "CPU"
    file.write_text("flags: fpu\n")
    assert cpu._model_name(file) == "CPU"
    file.write_text("flags: fpu\nmodel name\t: Zuse Z3\n")
    assert cpu._model_name(file) == "Zuse Z3"
