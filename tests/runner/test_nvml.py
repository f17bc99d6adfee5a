"""The driver is asked as its header says."""

import ctypes
import os

import pynvml
import pytest

from aigc.runner import nvml


class Library:
    """The functions of libnvidia-ml that are used, which fill in what they are handed."""

    def __init__(self, running=(), status=0):
        self.running, self.status = running, status

    def nvmlInit_v2(self):
        return self.status

    def nvmlDeviceGetHandleByUUID(self, uuid, handle):
        handle._obj.value = 7
        return 0 if uuid == b"GPU-1" else 6

    def nvmlDeviceGetMemoryInfo(self, handle, memory):
        assert handle.value == 7
        memory._obj.used = 500
        return 0

    def nvmlDeviceGetComputeRunningProcesses_v3(self, handle, count, processes):
        assert count._obj.value == nvml.MOST_PROCESSES
        count._obj.value = len(self.running)
        for process, (pid, used) in zip(processes, self.running, strict=False):
            process.pid, process.used = pid, used
        return 0


def test_the_structures_are_the_drivers():
    for ours, theirs in ((nvml.Memory, pynvml.c_nvmlMemory_t), (nvml.Process, pynvml.c_nvmlProcessInfo_v2_t)):
        assert ctypes.sizeof(ours) == ctypes.sizeof(theirs)
        for (name, _), (known, _) in zip(ours._fields_, theirs._fields_, strict=True):
            assert getattr(ours, name).offset == getattr(theirs, known).offset


def test_what_this_process_has_is_found_among_all():
    driver = nvml.Driver("GPU-1", Library([(1, 10), (os.getpid(), 20)]))
    assert (driver.own_bytes(), driver.used_bytes()) == (20, 500)


@pytest.mark.parametrize("running", [[], [(1, 10)], [(os.getpid(), 2**64 - 1)]])
def test_where_it_is_not_told_nothing_is_made_up(running):
    assert nvml.Driver("GPU-1", Library(running)).own_bytes() is None


def test_a_device_that_is_not_there_is_an_error():
    with pytest.raises(OSError, match="NVML answered 6"):
        nvml.Driver("GPU-2", Library())
    with pytest.raises(OSError, match="NVML answered 9"):
        nvml.Driver("GPU-1", Library(status=9))


@pytest.mark.parametrize("visible", ["", "0", "GPU-does-not-exist"])
def test_without_a_gpu_there_is_no_view(monkeypatch, visible):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert nvml.find() is None
