"""Devices that do not exist, for development and tests: a rack on a laptop."""

from collections.abc import Sequence

from aigc.core.ids import DeviceId
from aigc.core.messages import Device


class Fake:
    """A `DeviceProbe` that answers as it is told; models that run there run on the CPU."""

    def __init__(self, number: int, memory_bytes: int) -> None:
        self.device = Device(
            id=DeviceId(f"fake:{number}"),
            kind="cpu",
            name=f"simulated device {number}",
            total=memory_bytes,
            note="simulated: its models run on the CPU",
        )

    def sample(self, ours: Sequence[int]) -> Device:
        """See the port."""
        return self.device
