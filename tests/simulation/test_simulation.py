"""The real scheduler and the real devices, through years of trouble in seconds.

What must hold is asserted while it runs, in `checks`, `records` and `swarm`, and in the books' own invariants.
"""

import random

import msgspec
import pytest

from aigc.core.job import Status
from tests.simulation.chance import live
from tests.simulation.faults import STORM, Faults
from tests.simulation.house import House
from tests.simulation.swarm import Swarm


def test_in_calm_every_job_runs_once_and_ends_as_it_must() -> None:
    house = House(1, check_every=20)
    house.run(2000, rate=8.0)

    assert house.refused == 0
    assert len(house.checks.accepted) == 2000


@pytest.mark.parametrize("seed", range(4))
def test_after_a_storm_every_accepted_job_has_ended_once(seed: int) -> None:
    house = House(seed, check_every=100)
    house.run(2200, rate=8.0, faults=STORM)

    completed = sum(job.status is Status.COMPLETED for job in house.checks.ended.values())
    assert completed > 0.85 * len(house.checks.accepted)
    assert house.records.generation.number > 1, "no broker died"


def test_every_step_of_a_short_storm_leaves_the_books_in_order() -> None:
    House(99, check_every=1).run(400, rate=8.0, faults=STORM)


def test_a_restart_of_the_broker_is_not_felt_by_what_runs() -> None:
    house = House(5, check_every=20)
    house.run(1500, rate=6.0, faults=Faults(broker_dies_s=15.0))

    lost = [job for job in house.records.all.values() if any(one.code == "worker_lost" for one in job.failures)]
    assert house.records.generation.number >= 8
    assert house.checks.run_twice() == []
    assert lost == []


def test_a_broker_that_wakes_up_after_another_took_over_writes_nothing() -> None:
    house = House(6, check_every=20)
    house.run(800, rate=6.0, faults=Faults(broker_freezes_s=20.0))

    assert house.records.refused_brokers > 0
    assert house.checks.run_twice() == []


def test_lost_doubled_and_late_messages_change_no_outcome() -> None:
    house = House(7, check_every=20)
    house.run(1500, rate=6.0, faults=Faults(loss=0.02, doubling=0.05, delay=0.05))


def test_a_worker_that_wakes_up_after_its_job_was_retried_changes_nothing() -> None:
    house = House(8, check_every=20)
    house.run(1000, rate=6.0, faults=Faults(worker_stops_s=6.0))

    assert any(one.code == "worker_lost" for job in house.records.all.values() for one in job.failures)


def test_whatever_operators_do_every_job_runs_once() -> None:
    house = House(10, check_every=5)
    house.run(1500, rate=4.0, faults=Faults(operator_acts_s=2.0))

    assert house.checks.run_twice() == []
    assert not any(one.code == "worker_lost" for job in house.records.all.values() for one in job.failures)


def test_of_two_living_workers_of_one_name_one_ends_and_no_job_is_lost() -> None:
    house = House(10, check_every=20)
    house.run(1000, rate=6.0, faults=Faults(worker_doubles_s=10.0, broker_dies_s=40.0))

    assert len(house.doubled) > 8
    assert all(worker.is_alive for worker in house.workers.values())
    assert house.broker is not None
    assert sorted(house.broker.present()) == sorted((worker.id, worker.boot) for worker in house.workers.values())


def test_a_healthy_job_of_two_hours_is_run_once_whatever_befalls_the_brokers_and_the_network() -> None:
    house = House(11, check_every=500)
    long = [house.long_job(7200.0) for _ in range(3)]
    house.run(600, rate=1 / 12, faults=Faults(broker_dies_s=120.0, broker_freezes_s=600.0, loss=0.01, doubling=0.02))

    assert house.clock.time > 7200.0
    assert house.records.generation.number > 40
    assert [house.checks.starts(job) for job in long] == [1, 1, 1]
    assert [house.records.all[job].status for job in long] == [Status.COMPLETED] * 3


def test_a_full_queue_refuses_new_jobs_and_serves_those_that_it_took() -> None:
    house = House(9, check_every=100, bound=40)
    house.run(1500, rate=60.0)

    assert house.refused > 300
    assert len(house.checks.accepted) == 1500 - house.refused


def test_equal_seeds_give_equal_worlds() -> None:
    first, second = House(3, check_every=500), House(3, check_every=500)
    for house in (first, second):
        house.run(300, rate=8.0, faults=STORM)

    assert msgspec.to_builtins(first.records.all) == msgspec.to_builtins(second.records.all)


@pytest.mark.parametrize("seed", [0])
def test_a_swarm_of_jobs_ends_once_each(seed: int) -> None:
    _swarm(seed, jobs=20_000)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(100, 110))
def test_a_million_jobs_end_once_each(seed: int) -> None:
    _swarm(seed, jobs=85_000)
    for number in range(5):
        House(10 * seed + number, check_every=500).run(3000, rate=8.0, faults=STORM)


def _swarm(seed: int, jobs: int) -> None:
    swarm = Swarm(random.Random(seed), check_every=2000)
    while len(swarm.store) < jobs:
        live(swarm, 5000)
    swarm.calm_down()

    assert len(swarm.completions) == len(swarm.store) >= jobs
    assert sum(swarm.completions.values()) > 0.9 * jobs
