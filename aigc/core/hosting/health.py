"""Whether a device can be trusted with work: what its probe says, and what jobs found out the hard way."""

import msgspec

from aigc.core.hosting.ledger import MemoryLedger
from aigc.core.messages import Device

LONGEST_QUARANTINE_S = 3600.0


class Health:
    """The device as it was last measured, and the quarantine that an error which stays on it brings.

    Args:
        sample: the device as first measured.
        quarantine_s: how long no job is taken after such an error. The process that met it is gone by then, and most
            such errors with it; if not, each further one doubles the time, until a job has ended well.
    """

    def __init__(self, sample: Device, quarantine_s: float) -> None:
        self.sample = sample
        self.ends_at: float | None = None
        """When the quarantine is over; None: there is none."""
        self._quarantine_s = self._next_s = quarantine_s
        self._cause = ""
        self._pardoned = ""  # the fault that somebody has looked after

    def measure(self, sample: Device) -> None:
        """The device is as its probe sees it now."""
        self.sample = sample
        if not sample.fault:
            self._pardoned = ""

    @property
    def complaint(self) -> str:
        """Why the device gets no work; empty if it does."""
        sample = self.sample
        if not sample.healthy:
            return sample.note or "its probe fails"
        if sample.fault and sample.fault != self._pardoned:
            return sample.fault
        if self.ends_at is not None:
            return f"in quarantine after: {self._cause}. It is tried again by itself, or when the worker is resumed"
        return ""

    def quarantine(self, cause: str, now: float) -> None:
        """No work for a while, counted from now."""
        self._cause, self.ends_at = cause, now + self._next_s
        self._next_s = min(2 * self._next_s, LONGEST_QUARANTINE_S)

    def recover(self) -> None:
        """A job ended well: the device works."""
        self._next_s = self._quarantine_s

    def release(self) -> None:
        """Somebody looked after it: a quarantine is over, and so is one for the fault that is known now.

        A further fault counts, and so does a probe that gets no answer.
        """
        self.ends_at, self._pardoned = None, self.sample.fault

    def tick(self, now: float) -> bool:
        """Whether a quarantine has just ended."""
        if self.ends_at is None or now < self.ends_at:
            return False
        self.ends_at = None
        return True

    def view(self, ledger: MemoryLedger) -> Device:
        """The device as its worker tells it."""
        complaint = self.complaint
        return msgspec.structs.replace(
            self.sample,
            usable=ledger.usable,
            reserved=ledger.reserved,
            healthy=not complaint,
            note=complaint or self.sample.note,
        )
