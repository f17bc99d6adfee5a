"""What a worker tells about its device and what its runners hold."""

from msgspec import Struct

from aigc.core.ids import DeviceId


class Device(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One device as its worker sees it now. Memory in bytes."""

    id: DeviceId
    kind: str
    """`cuda`, `cpu`; a fake device says what it stands for."""
    name: str = ""
    total: int = 0
    usable: int = 0
    """What models may reserve: total less the reserve less what strangers use."""
    used: int = 0
    """What the driver says is in use, by anybody."""
    reserved: int = 0
    """The ledger's sum."""
    strangers: int = 0
    """In use by processes that are not ours."""
    utilisation: float | None = None
    """0 to 1."""
    temperature_c: float | None = None
    power_w: float | None = None
    healthy: bool = True
    note: str = ""
    """Why it is not healthy, or what is special about it."""
    fault: str = ""
    """A hardware error that was met and is not known to be mended, with what to do about it."""


class Resident(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One runner of a worker and what it holds."""

    residency: str
    """The model's family, see `ModelSpec.residency`."""
    state: str
    """`loading`, `idle`, `running`, `stopping`."""
    bytes: int
    pid: int = 0
    pinned: bool = False
    idle_s: float = 0.0
    jobs_done: int = 0
    load_s: float = 0.0
