"""The models of the simulation and what becomes of their jobs."""

import random
from typing import Any

from aigc.core.ids import ModelId
from aigc.core.model import Catalogue, ModelSpec

GIB = 2**30


def _spec(name: str, gib: float, load_s: float, **more: Any) -> ModelSpec:
    return ModelSpec(
        id=ModelId(name),
        feature=f"feature of {name}",
        class_path="simulation:Model",
        devices=("cuda",),
        memory_bytes=int(gib * GIB),
        load_s=load_s,
        run_s=0.5,
        stall_limit_s=30.0,
        load_limit_s=60.0,
        **more,
    )


MODELS = (
    _spec("tiny", 1, 0.2),
    _spec("small", 4, 0.5),
    _spec("medium", 8, 1.0),
    _spec("large", 16, 2.0),
    _spec("huge", 30, 4.0),  # fits on the largest devices only
    _spec("impossible", 500, 4.0),  # fits nowhere
    _spec("broken", 2, 0.3),  # never loads
    _spec("first of a family", 6, 1.0, family="family"),
    _spec("second of a family", 6, 1.0, family="family"),
)
CATALOGUE = Catalogue(MODELS, "simulation")
WEIGHTS = (30, 20, 14, 10, 3, 0.2, 0.2, 5, 5)

FINE, INVALID, ERROR, POISON, HUNGRY, GLUTTON, SILENT, DEAF, NO_STORE = (
    "fine",
    "invalid",
    "error",
    "poison",
    "hungry",
    "glutton",
    "silent",
    "deaf",
    "no store",
)
"""What happens in a run: it ends well, says the input is bad, raises, kills its runner, runs out of memory once or
always, reports nothing any more, does that and does not listen either, cannot be stored the first time."""
FATES = {FINE: 97.0, INVALID: 0.6, ERROR: 0.5, POISON: 0.2, HUNGRY: 0.5, GLUTTON: 0.1, SILENT: 0.05, DEAF: 0.05}
FATES[NO_STORE] = 0.3


def model(rng: random.Random) -> ModelSpec:
    """One model, the popular ones more often."""
    return rng.choices(MODELS, WEIGHTS)[0]


def params(rng: random.Random) -> dict[str, Any]:
    """What a job's run will do, and how long it takes: mostly a moment, sometimes much longer."""
    run_s = rng.expovariate(1 / 0.15) if rng.random() < 0.96 else rng.uniform(1.0, 8.0)
    return {"fate": rng.choices(list(FATES), list(FATES.values()))[0], "run_s": run_s}
