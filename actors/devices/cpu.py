"""The processor as a device: its memory is the host's."""

import time
from collections.abc import Sequence

import psutil

from aigc.core.ids import DeviceId
from aigc.core.messages import Device


class Cpu:
    """A `DeviceProbe` of the host's processors and memory.

    Args:
        memory_bytes: what models may use at most; None: all that the host has.
    """

    def __init__(self, memory_bytes: int | None = None) -> None:
        self._memory_bytes = memory_bytes
        self._name = f"{_model_name()}, {psutil.cpu_count()} cores"
        self._last = (time.monotonic(), _busy_s())

    def sample(self, ours: Sequence[int]) -> Device:
        """See the port. What the host cannot give back is a stranger's, unless it is held by `ours`."""
        memory = psutil.virtual_memory()
        mine = sum(map(_resident, ours))
        used = memory.total - memory.available
        total = min(self._memory_bytes or memory.total, memory.total)
        # With a budget of our own, strangers count only for what they leave too little of.
        strangers = max(0, used - mine - (memory.total - total))
        return Device(
            id=DeviceId("cpu"),
            kind="cpu",
            name=self._name,
            total=total,
            used=min(total, used),
            strangers=min(total, strangers),
            utilisation=self._utilisation(),
            temperature_c=_temperature_c(),
        )

    def _utilisation(self) -> float:
        """Share of all cores that was busy since the last sample."""
        before, busy_before = self._last
        self._last = now, busy = time.monotonic(), _busy_s()
        passed = (now - before) * (psutil.cpu_count() or 1)
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
    for name, sensors in getattr(psutil, "sensors_temperatures", dict)().items():
        if name in ("coretemp", "k10temp", "cpu_thermal") and sensors:
            return float(sensors[0].current)
    return None


def _model_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return "CPU"
