"""What experience taught: memory, load and run times, and how much a model is wanted."""

import math
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from aigc.core.model import ModelSpec
from aigc.core.scheduling.averages import Average, Peaks
from aigc.core.scheduling.pace import MARKS, Pace
from aigc.core.scheduling.profiles import History, Profile

POPULARITY_HALF_LIFE_S = 600.0


class LoadTime(Struct):
    """Seconds that a residency takes to load: as the catalogue guesses, then as learned."""

    seconds: float
    learned: Average = msgspec.field(default_factory=Average)

    def learn(self, seconds: float) -> None:
        """A load took this long."""
        self.learned.learn(seconds)
        self.seconds = self.learned.mean


class _Remembered(Struct, array_like=True):
    """One profile as it is kept: model, size class and what was learned."""

    model: str
    size_class: int
    run: Average
    peaks: Peaks
    assumed_bytes: int
    short_bytes: int
    ceiling_bytes: int


class _Memory(Struct):
    """All that was learned, as it is kept. A field of another type makes the old memory unreadable, no more."""

    loads: dict[str, Average]
    runs: dict[str, Average]
    sizes: list[_Remembered]
    paces: dict[str, Pace] = {}


class Learned:
    """Everything learned, by model and residency. What is asked for is a live object that goes on learning."""

    def __init__(self) -> None:
        self._loads: dict[str, LoadTime] = {}
        self._histories: dict[str, History] = {}
        self._popularity: dict[str, tuple[float, float]] = {}
        self.overhead = Average()
        """Seconds of loading per run, of all models together: what switching costs on the whole."""

    def load(self, spec: ModelSpec) -> LoadTime:
        """Load time of the model's residency."""
        load = self._loads.setdefault(spec.residency, LoadTime(spec.load_s))
        if not load.learned.count:
            load.seconds = spec.load_s
        return load

    def reload_s(self, residency: str) -> float:
        """Seconds to bring it back; 0 if nobody asked for it yet."""
        load = self._loads.get(residency)
        return load.seconds if load is not None else 0.0

    def profile(self, spec: ModelSpec, size_class: int) -> Profile:
        """Memory and run time of the model on work of that class, see `bucket`."""
        history = self._histories.setdefault(spec.id, History())
        profile = history.sizes.get(size_class)
        if profile is None:
            profile = Profile(spec.memory_bytes, spec.run_s, history, size_class)
            history.sizes[size_class] = profile
        profile.declared_bytes, profile.declared_run_s = spec.memory_bytes, spec.run_s
        profile.resolve()
        return profile

    def usual(self, spec: ModelSpec) -> Profile:
        """Memory and run time of the model on work of the class that it has seen most."""
        sizes = self._histories.get(spec.id, History()).sizes
        return self.profile(
            spec, max(sizes, key=lambda size_class: (sizes[size_class].run.count, size_class), default=0)
        )

    def want(self, residency: str, now: float) -> None:
        """A job wanted this residency now (monotonic seconds)."""
        self._popularity[residency] = (self.popularity(residency, now) + 1.0, now)

    def popularity(self, residency: str, now: float) -> float:
        """Jobs that wanted it lately, each counting half after `POPULARITY_HALF_LIFE_S`."""
        count, at = self._popularity.get(residency, (0.0, now))
        return count * math.exp2((at - now) / POPULARITY_HALF_LIFE_S)

    def dump(self) -> bytes:
        """What `restore` takes: equal knowledge gives equal bytes."""
        sizes = [
            _Remembered(
                model,
                size_class,
                profile.run,
                profile.peaks,
                profile.assumed_bytes,
                profile.short_bytes,
                profile.ceiling_bytes,
            )
            for model, history in self._histories.items()
            for size_class, profile in history.sizes.items()
            if profile.run.count or profile.is_measured
        ]
        loads = {name: load.learned for name, load in self._loads.items() if load.learned.count}
        runs = {name: history.run for name, history in self._histories.items() if history.run.count}
        paces = {name: history.pace for name, history in self._histories.items() if history.pace.count}
        return msgspec.msgpack.encode(_Memory(loads, runs, sizes, paces), order="deterministic")

    def restore(self, data: bytes) -> bool:
        """Know what `dump` knew. False, and nothing changed, if another version wrote it: it will be learned anew."""
        try:
            memory = msgspec.msgpack.decode(data, type=_Memory)
        except msgspec.MsgspecError:
            return False
        self._loads = {name: LoadTime(average.mean, average) for name, average in memory.loads.items()}
        self._histories = {name: History(run) for name, run in memory.runs.items()}
        for name, pace in memory.paces.items():
            if len(pace.shares) == MARKS + 1:
                self._histories.setdefault(name, History()).pace = pace
        for kept in memory.sizes:
            history = self._histories.setdefault(kept.model, History())
            profile = Profile(0, 0.0, history, kept.size_class, kept.run, kept.peaks)
            profile.assumed_bytes, profile.short_bytes = kept.assumed_bytes, kept.short_bytes
            profile.ceiling_bytes = kept.ceiling_bytes
            history.sizes[kept.size_class] = profile
        for history in self._histories.values():
            history.resolve()
        return True

    def view(self, specs: Iterable[ModelSpec]) -> dict[str, Any]:
        """For people: what each of these models takes, in all and by the size of its work."""
        return {spec.id: self._view_of(spec, self._histories.get(spec.id, History())) for spec in specs}

    def _view_of(self, spec: ModelSpec, history: History) -> dict[str, Any]:
        load = self.load(spec)
        sizes = {
            f"input up to {2**size_class} bytes": _view_of(profile)
            for size_class, profile in sorted(history.sizes.items())
            if profile.run.count or profile.is_measured
        }
        return {
            "residency": spec.residency,
            "loads": load.learned.count,
            "load_s": round(load.seconds, 3),
            "runs": history.run.count,
            "run_s": round(history.run.mean if history.run.count else spec.run_s, 3),
            "memory_bytes": max((size["memory_bytes"] for size in sizes.values()), default=spec.memory_bytes),
            "sizes": sizes,
        }


def _view_of(profile: Profile) -> dict[str, Any]:
    return {
        "runs": profile.run.count,
        "run_s": round(profile.run_s, 3),
        "run_p90_s": round(profile.high_run_s, 3),
        "memory_bytes": profile.need_bytes,
        "memory_is_learned": profile.is_measured,
    }
