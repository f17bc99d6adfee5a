"""What the driver says about this process on its GPU. NVML through ctypes: a model's interpreter has no pynvml.

torch's allocator does not know of the context (0.3 to 1.7 GB), nor of what libraries other than torch take.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

MOST_PROCESSES = 256
_NOT_TOLD = 2**64 - 1  # NVML_VALUE_NOT_AVAILABLE, where the system does not account for memory by process


class Memory(ctypes.Structure):
    """`nvmlMemory_t`; bytes."""

    _fields_ = [("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong)]


class Process(ctypes.Structure):
    """`nvmlProcessInfo_t`."""

    _fields_ = [
        ("pid", ctypes.c_uint),
        ("used", ctypes.c_ulonglong),
        ("gpu_instance", ctypes.c_uint),
        ("compute_instance", ctypes.c_uint),
    ]


class Driver:
    """The driver's view of one GPU or MIG instance.

    Args:
        uuid: as in CUDA_VISIBLE_DEVICES.
        library: stands in for libnvidia-ml in tests.
    Raises:
        OSError: there is no such library, or no such device.
    """

    def __init__(self, uuid: str, library: Any = None) -> None:
        self._nvml = library or ctypes.CDLL("libnvidia-ml.so.1")
        self._ask(self._nvml.nvmlInit_v2)
        self._device = ctypes.c_void_p()
        self._ask(self._nvml.nvmlDeviceGetHandleByUUID, uuid.encode(), ctypes.byref(self._device))

    def used_bytes(self) -> int:
        """What everybody together has of the device."""
        memory = Memory()
        self._ask(self._nvml.nvmlDeviceGetMemoryInfo, self._device, ctypes.byref(memory))
        return int(memory.used)

    def own_bytes(self) -> int | None:
        """What this process has; None where that is not told, as in containers that number processes on their own."""
        count = ctypes.c_uint(MOST_PROCESSES)
        running = (Process * MOST_PROCESSES)()
        with suppress(OSError, AttributeError):  # an old driver does not have version 3
            ask = self._nvml.nvmlDeviceGetComputeRunningProcesses_v3
            self._ask(ask, self._device, ctypes.byref(count), running)
            mine = [each.used for each in running[: count.value] if each.pid == os.getpid()]
            if mine and _NOT_TOLD not in mine:
                return int(sum(mine))
        return None

    def _ask(self, function: Callable[..., int], *arguments: Any) -> None:
        status = function(*arguments)
        if status:
            raise OSError(f"NVML answered {status}")


def find() -> Driver | None:
    """The driver's view of the one GPU that this process sees; None where there is none to be had."""
    uuid = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if not uuid.startswith(("GPU-", "MIG-")):
        return None
    try:
        return Driver(uuid)
    except (OSError, AttributeError):
        return None
