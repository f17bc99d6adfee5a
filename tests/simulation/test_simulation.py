"""The real scheduler and the real devices, through years of trouble in seconds."""

import pytest

from tests.simulation.faults import STORM
from tests.simulation.house import House


def test_in_calm_every_job_runs_once_and_ends_as_it_must() -> None:
    House(1).run(2000, rate=8.0)


@pytest.mark.parametrize("seed", range(4))
def test_after_a_storm_every_accepted_job_has_ended_once(seed: int) -> None:
    House(seed).run(1500, rate=6.0, faults=STORM)
