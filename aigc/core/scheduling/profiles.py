"""What a model takes, memory and time, by the size of its work."""

import msgspec
from msgspec import Struct

from aigc.core.scheduling.averages import Average, Peaks
from aigc.core.scheduling.pace import Pace

MARGIN = 1.1
"""A need is the learned peak with this factor: allocators fragment."""


def bucket(input_size: int) -> int:
    """The class of work sizes (see `work_size`) within which memory and time are learned together.

    Each spans a factor 2. Within one, a peak that grows with the size differs by as much, and the need is that of its
    upper end; with wider classes small jobs would reserve several times what they use, with narrower ones each class
    would see too few runs to learn from.
    """
    return input_size.bit_length()


class Profile(Struct, eq=False):
    """One model on work of one size class. Bytes and seconds."""

    declared_bytes: int
    declared_run_s: float
    history: "History"
    """Of the model on work of any size."""
    size_class: int = 0
    run: Average = msgspec.field(default_factory=Average)
    peaks: Peaks = msgspec.field(default_factory=Peaks)
    assumed_bytes: int = 0
    """What is reserved after a run has run out of memory, until it is known better; 0: none has."""
    short_bytes: int = 0
    """What was not enough then."""
    ceiling_bytes: int = 0
    """The most that any device could give when this was last learned; a need beyond it could only wait for ever."""
    need_bytes: int = 0
    """What to reserve: learned; else what other sizes suggest; else declared."""

    @property
    def run_s(self) -> float:
        """Expected seconds of a run, loading apart: those of this size, else of any, else as declared."""
        if self.run.count:
            return self.run.mean
        return self.history.run.mean if self.history.run.count else self.declared_run_s

    @property
    def high_run_s(self) -> float:
        """Seconds that nine of ten runs do not exceed."""
        return self.run.high if self.run.count else self.run_s

    @property
    def is_measured(self) -> bool:
        """Whether anything is known of the memory that it takes."""
        return self.peaks.count > 0 or self.assumed_bytes > 0

    def learn(self, run_s: float, peak_bytes: int, ceiling_bytes: int) -> bool:
        """A run went well. `peak_bytes` 0: not measured. Whether this or another size is now thought to need less."""
        self.run.learn(run_s)
        self.history.run.learn(run_s)
        if peak_bytes <= 0:
            return False
        was_measured, needed = self.is_measured, self.need_bytes
        if self.peaks.learn(float(peak_bytes)) or peak_bytes > self.short_bytes:
            self.assumed_bytes = self.short_bytes = 0
        self.ceiling_bytes = ceiling_bytes
        self.resolve()
        if was_measured and self.need_bytes == needed:
            return False  # what other sizes need follows from nothing else
        return self.history.resolve() or self.need_bytes < needed

    def ran_out(self, granted_bytes: int, peak_bytes: int, ceiling_bytes: int) -> bool:
        """A run needed more than it was granted: next time a quarter more than it was seen to take, or else double.

        Whether another size is now thought to need less.
        """
        wanted = 1.25 * peak_bytes if peak_bytes > granted_bytes else 2.0 * granted_bytes
        self.assumed_bytes = max(self.assumed_bytes, int(min(wanted, ceiling_bytes)))
        self.short_bytes = max(self.short_bytes, granted_bytes, peak_bytes)
        self.ceiling_bytes = ceiling_bytes
        return self.history.resolve()

    def resolve(self) -> None:
        """`need_bytes` follows from what is known of this size, or else of the others: more work takes no less."""
        if self.is_measured:
            learned = min(MARGIN * self.peaks.expected_top, max(self.ceiling_bytes, self.peaks.top))
            self.need_bytes = max(int(learned), self.assumed_bytes)
            return
        larger, smaller = self.history.around(self.size_class)
        if larger is not None:
            self.need_bytes = larger.need_bytes
        else:
            self.need_bytes = max(self.declared_bytes, smaller.need_bytes if smaller is not None else 0)


class History(Struct, eq=False):
    """One model on work of all sizes."""

    run: Average = msgspec.field(default_factory=Average)
    pace: Pace = msgspec.field(default_factory=Pace)
    sizes: dict[int, Profile] = {}
    """By size class."""

    def around(self, size_class: int) -> tuple[Profile | None, Profile | None]:
        """The nearest measured sizes above and below."""
        measured = [profile for profile in self.sizes.values() if profile.is_measured]
        larger = [profile for profile in measured if profile.size_class > size_class]
        smaller = [profile for profile in measured if profile.size_class < size_class]
        return (
            min(larger, key=lambda profile: profile.size_class, default=None),
            max(smaller, key=lambda profile: profile.size_class, default=None),
        )

    def resolve(self) -> bool:
        """What each size needs follows from what is known of all. Whether any needs less than before."""
        before = [profile.need_bytes for profile in self.sizes.values()]
        for profile in sorted(self.sizes.values(), key=lambda profile: not profile.is_measured):
            profile.resolve()
        return any(profile.need_bytes < was for profile, was in zip(self.sizes.values(), before, strict=True))
