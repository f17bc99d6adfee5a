"""NVIDIA GPUs through NVML, whole or as MIG instances. Without a driver there are none, which is no error.

The import name is `pynvml`, the distribution `nvidia-ml-py`. It is imported when it is first needed.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from aigc.core.ids import DeviceId
from aigc.core.messages import Device

_HOST_PID_NAMESPACE = 0xEFFFFFFC
"""PROC_PID_INIT_INO of the kernel: the inode of the one namespace in which processes have the driver's numbers."""

BLIND = "the driver does not tell which processes are ours; what others use is known from when no model was loaded"


def look() -> tuple[list[str], str]:
    """UUIDs of the GPUs and MIG instances of this host, and why there are none if so."""
    try:
        import pynvml

        pynvml.nvmlInit()
        found: list[str] = []
        for index in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            found += _instances(pynvml, handle) if _is_divided(pynvml, handle) else [_uuid(pynvml, handle)]
    except Exception as error:  # noqa: BLE001 - whatever keeps NVML from answering means: no GPU for us
        return [], str(error) or type(error).__name__
    return found, "" if found else "the driver lists none"


class Gpu:
    """A `DeviceProbe` of one GPU or MIG instance.

    Addressed by UUID, never by index: indices change when a device is added or falls off the bus.

    Args:
        sees_pids: whether the driver and we number processes alike; not so in most containers.
    """

    def __init__(self, uuid: str, *, sees_pids: bool | None = None) -> None:
        self._last = Device(id=DeviceId(uuid), kind="cuda")
        self._handle: Any = None
        self._sees_pids = _is_host_namespace() if sees_pids is None else sees_pids
        self._strangers = 0

    def sample(self, ours: Sequence[int]) -> Device:
        """See the port."""
        try:
            self._last = self._sample(set(ours))
        except Exception as error:  # noqa: BLE001 - a device that cannot be read is a state, not a crash
            self._handle = None
            note = f"the driver does not answer for it: {error}"
            return msgspec.structs.replace(self._last, healthy=False, note=note, utilisation=None)
        return self._last

    def _sample(self, ours: set[int]) -> Device:
        import pynvml

        if self._handle is None:
            pynvml.nvmlInit()
            self._handle = pynvml.nvmlDeviceGetHandleByUUID(self._last.id)
        handle = self._handle
        memory = _memory(pynvml, handle)
        running = _or_none(lambda: pynvml.nvmlDeviceGetComputeRunningProcesses(handle)) or []
        is_told = self._tell_strangers(memory.used, {each.pid: each.usedGpuMemory for each in running}, ours)
        return Device(
            id=self._last.id,
            kind="cuda",
            name=_text(pynvml.nvmlDeviceGetName(handle)),
            total=memory.total - getattr(memory, "reserved", 0),
            used=memory.used,
            strangers=self._strangers,
            # Neither is told for a MIG instance.
            utilisation=_or_none(lambda: pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100),
            temperature_c=_or_none(lambda: float(pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU))),
            power_w=_or_none(lambda: pynvml.nvmlDeviceGetPowerUsage(handle) / 1000),
            note="" if is_told else BLIND,
        )

    def _tell_strangers(self, used: int, running: Mapping[int, int | None], ours: set[int]) -> bool:
        """Find out how much is in use by others; False if that cannot be told now, and what was last known stands.

        A wrong look-up of processes gives wrong budgets, so it counts only where it is sure to be right.
        """
        mine = [size for pid, size in running.items() if pid in ours]
        if not ours:
            self._strangers = used
        elif None not in mine and (mine or self._sees_pids):
            self._strangers = max(0, used - sum(size for size in mine if size))
        else:
            self._strangers = min(self._strangers, used)
            return False
        return True


def _is_host_namespace() -> bool:
    try:
        return os.stat("/proc/self/ns/pid").st_ino == _HOST_PID_NAMESPACE
    except OSError:
        return False


def _memory(pynvml: Any, handle: Any) -> Any:
    """Version 2 tells what the driver keeps for itself (`reserved`) apart from what is in use."""
    try:
        return pynvml.nvmlDeviceGetMemoryInfo(handle, version=pynvml.nvmlMemory_v2)
    except Exception:  # noqa: BLE001 - an older driver
        return pynvml.nvmlDeviceGetMemoryInfo(handle)


def _is_divided(pynvml: Any, handle: Any) -> bool:
    mode = _or_none(lambda: pynvml.nvmlDeviceGetMigMode(handle)[0])
    return bool(mode)


def _instances(pynvml: Any, handle: Any) -> list[str]:
    found = []
    for index in range(pynvml.nvmlDeviceGetMaxMigDeviceCount(handle)):
        instance = _or_none(partial(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, index))
        if instance is not None:
            found.append(_uuid(pynvml, instance))
    return found


def _uuid(pynvml: Any, handle: Any) -> str:
    return _text(pynvml.nvmlDeviceGetUUID(handle))


def _or_none(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception:  # noqa: BLE001 - not every device tells everything
        return None


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
