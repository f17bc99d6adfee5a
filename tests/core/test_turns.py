"""Whose turn it is, seen through a device: the rules of `turns` need leases, runners and memory that move together."""

from aigc.core.hosting.device import DeviceSettings
from aigc.core.hosting.turns import TurnsSettings
from aigc.core.job import Failure, Progress, Stage
from aigc.core.messages import LeaseReturned, UnloadModel
from aigc.core.runner_events import (
    Interrupt,
    Measured,
    Run,
    RunnerFailed,
    RunnerId,
    RunnerLoaded,
    RunnerProgressed,
    Spawn,
    Terminate,
)
from tests.core.device_kit import FIRST, GIB, WORKER, World, finished, grant, kinds, sample, spec


def begun(effects: list) -> list[str]:
    """Which models run, or load to run."""
    return [
        effect.model if isinstance(effect, Run) else effect.spec.id
        for effect in effects
        if type(effect) in (Run, Spawn)
    ]


def test_no_more_jobs_run_than_there_are_slots():
    world = World(slots=2)
    assert begun(world.do(grant("a"))) == ["a"]
    assert begun(world.do(grant("b"))) == ["b"]
    assert begun(world.do(grant("c"))) == []


def test_leases_begin_in_the_order_of_their_grants():
    world = World()
    first = grant("a")
    runner = world.running(first)
    world.do(grant("b"))
    world.do(grant("c"))
    assert begun(world.do(finished(runner, first.lease))) == ["b"]


def test_who_waits_for_a_busy_runner_lets_others_pass():
    world = World(slots=2)
    world.running(grant("a"))
    assert begun(world.do(grant("a"))) == []
    assert begun(world.do(grant("b"))) == ["b"]


def test_who_waits_for_memory_lets_nobody_pass():
    world = World(slots=3, total=10 * GIB)
    first = grant("a", 6 * GIB)
    runner = world.running(first)
    assert begun(world.do(grant("b", 6 * GIB))) == []
    assert begun(world.do(grant("c", GIB))) == []
    assert kinds(world.do(finished(runner, first.lease))) == ["StoreOutputs", "Terminate"]
    assert begun(world.gone(runner)) == ["b", "c"]


def test_while_room_is_being_made_for_one_nobody_takes_it():
    world = World(slots=2, total=10 * GIB)
    idle = world.loaded("a", 6 * GIB)
    assert world.do(grant("b", 9 * GIB))[1:] == [Terminate(idle)]
    assert begun(world.do(grant("c", 3 * GIB))) == []
    assert begun(world.gone(idle)) == ["b"]


def test_an_idle_model_leaves_before_another_is_loaded_in_its_memory():
    world = World(total=10 * GIB)
    idle = world.loaded("a", 6 * GIB)
    assert world.do(grant("b", 6 * GIB))[1:] == [Terminate(idle)]
    assert world.states() == {"a": "stopping"}
    assert begun(world.gone(idle)) == ["b"]


def test_a_need_of_exactly_what_is_usable_is_met():
    world = World(total=10 * GIB)
    assert begun(world.do(grant("a", 10 * GIB))) == ["a"]


def test_what_can_never_fit_is_handed_back_with_the_reason():
    world = World(total=10 * GIB)
    job = grant("a", 10 * GIB + 1)
    world.do(job)
    reason = "a needs 10.0 GiB; 10.0 GiB are usable here, less what is pinned"
    assert world.said() == [LeaseReturned(WORKER, job.lease, reason)]


def test_what_strangers_have_taken_meanwhile_hands_back_a_lease_and_gives_its_slot_to_the_next():
    world = World(total=10 * GIB)
    idle = world.loaded("a", 6 * GIB)
    world.do(grant("b", 8 * GIB))
    world.do(grant("c", 2 * GIB))
    assert begun(world.do(Measured(sample(10 * GIB, 5 * GIB)))) == []
    assert kinds(world.said()) == ["LeaseReturned"]
    assert begun(world.gone(idle)) == ["c"]


def test_a_resident_model_grows_if_there_is_room_and_evicts_others_if_not():
    world = World(total=10 * GIB)
    world.loaded("a", 2 * GIB)
    other = world.loaded("b", 4 * GIB)
    job = grant("a", 6 * GIB)
    assert kinds(world.do(job)) == ["Prepare", "Run"]
    world.do(finished(RunnerId("a-1"), job.lease))
    assert world.do(grant("a", 8 * GIB))[1:] == [Terminate(other)]
    assert begun(world.gone(other)) == ["a"]


def test_alone_means_that_every_other_idle_model_leaves_first_even_if_there_is_room():
    world = World(slots=2)
    first, second = world.loaded("a"), world.loaded("b")
    assert world.do(grant("c", alone=True))[1:] == [Terminate(first), Terminate(second)]
    assert begun(world.gone(first)) == []
    assert begun(world.gone(second)) == ["c"]


def test_nobody_begins_beside_who_is_alone():
    world = World(slots=2)
    job = grant("a", alone=True)
    runner = world.running(job)
    assert begun(world.do(grant("b"))) == []
    assert begun(world.do(finished(runner, job.lease))) == ["b"]


def test_who_wants_to_be_alone_waits_for_those_that_run_and_lets_nobody_else_begin():
    world = World(slots=3)
    first = grant("a")
    runner = world.running(first)
    assert begun(world.do(grant("b", alone=True))) == []
    assert begun(world.do(grant("c"))) == []
    assert kinds(world.do(finished(runner, first.lease))) == ["StoreOutputs", "Terminate"]
    assert begun(world.gone(runner)) == ["b"]


def test_who_wants_to_be_alone_waits_for_who_was_loading_before_and_that_one_runs():
    # The first is granted first but its runner is at work, so the second gets a slot; then the first must not stop
    # the second from running, for it would wait for ever.
    world = World(slots=3)
    busy = grant("a")
    runner = world.running(busy)
    alone, loading = grant("a", alone=True), grant("b")
    world.do(alone)
    world.do(loading)
    world.do(finished(runner, busy.lease))
    loaded = RunnerId("b-2")
    assert begun(world.do(RunnerLoaded(loaded, 1.0, 0))) == ["b"]
    assert kinds(world.do(finished(loaded, loading.lease))) == ["StoreOutputs", "Terminate"]
    assert begun(world.gone(loaded)) == ["a"]


def test_one_load_serves_one_lease_and_the_next_runs_after_it():
    world = World(slots=2)
    first, second = grant("a"), grant("a")
    world.do(first)
    world.do(second)
    (run,) = world.do(RunnerLoaded(RunnerId("a-1"), 1.0, 0))
    assert run.lease == first.lease
    assert begun(world.do(finished(run.runner, first.lease))) == ["a"]


def test_a_lease_that_finds_its_model_loading_is_told_what_it_waited():
    world = World(spec("p", pinned=True))
    world.time += 10
    job = grant("p")
    world.do(job)
    world.time += 5
    world.do(RunnerLoaded(RunnerId("p-1"), 15.0, 0))
    (started,) = world.said()
    assert started.load_s == 5.0


def test_an_unload_while_loading_for_a_lease_waits_until_that_has_run():
    world = World()
    job = grant("a")
    world.do(job)
    assert world.do(UnloadModel(FIRST, "a")) == []
    (run,) = world.do(RunnerLoaded(RunnerId("a-1"), 1.0, 0))
    assert world.do(finished(run.runner, job.lease))[1:] == [Terminate(run.runner)]


def stall_limit(world: World, **fields: float) -> float:
    """After how many seconds of silence a job of `a` is taken for stalled."""
    job = grant("a", **fields)
    began = world.time
    runner = world.running(job)
    while True:
        effects = world.after(1.0)
        if effects:
            assert effects == [Interrupt(runner, job.lease)]
            world.do(RunnerFailed(runner, job.lease, Failure("model_error", "stopped")))
            return world.time - began


def test_a_stall_takes_the_grant_s_limit_but_no_less_than_the_floor():
    settings = DeviceSettings(turns=TurnsSettings(stall_floor_s=30.0))
    assert stall_limit(World(settings=settings), stall_limit_s=5.0) == 30.0
    assert stall_limit(World(settings=settings), stall_limit_s=50.0) == 50.0


def test_silences_that_ended_well_are_learned_and_those_that_did_not_are_not():
    world = World(settings=DeviceSettings(turns=TurnsSettings(stall_floor_s=30.0, gap_factor=3.0)))
    job = grant("a", stall_limit_s=30.0)
    runner = world.running(job)
    world.after(25.0)
    world.do(RunnerProgressed(runner, job.lease, Stage.SAMPLING, Progress(0.5)))
    world.do(finished(runner, job.lease))
    assert stall_limit(world, stall_limit_s=30.0) == 75.0
    assert stall_limit(world, stall_limit_s=30.0) == 75.0
