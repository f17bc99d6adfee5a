"""Hardware errors of one GPU, from what NVML tells of them, until they are known to be mended.

Four things are looked at, none of which costs more than a call into the driver's library:

* Xid events that the driver calls critical: recorded by it from the registration on, and drained here without waiting;
* the count of memory errors that were not corrected: one more than before;
* what the driver itself wants to be done about the GPU (recovery action, from release 570 or so on);
* why its clocks are held down: a note, no error.

That a GPU is mended shows in what the driver says after a reset: counts begin anew, nothing is wanted any more, or one
that was lost answers again. An Xid leaves no such trace; somebody who has looked after it says so (resume).
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

APPLICATION_XIDS = frozenset({13, 31, 43, 45, 68, 109})
"""Errors of a program, which dies of them; the GPU is well. As NVIDIA's device plugin for Kubernetes has it."""
RECOVERY_XID = 154
"""The recovery action has changed; it is looked at itself."""

XIDS = {
    48: "memory error that could not be corrected",
    62: "its microcontroller halted",
    63: "a row of its memory was remapped, for the next reset",
    64: "a bad row of its memory could not be remapped",
    74: "NVLink error",
    79: "it has fallen off the bus",
    92: "many memory errors that were corrected",
    94: "contained memory error",
    95: "memory error that was not contained",
    119: "its firmware does not answer",
    120: "its firmware failed",
}
ACTIONS = {
    1: "a reset",
    2: "a restart of the machine",
    3: "a drain of its peers, then a reset",
    4: "to be drained, then a reset",
    6: "a reset of its bus",
    7: "a restart of the machine",
}
ANY_INSTANCE = 0xFFFFFFFF
"""In an event: it concerns the whole GPU."""
MOST_EVENTS = 100
"""Drained at one look: a GPU that fails in a loop must not keep us."""


class Faults:
    """What is wrong with one GPU, or with the GPU that one MIG instance is of.

    Args:
        pynvml: the binding.
        uuid: what people call the device by.
        board: handle of the GPU; events and counts are not told by instance handles.
        instance: of a MIG instance its GPU instance and compute instance.
    """

    def __init__(self, pynvml: Any, uuid: str, board: Any, instance: tuple[int, int] | None = None) -> None:
        self._pynvml, self._uuid, self._instance = pynvml, uuid, instance
        self._board: Any = None
        self._events: Any = None
        self._uncorrected: int | None = None
        self._found: dict[str, str] = {}
        self._met = 0  # Xids; a further one must read differently
        self.follow(board)

    def follow(self, board: Any) -> None:
        """The GPU is spoken to by this handle from now on; what happened before is not told any more."""
        self.close()
        pynvml, self._board = self._pynvml, board
        events = or_none(pynvml.nvmlEventSetCreate)
        if events is None:
            return
        try:
            pynvml.nvmlDeviceRegisterEvents(board, pynvml.nvmlEventTypeXidCriticalError, events)
            self._events = events
        except Exception:  # noqa: BLE001 - not every platform has events
            pynvml.nvmlEventSetFree(events)

    def close(self) -> None:
        """The driver records nothing for us any more."""
        if self._events is not None:
            with contextlib.suppress(Exception):
                self._pynvml.nvmlEventSetFree(self._events)
            self._events = None

    def forget(self) -> None:
        """The GPU was away and is there again: whatever was wrong before was another life of it."""
        self._found.clear()
        self._uncorrected = None

    def look(self) -> str:
        """What is wrong and what to do about it; empty if nothing is known. Raises what a lost GPU raises."""
        for xid in self._xids():
            self._met += 1
            times = f" (Xid errors so far: {self._met})" if self._met > 1 else ""
            self._found["xid"] = f"Xid {xid}: {XIDS.get(xid, 'see the list of Xid errors')}{times}"
        self._count()
        self._ask()
        if not self._found:
            return ""
        told = "; ".join(self._found.values())
        return f"{told}. Stop its worker and reset it (nvidia-smi --gpu-reset -i {self._uuid}), or resume the worker"

    def slowed(self) -> str:
        """Why its clocks are held down, as a note; empty if they are not."""
        pynvml = self._pynvml
        reasons = or_none(lambda: pynvml.nvmlDeviceGetCurrentClocksEventReasons(self._board))
        if reasons is None:  # an older driver
            reasons = or_none(lambda: pynvml.nvmlDeviceGetCurrentClocksThrottleReasons(self._board)) or 0
        heat = pynvml.nvmlClocksThrottleReasonHwThermalSlowdown | pynvml.nvmlClocksThrottleReasonSwThermalSlowdown
        if reasons & heat:
            return "slowed down: it is too hot"
        if reasons & pynvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown:
            return "slowed down by the power supply"
        return "slowed down by its hardware" if reasons & pynvml.nvmlClocksThrottleReasonHwSlowdown else ""

    def _xids(self) -> Iterator[int]:
        if self._events is None:
            return
        pynvml = self._pynvml
        for _ in range(MOST_EVENTS):
            try:
                event = pynvml.nvmlEventSetWait_v2(self._events, 0)
            except pynvml.NVMLError_Timeout:
                return
            except pynvml.NVMLError_GpuIsLost:
                raise
            except pynvml.NVMLError:
                self.close()  # undefined from now on, says the manual
                return
            is_critical = event.eventType == pynvml.nvmlEventTypeXidCriticalError
            if is_critical and self._concerns_us(event) and event.eventData not in {*APPLICATION_XIDS, RECOVERY_XID}:
                yield int(event.eventData)

    def _concerns_us(self, event: Any) -> bool:
        if self._instance is None:
            return True
        where = zip((event.gpuInstanceId, event.computeInstanceId), self._instance, strict=True)
        return all(told in (ANY_INSTANCE, own) for told, own in where)

    def _count(self) -> None:
        if self._instance is not None:
            return  # counted for the whole GPU only, and contained errors of others are none of ours
        pynvml = self._pynvml
        kinds = pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, pynvml.NVML_VOLATILE_ECC  # since the driver's last start
        count = or_none(lambda: pynvml.nvmlDeviceGetTotalEccErrors(self._board, *kinds))
        if count is None:
            return
        before, self._uncorrected = self._uncorrected, count
        if before is not None and count < before:
            self._found.clear()  # they began anew
        elif before is not None and count > before:
            self._found["ecc"] = f"memory errors that were not corrected: {count} since the driver's start"

    def _ask(self) -> None:
        pynvml = self._pynvml
        field = getattr(pynvml, "NVML_FI_DEV_GET_GPU_RECOVERY_ACTION", None)
        answers = or_none(lambda: pynvml.nvmlDeviceGetFieldValues(self._board, [field])) if field else None
        if not answers or answers[0].nvmlReturn != pynvml.NVML_SUCCESS:
            return
        action = answers[0].value.uiVal
        if action:
            self._found["action"] = f"the driver wants {ACTIONS.get(action, f'recovery action {action}')}"
        elif "action" in self._found:
            self._found.clear()  # it was done


def or_none(ask: Callable[[], Any]) -> Any:
    """What `ask` returns; None where this device or driver does not tell."""
    try:
        return ask()
    except Exception:  # noqa: BLE001 - see above
        return None
