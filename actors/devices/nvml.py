"""NVIDIA GPUs through NVML, whole or as MIG instances. Without a driver there are none, which is no error.

The import name is `pynvml`, the distribution `nvidia-ml-py`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from aigc.core.ids import DeviceId
from aigc.core.messages import Device


def look() -> tuple[list[str], str]:
    """UUIDs of the GPUs and MIG instances of this host, and why there are none if so."""
    try:
        import pynvml

        pynvml.nvmlInit()
        found: list[str] = []
        for index in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            found += _instances(pynvml, handle) or [_text(pynvml.nvmlDeviceGetUUID(handle))]
    except Exception as error:  # noqa: BLE001 - whatever keeps NVML from answering means: no GPU for us
        return [], str(error) or type(error).__name__
    return found, "" if found else "the driver lists none"


class Gpu:
    """A `DeviceProbe` of one GPU or MIG instance.

    Addressed by UUID, never by index: indices change when a device is added or falls off the bus.
    """

    def __init__(self, uuid: str) -> None:
        self._uuid = uuid

    def sample(self, ours: Sequence[int]) -> Device:
        """See the port. NVML counts processes in the host's numbers, which in a container are not ours: so what is in
        use and not reserved is found by the ledger, and `strangers` holds only processes that are surely not ours."""
        try:
            return self._sample(set(ours))
        except Exception as error:  # noqa: BLE001 - a device that cannot be read is a state, not a crash
            note = f"the driver does not answer for it: {error}"
            return Device(id=DeviceId(self._uuid), kind="cuda", healthy=False, note=note)

    def _sample(self, ours: set[int]) -> Device:
        import pynvml

        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByUUID(self._uuid)
        memory = _memory(pynvml, handle)
        running = _or_none(lambda: pynvml.nvmlDeviceGetComputeRunningProcesses(handle)) or []
        known = {process.pid: process.usedGpuMemory or 0 for process in running}
        mine = sum(used for pid, used in known.items() if pid in ours)
        return Device(
            id=DeviceId(self._uuid),
            kind="cuda",
            name=_text(pynvml.nvmlDeviceGetName(handle)),
            total=memory.total,
            used=memory.used,
            strangers=max(0, memory.used - mine) if known else 0,
            # Neither is told for a MIG instance.
            utilisation=_or_none(lambda: pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100),
            temperature_c=_or_none(lambda: float(pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU))),
            power_w=_or_none(lambda: pynvml.nvmlDeviceGetPowerUsage(handle) / 1000),
        )


def _memory(pynvml: Any, handle: Any) -> Any:
    """Version 2 counts what the driver keeps for itself apart from what is in use."""
    try:
        return pynvml.nvmlDeviceGetMemoryInfo(handle, version=pynvml.nvmlMemory_v2)
    except Exception:  # noqa: BLE001 - an older driver
        return pynvml.nvmlDeviceGetMemoryInfo(handle)


def _instances(pynvml: Any, handle: Any) -> list[str]:
    count = _or_none(lambda: pynvml.nvmlDeviceGetMaxMigDeviceCount(handle)) or 0
    found = []
    for index in range(count):
        instance = _or_none(partial(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, index))
        if instance is not None:
            found.append(_text(pynvml.nvmlDeviceGetUUID(instance)))
    return found


def _or_none(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception:  # noqa: BLE001 - not every device tells everything
        return None


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
