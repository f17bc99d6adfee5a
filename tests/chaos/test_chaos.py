"""Every guarantee holds while processes are killed, stopped, ended and parted at random: a short run, and long ones."""

from pathlib import Path

import pytest

from tests.chaos.run import Options, run

SEEDS = range(20)


async def holds(options: Options) -> None:
    outcome = await run(options)
    print(outcome.story)
    assert not outcome.violations, outcome.story


# These seeds have much in few seconds: Redis, the leader, a gateway and a worker are killed or ended, and links held.


async def test_every_guarantee_holds_in_a_short_chaos(tmp_path: Path) -> None:
    await holds(Options(seed=1511, jobs=100, faults=7, folder=tmp_path / "evidence"))


async def test_every_guarantee_holds_in_a_short_chaos_under_a_supervisor(tmp_path: Path) -> None:
    await holds(Options(seed=1945, jobs=60, faults=4, is_up=True, folder=tmp_path / "evidence"))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS)
async def test_every_guarantee_holds_in_a_long_chaos(tmp_path: Path, seed: int) -> None:
    await holds(Options(seed=seed, jobs=10_000, faults=300, folder=tmp_path / "evidence"))


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_every_guarantee_holds_in_a_long_chaos_under_a_supervisor(tmp_path: Path) -> None:
    await holds(Options(seed=7, jobs=3000, faults=100, mean_s=2.0, is_up=True, folder=tmp_path / "evidence"))
