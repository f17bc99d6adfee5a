"""Devices that do not exist, for development and tests: a rack on a laptop.

`fake:24` has 24 GiB, `fake:24#left` is called `fake:left`, and `fake:24?faults=/some/file` has a hardware error for as
long as there is such a file, whose text says which.
"""

import re
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct

from aigc.core.errors import InputInvalid
from aigc.core.ids import DeviceId
from aigc.core.messages import Device

GIB = 1 << 30
KIND = "fake:"
NOTE = "simulated: its models run on the CPU"

_FORM = re.compile(r"fake:(?P<gib>[^#?]*)(#(?P<label>[A-Za-z0-9_-]+))?(\?faults=(?P<faults>.+))?")


class FakeSpec(Struct, frozen=True):
    """What is said of a device that does not exist."""

    memory_bytes: int
    label: str = ""
    faults: Path | None = None


def parse(text: str) -> FakeSpec:
    """What `text` says. Raises InputInvalid if it does not have the form above."""
    form = _FORM.fullmatch(text)
    try:
        size = int(float(form["gib"]) * GIB) if form else 0
    except (ValueError, OverflowError):
        size = 0
    if form is None or size <= 0:
        raise InputInvalid(
            f"{text} describes no device",
            suggestion="write fake:24 for 24 GiB, fake:24#left to have that called fake:left",
            where="worker.devices",
        )
    return FakeSpec(size, form["label"] or "", Path(form["faults"]) if form["faults"] else None)


class Fake:
    """A `DeviceProbe` whose memory is what was reserved of it; models that run there run on the CPU.

    Args:
        label: what it is called, after `fake:`.
    """

    def __init__(self, label: str, spec: FakeSpec) -> None:
        self._device = Device(
            id=DeviceId(f"{KIND}{label}"),
            kind="cpu",
            name=f"simulated device {label}",
            total=spec.memory_bytes,
            note=NOTE,
        )
        self._faults = spec.faults
        self._computed = (time.monotonic(), 0.0)

    def sample(self, ours: Sequence[int], reserved: int = 0) -> Device:
        """See the port. It is as busy as one core could be with what our processes compute."""
        return msgspec.structs.replace(
            self._device,
            used=min(reserved, self._device.total),
            utilisation=self._utilisation(ours),
            fault=self._fault(),
        )

    def _fault(self) -> str:
        if self._faults is None:
            return ""
        try:
            told = self._faults.read_text(errors="replace").strip()
        except OSError:
            return ""
        return told or f"simulated error; remove {self._faults} to mend it"

    def _utilisation(self, ours: Sequence[int]) -> float:
        before, computed_before = self._computed
        self._computed = now, computed = time.monotonic(), sum(map(_computed_s, ours))
        passed_s = now - before
        return max(0.0, min(1.0, (computed - computed_before) / passed_s)) if passed_s > 0 else 0.0


def _computed_s(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)
