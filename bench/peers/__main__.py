"""The same job that does nothing, here and elsewhere, side by side: P3 to P6.

    python -m bench.peers [--rounds 3] [--seconds 3] [--only NAME ...]

Peers that are missing are installed first. Each round takes every system in turn (A B C A B C): it is started, measured
and ended. Clients and servers share the machine's cores, as one machine would. A figure is the median of the rounds.
"""

import argparse
import traceback
from collections.abc import Callable, Sequence

from bench.harness import Figure, keep, keep_folders, row
from bench.peers.install import install, is_installed
from bench.peers.measure import Round, one_round
from bench.peers.picture import draw
from bench.peers.systems import SYSTEMS, System

DURABLE_PEERS = ("Dramatiq, 8 threads", "Taskiq, list", "Celery, prefork", "Celery, solo")
"""They acknowledge a job when Redis, which syncs its log every second, has it. LitServe keeps none."""

OURS = "ours"

Rounds = dict[str, list[Round]]


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of load by 64 polling clients")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="systems whose names begin like this")
    options = parser.parse_args()
    systems = [system for system in SYSTEMS if not options.only or system.name.lower().startswith(tuple(options.only))]
    for name in sorted({system.environment for system in systems if system.environment}):
        if not is_installed(name):
            install(name)
    with keep_folders():
        found = measured(systems, options.rounds, options.seconds)
    table(found)
    if OURS in found and all(name in found for name in DURABLE_PEERS):
        report(found)
    if not options.only:
        keep("peers", {name: [each._asdict() for each in rounds] for name, rounds in found.items()})
        draw(found)


def measured(systems: Sequence[System], rounds: int, seconds: float) -> Rounds:
    """Every system in turn, so many times. One that fails in a round has one round less."""
    found: Rounds = {}
    for number in range(rounds):
        for system in systems:
            print(f"round {number + 1}: {system.name}", flush=True)
            try:
                found.setdefault(system.name, []).append(one_round(system, seconds))
            except (OSError, RuntimeError):
                traceback.print_exc()
    return {name: rounds for name, rounds in found.items() if rounds}


def table(found: Rounds) -> None:
    """One line for each system."""
    print(
        f"\n{'':24}{'jobs/s, 64 clients':>20}{'drain, jobs/s':>20}{'CPU s/1000, 64 / drain':>24}"
        f"{'submit ms p50, p99 of 64':>26}{'visible ms':>11}{'start s':>9}"
    )
    for name, rounds in found.items():

        def median(field: str, rounds: list[Round] = rounds) -> str:
            values = [getattr(each, field) for each in rounds]
            return "-" if None in values else f"{Figure.of(values).median:.3g}"

        def whole(field: str, rounds: list[Round] = rounds) -> str:
            values = [getattr(each, field) for each in rounds]
            return "-" if None in values else f"{Figure.of(values):.0f}"

        print(
            f"{name:24}{whole('jobs_per_s'):>20}{whole('drain_per_s'):>20}"
            f"{median('cpu_64_s') + ' / ' + median('drain_cpu_s'):>24}"
            f"{median('submit_p50_ms') + ', ' + median('submit_64_p99_ms'):>26}"
            f"{median('visible_p50_ms'):>11}{median('start_s'):>9}"
        )
    print()


def report(found: Rounds) -> None:
    """The goals, each against the peer that is best at it in that round."""

    def against(field: str, best: Callable[[Sequence[float]], float]) -> Figure:
        ratios = []
        for mine, *theirs in zip(*(found[name] for name in (OURS, *DURABLE_PEERS)), strict=False):
            ratios.append(getattr(mine, field) / best([getattr(each, field) for each in theirs]))
        return Figure.of(ratios)

    row("P3", "jobs/s, 64 polling clients, against the best durable peer", against("jobs_per_s", max), ">= 8")
    row("P4", "jobs/s, drain of a backlog, against the best durable peer", against("drain_per_s", max), ">= 8")
    row("P5", "CPU of a job in drain, against the best durable peer", against("drain_cpu_s", min), "<= 0.12")
    row("P6", "submit p50, one client, against the best durable peer", against("submit_p50_ms", min), "<= 0.5")
    row("P6", "submit p99, 64 clients, against the best durable peer", against("submit_64_p99_ms", min), "<= 0.2")


if __name__ == "__main__":
    main()
