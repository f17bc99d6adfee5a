"""The same job that does nothing, here and elsewhere, side by side: P3 to P6.

    python -m bench.peers [--rounds 3] [--seconds 3] [--only NAME ...]

Peers that are missing are installed first. Each round takes every system in turn (A B C A B C): it is started, measured
and ended. Clients and servers share the machine's cores, as one machine would. A figure is the median of the rounds.
"""

import argparse
import traceback
from collections.abc import Callable, Sequence

from bench.harness import Figure, Line, keep, keep_folders, show
from bench.peers.install import install, is_installed
from bench.peers.measure import Round, one_round
from bench.peers.picture import draw
from bench.peers.systems import SYSTEMS, System

DURABLE_PEERS = ("Dramatiq, 8 threads", "Taskiq, list", "Celery, prefork", "Celery, solo")
"""They acknowledge a job when Redis, which syncs its log every second, has it. LitServe keeps none."""

OURS = "ours"

Rounds = dict[str, list[Round]]

COLUMNS = (
    ("jobs/s, 64 clients", "jobs_per_s", ".0f"),
    ("jobs/s, backlog", "drain_per_s", ".0f"),
    ("CPU s/1,000, backlog", "drain_cpu_s", ".3g"),
    ("submit p50, ms", "submit_p50_ms", ".2f"),
    ("submit p99 of 64, ms", "submit_64_p99_ms", ".0f"),
    ("seen done p50, ms", "visible_p50_ms", ".1f"),
    ("start, s", "start_s", ".2g"),
)


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
    for cells in table(found):
        print(f"{cells[0]:24}" + "".join(f"{cell:>22}" for cell in cells[1:]))
    show(lines(found))
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


def table(found: Rounds) -> list[list[str]]:
    """One line for each system, below a heading."""
    return [
        ["", *(title for title, _, _ in COLUMNS)],
        *([name, *(_cell(rounds, field, form) for _, field, form in COLUMNS)] for name, rounds in found.items()),
    ]


def _cell(rounds: Sequence[Round], field: str, form: str) -> str:
    values = [getattr(each, field) for each in rounds]
    return "-" if None in values else format(Figure.of(values), form)


def lines(found: Rounds) -> list[Line]:
    """The goals, each against the durable peer that is best at it in that round; none if somebody is missing."""
    if any(name not in found for name in (OURS, *DURABLE_PEERS)):
        return []

    def against(field: str, best: Callable[[Sequence[float]], float]) -> Figure:
        ratios = []
        for mine, *theirs in zip(*(found[name] for name in (OURS, *DURABLE_PEERS)), strict=False):
            ratios.append(getattr(mine, field) / best([getattr(each, field) for each in theirs]))
        return Figure.of(ratios)

    return [
        Line("P3", "jobs/s, 64 polling clients, against the best durable peer", against("jobs_per_s", max), ">= 8"),
        Line("P4", "jobs/s, drain of a backlog, against the best durable peer", against("drain_per_s", max), ">= 8"),
        Line("P5", "CPU of a job in drain, against the best durable peer", against("drain_cpu_s", min), "<= 0.12"),
        Line("P6", "submit p50, one client, against the best durable peer", against("submit_p50_ms", min), "<= 0.5"),
        Line("P6", "submit p99, 64 clients, the same", against("submit_64_p99_ms", min), "<= 0.2"),
    ]


if __name__ == "__main__":
    main()
