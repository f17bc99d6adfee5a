"""Which faults come when, from a seed. Pure: the same seed gives the same faults."""

from collections.abc import Iterator
from random import Random

from msgspec import Struct

KILL, TERMINATE, FREEZE = "kill", "terminate", "freeze"
"""SIGKILL; SIGTERM; SIGSTOP and, later, SIGCONT."""
HOLD, HOLD_OUT, HOLD_IN, CUT, FLAP = "hold", "hold out", "hold in", "cut", "flap"
"""Partitions: nothing gets through, in both directions or in one, and connections stay; connections are refused; that
again and again."""

WORKERS, GATEWAYS, BROKERS = 3, 2, 2
LEADER, STANDBY, REDIS = "leader", "standby", "redis"


class Fault(Struct, frozen=True):
    """One thing that goes wrong."""

    at: float
    """Seconds since the faults began."""
    kind: str
    target: str
    """A process, `leader`, `standby`, `runner of <worker>`; or, of a partition, `<process> to <service>`."""
    for_s: float = 0.0
    """How long it lasts; 0 where a restart is what ends it."""


class Shape(Struct, frozen=True):
    """How a target may be hit: with which weight each kind, and how long it may last at most."""

    kills: int
    terminations: int
    freezes: int
    freeze_s: float


WORKER = [f"worker-{number}" for number in range(WORKERS)]
WEB = [f"web-{number}" for number in range(GATEWAYS)]
GATEWAY = [f"gateway of {name}" for name in WEB]
RUNNER = [f"runner of {name}" for name in WORKER]
BROKER = [f"broker-{number}" for number in range(BROKERS)]

# A worker is lost after five silent seconds, a leader after two; runners may be silent for half a minute.
SHAPES: dict[str, Shape] = {
    **dict.fromkeys(WORKER, Shape(3, 2, 3, 8.0)),
    **dict.fromkeys(RUNNER, Shape(3, 0, 1, 5.0)),
    **dict.fromkeys(WEB, Shape(1, 1, 0, 0.0)),
    **dict.fromkeys(GATEWAY, Shape(2, 1, 2, 6.0)),
    LEADER: Shape(5, 3, 5, 7.0),
    STANDBY: Shape(2, 1, 2, 5.0),
    REDIS: Shape(4, 2, 4, 4.0),
}

LINKS = [
    *(f"{name} to {service}" for name in (*WORKER, *WEB) for service in ("broker", "news")[: 1 + (name in WEB)]),
    *(f"{name} to redis" for name in (*WEB, *BROKER)),
]
PARTITION_S = 8.0
PARTITIONS = 0.25
"""Share of the faults that are partitions, where there are links."""


def plan(seed: int, faults: int, mean_s: float, *, partitions: bool = True, rest_s: float = 0.0) -> list[Fault]:
    """So many faults in the order in which they come, one in `mean_s` seconds on average; they may overlap.

    Args:
        partitions: whether links can be broken.
        rest_s: a process that was ended is left in peace for so long: a supervisor gives up one that ends too often.
    """
    dice = Random(seed)
    made: list[Fault] = []
    at = 0.0
    in_peace: dict[str, float] = {}
    while len(made) < faults:
        at += dice.expovariate(1.0 / mean_s)
        fault = _fault(dice, at, partitions)
        if fault.kind in (KILL, TERMINATE):
            group = LEADER if fault.target == STANDBY else fault.target
            if in_peace.get(group, 0.0) > at:
                continue
            in_peace[group] = at + rest_s
        made.append(fault)
    return made


def _fault(dice: Random, at: float, partitions: bool) -> Fault:
    if partitions and dice.random() < PARTITIONS:
        kind = dice.choice((HOLD, HOLD, HOLD_OUT, HOLD_IN, CUT, FLAP))
        return Fault(at, kind, dice.choice(LINKS), dice.uniform(0.5, PARTITION_S))
    target = dice.choices(
        list(SHAPES), [shape.kills + shape.terminations + shape.freezes for shape in SHAPES.values()]
    )[0]
    shape = SHAPES[target]
    kind = dice.choices((KILL, TERMINATE, FREEZE), (shape.kills, shape.terminations, shape.freezes))[0]
    return Fault(at, kind, target, dice.uniform(0.3, shape.freeze_s) if kind == FREEZE else 0.0)


def told(faults: list[Fault]) -> Iterator[str]:
    """Each in words."""
    for fault in faults:
        yield f"{fault.at:7.2f} s  {fault.kind} {fault.target}" + (f" for {fault.for_s:.1f} s" if fault.for_s else "")
