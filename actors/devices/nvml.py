"""NVIDIA GPUs through NVML, whole or as MIG instances. Without a driver there are none, which is no error.

The import name is `pynvml`, the distribution `nvidia-ml-py`. It is imported when it is first needed.
"""

import ctypes
import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from actors.devices.gpu_faults import Faults, or_none
from aigc.core.ids import DeviceId
from aigc.core.messages import Device

_HOST_PID_NAMESPACE = 0xEFFFFFFC
"""PROC_PID_INIT_INO of the kernel: the inode of the one namespace in which processes have the driver's numbers."""

LIBRARY: str | None = "libnvidia-ml.so.1"
"""The driver's; None stands for one that is always there."""

BLIND = "the driver does not tell which processes are ours; what others use is known from when no model was loaded"


class Found(msgspec.Struct, frozen=True):
    """What a look at this host's GPUs has found."""

    uuids: tuple[str, ...] = ()
    """Of whole GPUs, and of the instances of divided ones."""
    divided: tuple[str, ...] = ()
    """GPUs in MIG mode: nothing runs on these but their instances."""
    reason: str = ""
    """Why there are none."""


def look() -> Found:
    """The GPUs and MIG instances of this host."""
    try:
        ctypes.CDLL(LIBRARY)  # here: without it the binding, of 1.3 MB, has nothing to bind
    except OSError:
        return Found(reason=f"no driver: {LIBRARY} is not there")
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception as error:  # noqa: BLE001 - whatever keeps NVML from answering means: no GPU for us
        return Found(reason=str(error) or type(error).__name__)
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        divided = [handle for handle in handles if _is_divided(pynvml, handle)]
        uuids: list[str] = []
        for handle in handles:
            uuids += _instances(pynvml, handle) if handle in divided else [_uuid(pynvml, handle)]
        parents = tuple(_uuid(pynvml, handle) for handle in divided)
    except Exception as error:  # noqa: BLE001 - as above
        return Found(reason=str(error) or type(error).__name__)
    finally:
        or_none(pynvml.nvmlShutdown)
    if uuids:
        return Found(tuple(uuids), parents)
    empty = f"{', '.join(parents)} in MIG mode without an instance (nvidia-smi mig -cgi makes one)"
    return Found((), parents, empty if parents else "the driver lists none")


class Gpu:
    """A `DeviceProbe` of one GPU or MIG instance.

    Addressed by UUID, never by index: indices change when a device is added or falls off the bus. Memory and name are
    the instance's own; temperature, clocks and errors are those of the GPU that it is of; utilisation and power are not
    told by instance.

    Args:
        sees_pids: whether the driver and we number processes alike; not so in most containers.
    """

    def __init__(self, uuid: str, *, sees_pids: bool | None = None) -> None:
        self._last = Device(id=DeviceId(uuid), kind="cuda")
        self._handle: Any = None
        self._board: Any = None
        self._faults: Faults | None = None
        self._is_lost = False
        self._sees_pids = _is_host_namespace() if sees_pids is None else sees_pids
        self._strangers = 0

    def sample(self, ours: Sequence[int], reserved: int = 0) -> Device:
        """See the port."""
        try:
            self._last = self._sample(set(ours), reserved)
        except Exception as error:  # noqa: BLE001 - a device that cannot be read is a state, not a crash
            return msgspec.structs.replace(self._last, healthy=False, note=self._gone(error), utilisation=None)
        return self._last

    def _sample(self, ours: set[int], reserved: int) -> Device:
        import pynvml

        if self._handle is None:
            self._take_hold(pynvml)
        handle, board, faults = self._handle, self._board, self._faults
        assert faults is not None
        memory = _memory(pynvml, handle)
        fault = faults.look()
        running = or_none(lambda: pynvml.nvmlDeviceGetComputeRunningProcesses(handle))
        told = None if running is None else {each.pid: each.usedGpuMemory for each in running}
        is_told = self._tell_strangers(memory.used, told, ours, reserved)
        notes = ["" if is_told else BLIND, faults.slowed()]
        return Device(
            id=self._last.id,
            kind="cuda",
            name=_text(pynvml.nvmlDeviceGetName(handle)),
            total=memory.total - getattr(memory, "reserved", 0),
            used=memory.used,
            strangers=self._strangers,
            utilisation=or_none(lambda: pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100),
            temperature_c=or_none(lambda: float(pynvml.nvmlDeviceGetTemperature(board, pynvml.NVML_TEMPERATURE_GPU))),
            power_w=or_none(lambda: pynvml.nvmlDeviceGetPowerUsage(handle) / 1000),
            note="; ".join(filter(None, notes)),
            fault=fault,
        )

    def _take_hold(self, pynvml: Any) -> None:
        pynvml.nvmlInit()
        try:
            handle = board = pynvml.nvmlDeviceGetHandleByUUID(self._last.id)
            instance = None
            if self._last.id.startswith("MIG-"):
                board = pynvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(handle)
                instance = pynvml.nvmlDeviceGetGpuInstanceId(handle), pynvml.nvmlDeviceGetComputeInstanceId(handle)
            if self._faults is None:
                self._faults = Faults(pynvml, self._last.id, board, instance)
            else:
                self._faults.follow(board)
            if self._is_lost:
                self._faults.forget()
        except BaseException:
            or_none(pynvml.nvmlShutdown)
            raise
        self._handle, self._board, self._is_lost = handle, board, False

    def _gone(self, error: Exception) -> str:
        """The device is let go, to be looked for anew; returns why, and what to do."""
        note = f"the driver does not answer for it: {error}"
        if self._handle is not None:
            import pynvml

            if self._faults is not None:
                self._faults.close()
            or_none(pynvml.nvmlShutdown)
            self._handle = self._board = None
        if type(error).__name__ in ("NVMLError_GpuIsLost", "NVMLError_ResetRequired"):
            self._is_lost = True
            note += (
                f". Stop its worker and reset it (nvidia-smi --gpu-reset -i {self._last.id}), or restart the machine"
            )
        return note

    def _tell_strangers(
        self, used: int, running: Mapping[int, int | None] | None, ours: set[int], reserved: int
    ) -> bool:
        """Find out how much is in use by others; False if that cannot be told now, and the least it can be stands.

        A wrong look-up of processes gives wrong budgets, so it counts only where it is sure to be right.
        """
        mine = [size for pid, size in (running or {}).items() if pid in ours]
        if not ours:
            self._strangers = used
        elif running is not None and None not in mine and (mine or self._sees_pids):
            self._strangers = max(0, used - sum(size for size in mine if size))
        else:
            # What is in use beyond all that ours may hold is not theirs.
            self._strangers = max(min(self._strangers, used), used - reserved if reserved else 0)
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
    mode = or_none(lambda: pynvml.nvmlDeviceGetMigMode(handle)[0])
    return bool(mode)


def _instances(pynvml: Any, handle: Any) -> list[str]:
    found = []
    for index in range(pynvml.nvmlDeviceGetMaxMigDeviceCount(handle)):
        instance = or_none(partial(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, index))
        if instance is not None:
            found.append(_uuid(pynvml, instance))
    return found


def _uuid(pynvml: Any, handle: Any) -> str:
    return _text(pynvml.nvmlDeviceGetUUID(handle))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
