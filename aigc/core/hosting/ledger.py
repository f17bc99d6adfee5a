"""Accounts of one device's memory. All sizes are bytes."""

from collections.abc import Mapping
from types import MappingProxyType


class MemoryLedger:
    """Who has reserved how much of one device, by residency (see `ModelSpec.residency`).

    What is promised: a reservation is granted only if afterwards the sum of all reservations is at most `usable`.
    Strangers may grow when they like, and then `usable` can fall below the sum: what stands stays, for a loaded model
    cannot be made smaller by decree, but nothing is granted until there is room again. What somebody holds beyond its
    reservation is no stranger's: it comes free with its holder, but as long as it is there it is granted to nobody.

    Args:
        reserve: kept free for everybody else, always.
    """

    def __init__(self, reserve: int = 0) -> None:
        self._reserve = reserve
        self._total = 0
        self._strangers = self._overdrawn = 0
        self._held: dict[str, int] = {}
        self._reserved = 0
        self._is_overtaken = False  # by strangers: only then may the sum be greater than usable

    @property
    def usable(self) -> int:
        """What may be reserved in all: the total less the reserve less what strangers use; never negative."""
        return max(0, self._total - self._reserve - self._strangers)

    @property
    def reserved(self) -> int:
        """Sum of all reservations."""
        return self._reserved

    @property
    def free(self) -> int:
        """What one new reservation may take; negative by what was taken from under the standing ones."""
        return self.usable - self._reserved - self._overdrawn

    @property
    def held(self) -> Mapping[str, int]:
        """The reservations, by residency; a live view."""
        return MappingProxyType(self._held)

    def measure(self, total: int, strangers: int, overdrawn: int = 0) -> None:
        """The accounts follow the device as it is now. Standing reservations stay as they are.

        Args:
            overdrawn: what their holders have beyond them.
        """
        self._total, self._strangers, self._overdrawn = total, strangers, overdrawn
        self._is_overtaken = self._reserved > self.usable

    def reserve(self, residency: str, size: int) -> bool:
        """Whether `size` was reserved; False leaves everything as it was.

        Raises:
            ValueError: the residency holds a reservation already, or the size is negative.
        """
        if residency in self._held:
            raise ValueError(f"{residency} holds {self._held[residency]} bytes already; resize it")
        return self._set(residency, size)

    def resize(self, residency: str, size: int) -> bool:
        """Whether the reservation is `size` now. Making it smaller always succeeds, making it larger needs room.

        Raises:
            ValueError: the residency holds none, or the size is negative.
        """
        if residency not in self._held:
            raise ValueError(f"{residency} holds no reservation")
        return self._set(residency, size)

    def release(self, residency: str) -> None:
        """The residency holds nothing any more. To be called when its process is gone, not when it was told to go."""
        self._reserved -= self._held.pop(residency)
        self._is_overtaken = self._is_overtaken and self._reserved > self.usable

    def validate(self) -> None:
        """Raises AssertionError, with the accounts, if they do not add up."""
        adds_up = self._reserved == sum(self._held.values()) and all(size >= 0 for size in self._held.values())
        if not adds_up or (self._reserved > self.usable and not self._is_overtaken):
            raise AssertionError(f"{self._held}, reserved {self._reserved}, usable {self.usable}")

    def _set(self, residency: str, size: int) -> bool:
        if size < 0:
            raise ValueError(f"{residency} cannot hold {size} bytes")
        more = size - self._held.get(residency, 0)
        if more > 0 and more > self.free:
            return False
        self._held[residency] = size
        self._reserved += more
        self._is_overtaken = self._is_overtaken and self._reserved > self.usable
        return True
