"""What this host computes on, each device behind the `DeviceProbe` port."""

from collections.abc import Sequence

from msgspec import Struct

from actors.devices import nvml
from actors.devices.cpu import Cpu
from actors.devices.fake import KIND, Fake, FakeSpec, parse
from actors.devices.nvml import Found
from aigc.core.errors import InputInvalid
from aigc.core.ports import DeviceProbe


class DevicesSettings(Struct, frozen=True, kw_only=True):
    """Which devices are wanted."""

    wanted: Sequence[str] | None = None
    """`cpu`, a GPU's or MIG instance's UUID, `fake:<GiB>`, see `fake`; None: every GPU, or the CPU if there is none."""
    memory_bytes: int | None = None
    """The CPU's budget; None: all of the host's memory."""
    label: str = ""
    """What a fake device is called that has no label of its own: this, with its place in the list if there are others;
    empty: its place. Give it a name that no other process has."""


def find(settings: DevicesSettings) -> list[DeviceProbe]:
    """A probe for each device that is wanted, no two of which have the same id.

    Raises:
        InputInvalid: a wanted one is not there; the message lists those that are.
    """
    found = nvml.look()
    if settings.wanted is None:
        return [nvml.Gpu(uuid) for uuid in found.uuids] or [Cpu(settings.memory_bytes)]
    fakes = {place: parse(name) for place, name in enumerate(settings.wanted) if name.startswith(KIND)}
    names = [
        KIND + _label(place, fakes[place], settings) if place in fakes else name
        for place, name in enumerate(settings.wanted)
    ]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputInvalid(
            f"{twice} is named twice",
            suggestion="a device has one worker; give that more slots",
            where="worker.devices",
        )
    return [
        Fake(name.removeprefix(KIND), fakes[place]) if place in fakes else _probe(name, found, settings)
        for place, name in enumerate(names)
    ]


def _label(place: int, fake: FakeSpec, settings: DevicesSettings) -> str:
    assert settings.wanted is not None
    if fake.label:
        return fake.label
    if not settings.label:
        return str(place)
    return settings.label if len(settings.wanted) == 1 else f"{settings.label}-{place}"


def _probe(name: str, found: Found, settings: DevicesSettings) -> DeviceProbe:
    if name == "cpu":
        return Cpu(settings.memory_bytes)
    if name in found.uuids:
        return nvml.Gpu(name)
    known = ", ".join(["cpu", *found.uuids]) + (f"; no GPU: {found.reason}" if found.reason else "")
    what = f"{name} is divided (MIG mode is on)" if name in found.divided else f"there is no device {name}"
    raise InputInvalid(what, suggestion=f"there are: {known}", where="worker.devices")
