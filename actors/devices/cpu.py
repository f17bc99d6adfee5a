"""The processor as a device: its memory is the host's, or what the container or service may use of it."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from actors.devices.cgroup import MemoryLimit, memory_limit
from aigc.core.ids import DeviceId
from aigc.core.messages import Device

_SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal")


class Cpu:
    """A `DeviceProbe` of the host's processors and memory.

    Args:
        memory_bytes: what models may use at most; None: all that there is.
        limit: tells what a container may use.
    """

    def __init__(self, memory_bytes: int | None = None, limit: Callable[[], MemoryLimit | None] = memory_limit) -> None:
        self._memory_bytes = memory_bytes
        self._limit = limit
        self._cores = psutil.cpu_count() or 1
        self._name = f"{_model_name()}, {self._cores} cores"
        self._busy = (time.monotonic(), _busy_s())

    def sample(self, ours: Sequence[int], reserved: int = 0) -> Device:
        """See the port. What is neither free nor held by `ours` is a stranger's, as far as it narrows the budget."""
        try:
            return self._sample(ours)
        except Exception as error:  # noqa: BLE001 - a host that does not tell is a state, not a crash
            return Device(id=DeviceId("cpu"), kind="cpu", healthy=False, note=f"the host does not tell: {error}")

    def _sample(self, ours: Sequence[int]) -> Device:
        memory = psutil.virtual_memory()
        total, free = memory.total, memory.available
        if (limit := self._limit()) is not None:
            total = min(total, limit.total)
            free = min(free, max(0, limit.total - limit.used))
        budget = min(self._memory_bytes or total, total)
        mine = sum(map(_resident, ours))
        return Device(
            id=DeviceId("cpu"),
            kind="cpu",
            name=self._name,
            total=budget,
            used=min(budget, max(0, total - free)),
            strangers=min(budget, max(0, budget - free - mine)),
            utilisation=self._utilisation(),
            temperature_c=_temperature_c(),
        )

    def _utilisation(self) -> float:
        """Share of all cores that was busy since the last sample."""
        before, busy_before = self._busy
        self._busy = now, busy = time.monotonic(), _busy_s()
        passed = (now - before) * self._cores
        return max(0.0, min(1.0, (busy - busy_before) / passed)) if passed > 0 else 0.0


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice)


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _temperature_c() -> float | None:
    # Not every system has the function, and few containers the sensors.
    sensors: dict[str, list[Any]] = getattr(psutil, "sensors_temperatures", dict)()
    return next((float(sensors[name][0].current) for name in _SENSORS if sensors.get(name)), None)


def _model_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    try:
        lines = cpuinfo.read_text(errors="replace").splitlines()
    except OSError:
        return "CPU"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "CPU")
