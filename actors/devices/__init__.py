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
    if twice := next((name for name in settings.wanted if _is_real(name) and settings.wanted.count(name) > 1), None):
        raise InputInvalid(
            f"{twice} is named twice",
            suggestion="a device has one worker; give that more slots",
            where="worker.devices",
        )
    return [_probe(name, number, gpus, reason, settings) for number, name in enumerate(settings.wanted)]


def _probe(name: str, number: int, gpus: list[str], reason: str, settings: DevicesSettings) -> DeviceProbe:
    if name == "cpu":
        return Cpu(settings.memory_bytes)
    if not _is_real(name):
        return Fake(number, _fake_bytes(name))
    if name in gpus:
        return nvml.Gpu(name)
    known = ", ".join(["cpu", *gpus]) + (f"; no GPU: {reason}" if reason else "")
    raise InputInvalid(f"there is no device {name}", suggestion=f"there are: {known}", where="worker.devices")


def _is_real(name: str) -> bool:
    return not name.startswith("fake:")


def _fake_bytes(name: str) -> int:
    try:
        size = int(float(name.removeprefix("fake:")) * GIB)
    except (ValueError, OverflowError):
        size = 0
    if size <= 0:
        raise InputInvalid(
            f"{name} does not say how large it is", suggestion="write fake:24 for 24 GiB", where="worker.devices"
        )
    return size
