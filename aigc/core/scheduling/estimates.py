"""What experience taught: memory, load and run times, and how much a model is wanted."""

import math
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from aigc.core.model import ModelSpec

MARGIN = 1.1
"""A need is the learned peak with this factor: allocators fragment."""
FORGETTING = 0.05
"""A peak that is not reached again shrinks by this share of the difference with every run."""
NEWEST = 0.1
"""Least weight of the newest value in a mean, so that a mean follows a change within some ten runs."""
POPULARITY_HALF_LIFE_S = 600.0


def bucket(input_size: int) -> int:
    """The class of input sizes, in bytes, within which memory and time are learned together: each spans a factor 4."""
    return (input_size.bit_length() + 1) // 2


class Average(Struct):
    """A mean that follows its values, and the 90th percentile beside it.

    The percentile is a stochastic approximation (Tierney, A space-efficient recursive procedure for estimating a
    quantile, SIAM J. Sci. Stat. Comput. 1983): up by 0.9 of a step when a value is above it, else down by 0.1.
    """

    mean: float = 0.0
    high: float = 0.0
    spread: float = 0.0
    count: int = 0

    def learn(self, value: float) -> None:
        """One more value, seconds; the first one replaces every guess."""
        self.count += 1
        if self.count == 1:
            self.mean = self.high = value
            return
        weight = max(NEWEST, 1.0 / self.count)
        self.spread += weight * (abs(value - self.mean) - self.spread)
        self.mean += weight * (value - self.mean)
        step = 2.0 * weight * self.spread
        self.high = max(self.mean, self.high + step * (0.9 if value > self.high else -0.1))


class LoadTime(Struct):
    """Seconds that a residency takes to load: as the catalogue guesses, then as learned."""

    seconds: float
    learned: Average = msgspec.field(default_factory=Average)

    def learn(self, seconds: float) -> None:
        """A load took this long."""
        self.learned.learn(seconds)
        self.seconds = self.learned.mean


class Profile(Struct):
    """One model on inputs of one size class. Bytes and seconds."""

    declared_bytes: int
    declared_run_s: float
    model_run: Average
    """Of the model on inputs of any size: the guess until this size has been seen."""
    run: Average = msgspec.field(default_factory=Average)
    peak: float = 0.0
    """Largest peak, slowly forgotten; 0: not measured yet."""
    need_bytes: int = 0
    """What to reserve: declared, then learned."""

    @property
    def run_s(self) -> float:
        """Expected seconds of a run, loading apart."""
        if self.run.count:
            return self.run.mean
        return self.model_run.mean if self.model_run.count else self.declared_run_s

    @property
    def high_run_s(self) -> float:
        """Seconds that nine of ten runs do not exceed."""
        return self.run.high if self.run.count else self.run_s

    def learn(self, run_s: float, peak_bytes: int) -> None:
        """A run went well. `peak_bytes` 0: not measured."""
        self.run.learn(run_s)
        self.model_run.learn(run_s)
        if peak_bytes > 0:
            self.peak = max(float(peak_bytes), self.peak + FORGETTING * (peak_bytes - self.peak))
            self.resolve()

    def ran_out(self, granted_bytes: int, peak_bytes: int, ceiling_bytes: int) -> None:
        """A run needed more than it was granted: next time a quarter more than it was seen to take, or else double.

        `ceiling_bytes` is the most that any device could give: a need beyond that could only wait for ever.
        """
        wanted = 1.25 * peak_bytes if peak_bytes > granted_bytes else 2.0 * granted_bytes
        self.peak = max(self.peak, min(wanted, ceiling_bytes) / MARGIN)
        self.resolve()

    def resolve(self) -> None:
        """`need_bytes` follows from what is known."""
        self.need_bytes = int(self.peak * MARGIN) if self.peak else self.declared_bytes


class _Remembered(Struct, array_like=True):
    """One profile as it is kept: model, size class and what was learned."""

    model: str
    bucket: int
    run: Average
    peak: float


class _Memory(Struct):
    """All that was learned, as it is kept. A field of another type makes the old memory unreadable, no more."""

    loads: dict[str, Average]
    runs: dict[str, Average]
    profiles: list[_Remembered]


class Learned:
    """Everything learned, by model and residency. What is asked for is a live object that goes on learning."""

    def __init__(self) -> None:
        self._loads: dict[str, LoadTime] = {}
        self._runs: dict[str, Average] = {}
        self._profiles: dict[tuple[str, int], Profile] = {}
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
        """Memory and run time of the model on inputs of that class, see `bucket`."""
        key = (spec.id, size_class)
        profile = self._profiles.get(key)
        if profile is None:
            model_run = self._runs.setdefault(spec.id, Average())
            profile = self._profiles[key] = Profile(spec.memory_bytes, spec.run_s, model_run)
        profile.declared_bytes, profile.declared_run_s = spec.memory_bytes, spec.run_s
        profile.resolve()
        return profile

    def usual(self, spec: ModelSpec) -> Profile:
        """Memory and run time of the model on inputs of the class that it has seen most."""
        seen = [(one.run.count, size_class) for (model, size_class), one in self._profiles.items() if model == spec.id]
        return self.profile(spec, max(seen, default=(0, 0))[1])

    def want(self, residency: str, now: float) -> None:
        """A job wanted this residency now (monotonic seconds)."""
        self._popularity[residency] = (self.popularity(residency, now) + 1.0, now)

    def popularity(self, residency: str, now: float) -> float:
        """Jobs that wanted it lately, each counting half after `POPULARITY_HALF_LIFE_S`."""
        count, at = self._popularity.get(residency, (0.0, now))
        return count * math.exp2((at - now) / POPULARITY_HALF_LIFE_S)

    def dump(self) -> bytes:
        """What `restore` takes: equal knowledge gives equal bytes."""
        profiles = [
            _Remembered(model, size_class, profile.run, profile.peak)
            for (model, size_class), profile in self._profiles.items()
            if profile.run.count or profile.peak
        ]
        loads = {name: load.learned for name, load in self._loads.items() if load.learned.count}
        runs = {name: run for name, run in self._runs.items() if run.count}
        return msgspec.msgpack.encode(_Memory(loads, runs, profiles), order="deterministic")

    def restore(self, data: bytes) -> bool:
        """Know what `dump` knew. False, and nothing changed, if another version wrote it: it will be learned anew."""
        try:
            memory = msgspec.msgpack.decode(data, type=_Memory)
        except msgspec.MsgspecError:
            return False
        self._runs = memory.runs
        self._loads = {name: LoadTime(average.mean, average) for name, average in memory.loads.items()}
        self._profiles = {}
        for kept in memory.profiles:
            model_run = self._runs.setdefault(kept.model, Average())
            profile = Profile(0, 0.0, model_run, kept.run, kept.peak)
            self._profiles[(kept.model, kept.bucket)] = profile
        return True

    def view(self, specs: Iterable[ModelSpec]) -> dict[str, Any]:
        """For people: what each of these models takes, in all and by the size of its input."""
        sizes: dict[str, dict[str, Any]] = {}
        for (model, size_class), profile in sorted(self._profiles.items(), key=lambda item: item[0]):
            if profile.run.count or profile.peak:
                sizes.setdefault(model, {})[f"input up to {4**size_class} bytes"] = _view_of(profile)
        return {spec.id: self._view_of(spec, sizes.get(spec.id, {})) for spec in specs}

    def _view_of(self, spec: ModelSpec, sizes: dict[str, Any]) -> dict[str, Any]:
        load, run = self.load(spec), self._runs.get(spec.id, Average())
        return {
            "residency": spec.residency,
            "loads": load.learned.count,
            "load_s": round(load.seconds, 3),
            "runs": run.count,
            "run_s": round(run.mean if run.count else spec.run_s, 3),
            "memory_bytes": max((size["memory_bytes"] for size in sizes.values()), default=spec.memory_bytes),
            "sizes": sizes,
        }


def _view_of(profile: Profile) -> dict[str, Any]:
    return {
        "runs": profile.run.count,
        "run_s": round(profile.run_s, 3),
        "run_p90_s": round(profile.high_run_s, 3),
        "memory_bytes": profile.need_bytes,
        "memory_is_learned": profile.peak > 0,
    }
