"""A stand-in for NVML's Python binding: no test machine can be trusted to have a GPU, and none has a sick one.

It answers as the binding's manual and source say: errors are subclasses of `NVMLError`, nothing is known before
`nvmlInit`, events are recorded by GPU from their registration on, instance handles know neither events nor clocks.
"""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from actors.devices import nvml

GIB = 1 << 30


class NVMLError(Exception):
    """As the binding raises it."""


class Uninitialized(NVMLError):
    pass


class NotSupported(NVMLError):
    pass


class NotFound(NVMLError):
    pass


class FunctionNotFound(NVMLError):
    pass


class Timeout(NVMLError):
    pass


class GpuIsLost(NVMLError):
    pass


class Unknown(NVMLError):
    pass


GpuIsLost.__name__ = "NVMLError_GpuIsLost"


class Card(SimpleNamespace):
    """A GPU or an instance of one: what it answers."""

    uuid: str

    def __init__(self, uuid: str = "GPU-1", **answers: Any) -> None:
        defaults: dict[str, Any] = {
            "used": 0,
            "total": 24 * GIB,
            "running": {},
            "instances": (),
            "is_divided": 0,
            "knows_v2": True,
            "parent": None,
            "where": (0, 0),
            "uncorrected": 0,
            "action": 0,
            "reasons": 0,
            "fault": None,
            "has_events": True,
        }
        super().__init__(uuid=uuid, **(defaults | answers))
        for number, instance in enumerate(self.instances):
            instance.parent, instance.where = self, (number + 1, 0)

    @property
    def is_instance(self) -> bool:
        return self.uuid.startswith("MIG")

    def __hash__(self) -> int:
        return hash(self.uuid)

    def __eq__(self, other: object) -> bool:
        return self is other


class EventSet:
    """What was recorded for one listener."""

    def __init__(self) -> None:
        self.cards: list[Card] = []
        self.waiting: list[Any] = []
        self.is_free = False


class Driver(ModuleType):
    """The binding, over a host with these GPUs."""

    NVML_SUCCESS = 0
    NVML_TEMPERATURE_GPU = 0
    NVML_MEMORY_ERROR_TYPE_UNCORRECTED = 1
    NVML_VOLATILE_ECC = 0
    NVML_FI_DEV_GET_GPU_RECOVERY_ACTION = 230
    nvmlMemory_v2 = 0x2000028
    nvmlEventTypeXidCriticalError = 0x8
    nvmlClocksThrottleReasonHwSlowdown = 0x8
    nvmlClocksThrottleReasonSwThermalSlowdown = 0x20
    nvmlClocksThrottleReasonHwThermalSlowdown = 0x40
    nvmlClocksThrottleReasonHwPowerBrakeSlowdown = 0x80
    NVMLError = NVMLError
    NVMLError_Timeout = Timeout
    NVMLError_GpuIsLost = GpuIsLost

    def __init__(self, *cards: Card) -> None:
        super().__init__("pynvml")
        self.cards = cards
        self.fault: Exception | None = None
        self.users = 0
        self.sets: list[EventSet] = []
        self.wait_fault: Exception | None = None
        self.knows_clock_events = True

    # What befalls the host.

    def xid(self, card: Card, number: int, where: tuple[int, int] = (0xFFFFFFFF, 0xFFFFFFFF), kind: int = 0x8) -> None:
        """The driver reports an error of that GPU."""
        event = SimpleNamespace(
            device=card, eventType=kind, eventData=number, gpuInstanceId=where[0], computeInstanceId=where[1]
        )
        for each in self.sets:
            if card in each.cards and not each.is_free:
                each.waiting.append(event)

    @property
    def listeners(self) -> int:
        return sum(not each.is_free for each in self.sets)

    # The binding.

    def nvmlInit(self) -> None:
        if self.fault:
            raise self.fault
        self.users += 1

    def nvmlShutdown(self) -> None:
        if self.users <= 0:
            raise Uninitialized("Uninitialized")
        self.users -= 1

    def nvmlDeviceGetCount(self) -> int:
        self._check()
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Card:
        self._check()
        return self.cards[index]

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> Card:
        self._check()
        for one in (one for card in self.cards for one in (card, *card.instances)):
            if one.uuid == uuid:
                return one
        raise NotFound("Not Found")

    def nvmlDeviceGetUUID(self, card: Card) -> str:
        return card.uuid

    def nvmlDeviceGetName(self, card: Card) -> str:
        return "a GPU MIG 1g.5gb" if card.is_instance else "a GPU"

    def nvmlDeviceGetMigMode(self, card: Card) -> list[int]:
        return [card.is_divided, card.is_divided]

    def nvmlDeviceGetMaxMigDeviceCount(self, card: Card) -> int:
        return 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, card: Card, index: int) -> Card:
        if index >= len(card.instances):
            raise NotFound("Not Found")
        instance: Card = card.instances[index]
        return instance

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, card: Card) -> Card:
        parent: Card = card.parent
        return parent

    def nvmlDeviceGetGpuInstanceId(self, card: Card) -> int:
        return int(card.where[0])

    def nvmlDeviceGetComputeInstanceId(self, card: Card) -> int:
        return int(card.where[1])

    def nvmlDeviceGetMemoryInfo(self, card: Card, version: int | None = None) -> Any:
        self._check(card)
        if version and not card.knows_v2:
            raise FunctionNotFound("Function Not Found")
        kept = GIB if version else 0
        return SimpleNamespace(total=card.total, used=card.used + GIB - kept, reserved=kept)

    def nvmlDeviceGetComputeRunningProcesses(self, card: Card) -> list[Any]:
        self._check(card)
        if card.running is None:
            raise NotSupported("Not Supported")
        return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in card.running.items()]

    def nvmlDeviceGetUtilizationRates(self, card: Card) -> Any:
        self._check(card, whole=True)
        return SimpleNamespace(gpu=50)

    def nvmlDeviceGetTemperature(self, card: Card, sensor: int) -> int:
        self._check(card, whole=True)
        return 61

    def nvmlDeviceGetPowerUsage(self, card: Card) -> int:
        self._check(card, whole=True)
        return 250_000

    def nvmlDeviceGetTotalEccErrors(self, card: Card, kind: int, counter: int) -> int:
        self._check(card, whole=True)
        assert (kind, counter) == (self.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, self.NVML_VOLATILE_ECC)
        if card.uncorrected is None:
            raise NotSupported("Not Supported")
        return int(card.uncorrected)

    def nvmlDeviceGetFieldValues(self, card: Card, fields: list[int]) -> list[Any]:
        self._check(card, whole=True)
        is_known = card.action is not None
        value = SimpleNamespace(uiVal=card.action or 0)
        return [SimpleNamespace(nvmlReturn=0 if is_known else 3, value=value) for _ in fields]

    def nvmlDeviceGetCurrentClocksEventReasons(self, card: Card) -> int:
        if not self.knows_clock_events:
            raise FunctionNotFound("Function Not Found")
        return self.nvmlDeviceGetCurrentClocksThrottleReasons(card)

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, card: Card) -> int:
        self._check(card, whole=True)
        return int(card.reasons)

    def nvmlEventSetCreate(self) -> EventSet:
        self._check()
        self.sets.append(EventSet())
        return self.sets[-1]

    def nvmlDeviceRegisterEvents(self, card: Card, kinds: int, events: EventSet) -> None:
        self._check(card, whole=True)
        if not card.has_events:
            raise NotSupported("Not Supported")
        events.cards.append(card)

    def nvmlEventSetWait_v2(self, events: EventSet, timeout_ms: int) -> Any:
        assert not events.is_free
        assert timeout_ms == 0, "nothing waits here"
        for card in events.cards:
            self._check(card)
        if self.wait_fault:
            raise self.wait_fault
        if not events.waiting:
            raise Timeout("Timeout")
        return events.waiting.pop(0)

    def nvmlEventSetFree(self, events: EventSet) -> None:
        events.is_free = True

    def _check(self, card: Card | None = None, *, whole: bool = False) -> None:
        if self.users <= 0:
            raise Uninitialized("Uninitialized")
        fault = card.fault or (card.parent.fault if card.parent else None) if card else None
        if self.fault or fault:
            raise self.fault or fault
        if whole and card is not None and card.is_instance:
            raise NotSupported("Not Supported")


def installed_as(binding: ModuleType | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """This host has a driver, and that binding to it; None: it has none."""
    monkeypatch.setattr(nvml, "LIBRARY", None)
    monkeypatch.setitem(sys.modules, "pynvml", binding)
