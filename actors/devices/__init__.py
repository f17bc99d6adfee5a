"""What this host computes on, each device behind the `DeviceProbe` port."""

from collections.abc import Sequence

from msgspec import Struct

from actors.devices import nvml
from actors.devices.cpu import Cpu
from actors.devices.fake import Fake
from aigc.core.errors import InputInvalid
from aigc.core.ports import DeviceProbe

GIB = 1 << 30


class DevicesSettings(Struct, frozen=True, kw_only=True):
    """Which devices are wanted."""

    wanted: Sequence[str] | None = None
    """`cpu`, a GPU's UUID, `fake:<GiB>`; None: every GPU, or the CPU if there is none."""
    memory_bytes: int | None = None
    """The CPU's budget; None: all of the host's memory."""


def find(settings: DevicesSettings) -> list[DeviceProbe]:
    """A probe for each device that is wanted.

    Raises:
        InputInvalid: a wanted one is not there; the message lists those that are.
    """
    gpus, reason = nvml.look()
    if settings.wanted is None:
        return [nvml.Gpu(uuid) for uuid in gpus] or [Cpu(settings.memory_bytes)]
    return [_probe(name, number, gpus, reason, settings) for number, name in enumerate(settings.wanted)]


def _probe(name: str, number: int, gpus: list[str], reason: str, settings: DevicesSettings) -> DeviceProbe:
    if name == "cpu":
        return Cpu(settings.memory_bytes)
    if name.startswith("fake:"):
        return Fake(number, int(float(name.removeprefix("fake:")) * GIB))
    if name in gpus:
        return nvml.Gpu(name)
    known = ", ".join(["cpu", *gpus]) + (f"; no GPU: {reason}" if reason else "")
    raise InputInvalid(f"there is no device {name}", suggestion=f"there are: {known}", where="worker.devices")
