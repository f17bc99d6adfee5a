"""Synthetic workloads for judging a scheduling policy: who asks for which model when, and how long that runs.

Models are sized and timed like the heavy ones that the features name (4 to 22 GiB, 8 to 60 s to load); devices have
24 GiB, so that each holds one to four of them. The rate is set so that running alone, without any loading, keeps
all devices busy for the given share of the time.
"""

import math
import random
from typing import NamedTuple

GIB = 2**30
DEVICE_BYTES = 24 * GIB


class Model(NamedTuple):
    """What a job of it costs. Seconds and bytes."""

    name: str
    memory_bytes: int
    load_s: float
    run_s: float
    """Median; runs are log-normal around it."""
    weight: float
    """Share of the jobs, before a workload shifts it."""


class Arrival(NamedTuple):
    """One job of a trace."""

    at: float
    model: int
    run_s: float


class Trace(NamedTuple):
    """One workload on a number of devices."""

    name: str
    devices: int
    models: tuple[Model, ...]
    arrivals: tuple[Arrival, ...]


SIZES_GIB = (22.0, 16.0, 12.0, 10.0, 10.0, 8.0, 6.0, 6.0, 5.0, 4.0, 16.0, 12.0)
LOADS_S = (60.0, 40.0, 30.0, 25.0, 20.0, 20.0, 15.0, 12.0, 10.0, 8.0, 45.0, 30.0)
RUNS_S = (60.0, 45.0, 20.0, 30.0, 15.0, 40.0, 10.0, 20.0, 8.0, 5.0, 90.0, 25.0)
SIGMA = 0.5
"""Of the logarithm of the run times."""
WORKLOADS = ("zipf", "even", "bursts", "diurnal", "mixed")


def models_of(workload: str, rng: random.Random) -> tuple[Model, ...]:
    """The catalogue of one workload; popularity is dealt out anew for each seed."""
    ranks = list(range(len(SIZES_GIB)))
    rng.shuffle(ranks)
    exponent = 0.0 if workload == "even" else 1.1
    runs = [run * (4.0 if workload == "mixed" and n % 4 == 0 else 1.0) for n, run in enumerate(RUNS_S)]
    return tuple(
        Model(f"model-{n}", int(size * GIB), LOADS_S[n], runs[n], 1.0 / (1 + ranks[n]) ** exponent)
        for n, size in enumerate(SIZES_GIB)
    )


def intensity(workload: str, at: float, duration_s: float) -> float:
    """Rate of arrivals relative to its mean."""
    if workload == "diurnal":
        return 1.0 + 0.6 * math.sin(2.0 * math.pi * at / (duration_s / 2.0))
    return 1.0


def trace(workload: str, devices: int, *, jobs: int, load: float, seed: int) -> Trace:
    """A workload of about `jobs` jobs whose runs keep `devices` busy for the share `load` of the time."""
    rng = random.Random(f"{workload} {devices} {seed}")
    models = models_of(workload, rng)
    weights = [model.weight for model in models]
    mean_s = sum(weight * model.run_s for weight, model in zip(weights, models, strict=True)) / sum(weights)
    mean_s *= math.exp(SIGMA**2 / 2.0)
    rate = load * devices / mean_s
    duration_s = jobs / rate
    arrivals: list[Arrival] = []
    at = 0.0
    while len(arrivals) < jobs:
        at += rng.expovariate(rate * 1.6)
        if rng.random() * 1.6 > intensity(workload, at, duration_s):
            continue
        model = rng.choices(range(len(models)), weights)[0]
        # Somebody who asks for a batch asks for one model; the batches come more rarely, so the rate stays.
        size = 8 if workload == "bursts" and rng.random() < 0.1 else 1
        if workload == "bursts" and size == 1 and rng.random() > 0.2 / 0.9:
            continue
        for _ in range(size):
            run_s = models[model].run_s * rng.lognormvariate(0.0, SIGMA)
            arrivals.append(Arrival(at, model, run_s))
    return Trace(workload, devices, models, tuple(arrivals))
