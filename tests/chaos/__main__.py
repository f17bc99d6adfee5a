"""Chaos: real processes under load, of which a seed kills, stops, ends and parts some all the time.

`python -m tests.chaos --seed 7 --jobs 10000 --faults 300`; then every guarantee is looked for in what was seen.
"""

import argparse
import asyncio
import logging
import sys
from pathlib import Path

import structlog

from tests.chaos.run import Options, run


def main() -> int:
    """The exit code: 0 if every guarantee held."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--faults", type=int, default=15)
    parser.add_argument("--mean", type=float, default=1.2, help="seconds between two faults, on average")
    parser.add_argument("--up", action="store_true", help="under `aigc up`, whose supervisor begins them again")
    parser.add_argument("--evidence", type=Path, help="write everything that was seen into this folder, in any case")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    outcome = asyncio.run(
        run(Options(options.seed, options.jobs, options.faults, options.mean, options.up, options.evidence))
    )
    print(outcome.story)
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main())
