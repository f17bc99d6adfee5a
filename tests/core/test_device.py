"""The device as its broker, its runners and its probe see it; what happens under any interleaving is in
test_device_machine.py."""

import msgspec
import pytest

from aigc.core.hosting.device import DeviceSettings
from aigc.core.hosting.residents import ResidentsSettings
from aigc.core.ids import ModelId
from aigc.core.job import Failure, Progress, Stage
from aigc.core.messages import (
    CancelLease,
    DrainWorker,
    Generation,
    Grant,
    LeaseFailed,
    LeaseFinished,
    LeaseProgress,
    LeaseRan,
    LeaseReturned,
    LeaseStarted,
    LeaseStopped,
    LoadModel,
    PinModel,
    ResumeWorker,
    RetireWorker,
    Settled,
    UnloadModel,
    WorkerHello,
)
from aigc.core.runner_events import (
    Connected,
    Drain,
    DropStaging,
    Interrupt,
    Kill,
    Measured,
    Prepare,
    Retire,
    Run,
    RunnerConnected,
    RunnerExited,
    RunnerFailed,
    RunnerId,
    RunnerLoaded,
    RunnerProgressed,
    RunnerStopped,
    Silent,
    Spawn,
    Stored,
    StoreOutputs,
    StoringFailed,
    Terminate,
)
from tests.core.device_kit import BOOT, FIRST, GIB, RESULT, WORKER, World, finished, grant, kinds, lease, sample, spec

SECOND = Generation(2, "b")
FAILURE = Failure("model_error", "no")


def cancel(of, generation: Generation = FIRST) -> CancelLease:
    return CancelLease(generation, of, "asked for")


def progress(runner: RunnerId, of, fraction: float) -> RunnerProgressed:
    return RunnerProgressed(runner, of, Stage.SAMPLING, Progress(fraction))


# One job.


def test_a_job_goes_from_its_grant_through_loading_running_and_storing_to_its_last_word():
    world = World()
    job = grant("a", GIB)
    spawn = world.do(job)
    runner = RunnerId("a-1")
    assert spawn == [Prepare(job.lease, {}), Spawn(runner, spec("a"))]
    world.time += 4
    assert world.do(RunnerLoaded(runner, 3.5, 0)) == [Run(runner, job.lease, job.model, {}, {}, "glb")]
    assert world.said() == [LeaseStarted(WORKER, job.lease, 4.0)]
    assert world.do(finished(runner, job.lease, run_s=2.0, peak_bytes=5)) == [StoreOutputs(job.lease, (RESULT,))]
    assert world.said() == [LeaseRan(WORKER, job.lease, 4.0)]
    assert world.do(Stored(job.lease, ())) == []
    assert world.said() == [LeaseFinished(WORKER, job.lease, (), {}, (), 4.0, 2.0, 5)]


def test_a_grant_whose_model_rests_runs_in_the_same_breath():
    world = World()
    runner = world.loaded("a")
    job = grant("a")
    assert kinds(world.do(job)) == ["Prepare", "Run"]
    assert world.said() == [LeaseStarted(WORKER, job.lease, 0.0)]
    assert world.states() == {"a": "running"}
    assert runner == "a-1"


def test_the_next_job_runs_in_the_same_breath_in_which_the_runner_came_to_rest():
    world = World()
    first, second = grant("a"), grant("a")
    runner = world.running(first)
    assert kinds(world.do(second)) == ["Prepare"]
    assert kinds(world.do(finished(runner, first.lease))) == ["StoreOutputs", "Run"]


def test_what_is_known_at_once_is_decided_at_once():
    world = World()
    runner = world.running(first := grant("a"))
    second, third = grant("a"), grant("a")
    events = (second, third, cancel(second.lease), finished(runner, first.lease))
    assert kinds(world.do(*events)) == ["Prepare", "Prepare", "DropStaging", "StoreOutputs", "Run"]
    assert [type(word) for word in world.said()[1:]] == [LeaseStopped, LeaseRan, LeaseStarted]


def test_models_of_one_family_share_a_runner():
    world = World(spec("a", family="f"), spec("b", family="f"))
    runner = world.loaded("a")
    (_, run) = world.do(grant("b"))
    assert run.runner == runner == "f-1"
    assert run.model == "b"


def test_a_failed_run_is_told_with_who_when_and_how():
    world = World()
    job = grant("a")
    runner = world.running(job)
    world.said()
    effects = world.do(RunnerFailed(runner, job.lease, FAILURE, 3.0, 7))
    assert effects == [DropStaging(job.lease)]
    told = Failure("model_error", "no", attempt=1, worker=WORKER, at=1e9 + world.time)
    assert world.said() == [LeaseFailed(WORKER, job.lease, told, False, 0.0, 3.0, 7)]
    assert world.states() == {"a": "idle"}


def test_a_crash_counts_against_the_job_and_the_next_one_gets_a_new_runner():
    world = World()
    job, second = grant("a"), grant("a")
    runner = world.running(job)
    world.do(second)
    world.said()
    effects = world.gone(runner, code=None, signal="SIGSEGV", log_tail="tail")
    (failed,) = world.said()
    assert (failed.failure.code, failed.killed_runner, failed.failure.log_tail) == ("runner_crashed", True, "tail")
    assert effects == [DropStaging(job.lease), Spawn(RunnerId("a-2"), spec("a"))]


def test_a_failed_load_fails_its_job_once_the_process_is_gone_and_no_other():
    world = World()
    job, second = grant("a"), grant("b")
    world.do(job)
    world.do(second)
    runner = RunnerId("a-1")
    failure = Failure("model_load_failed", "no weights")
    assert world.do(RunnerFailed(runner, None, failure, broken=True)) == [Terminate(runner)]
    assert world.said() == []
    assert kinds(world.gone(runner)) == ["DropStaging", "Spawn"]
    (failed,) = world.said()
    assert (failed.lease, failed.failure.code, failed.killed_runner) == (job.lease, "model_load_failed", False)


def test_a_failing_store_is_the_job_s_failure():
    world = World()
    job = grant("a")
    runner = world.running(job)
    world.do(finished(runner, job.lease, run_s=2.0))
    world.said()
    failure = Failure("storage_failed", "disk full", retryable=True)
    assert world.do(StoringFailed(job.lease, failure)) == [DropStaging(job.lease)]
    (failed,) = world.said()
    assert (failed.failure.code, failed.run_s) == ("storage_failed", 2.0)


def test_an_input_that_cannot_be_had_fails_a_waiting_job_at_once():
    world = World()
    world.running(grant("a"))
    job = grant("b")
    world.do(job)
    world.said()
    world.do(StoringFailed(job.lease, FAILURE))
    assert kinds(world.said()) == ["LeaseFailed"]


def test_an_input_that_cannot_be_had_gives_the_runner_to_the_next_job():
    world = World()
    job, second = grant("a"), grant("a")
    world.running(job)
    world.do(second)
    assert kinds(world.do(StoringFailed(job.lease, FAILURE))) == ["DropStaging", "Run"]


def test_a_model_that_the_catalogue_does_not_have_is_handed_back():
    world = World()
    world.do(grant("z"))
    (returned,) = world.said()
    assert returned.reason == "this worker's catalogue has no model z"


# Cancels and deadlines.


def test_a_cancel_of_a_waiting_job_is_answered_at_once():
    world = World()
    world.running(grant("a"))
    job = grant("b")
    world.do(job)
    world.said()
    assert world.do(cancel(job.lease)) == [DropStaging(job.lease)]
    assert world.said() == [LeaseStopped(WORKER, job.lease)]


def test_a_cancel_of_a_running_job_is_answered_when_it_has_really_stopped():
    world = World()
    job = grant("a")
    runner = world.running(job)
    world.said()
    assert world.do(cancel(job.lease)) == [Interrupt(runner, job.lease)]
    assert world.after(4.0) == [Terminate(runner), Kill(runner)]
    assert world.said() == []
    assert kinds(world.gone(runner, code=None, signal="SIGKILL")) == ["DropStaging"]
    assert world.said() == [LeaseStopped(WORKER, job.lease, 4.0)]


def test_a_cancel_while_loading_ends_the_job_and_leaves_the_load():
    world = World()
    job = grant("a")
    world.do(job)
    assert world.do(cancel(job.lease)) == [DropStaging(job.lease)]
    assert world.said() == [LeaseStopped(WORKER, job.lease)]
    world.do(RunnerLoaded(RunnerId("a-1"), 1.0, 0))
    assert world.states() == {"a": "idle"}


def test_a_load_that_nobody_waits_for_makes_room():
    world = World(total=4 * GIB)
    job = grant("a", 3 * GIB)
    world.do(job)
    world.do(cancel(job.lease))
    assert kinds(world.do(grant("b", 3 * GIB))) == ["Prepare", "Terminate"]


def test_a_cancel_while_storing_comes_too_late():
    world = World()
    job = grant("a")
    runner = world.running(job)
    world.do(finished(runner, job.lease))
    world.said()
    assert world.do(cancel(job.lease)) == []
    world.do(Stored(job.lease, ()))
    assert kinds(world.said()) == ["LeaseFinished"]


def test_a_cancel_of_an_unknown_lease_says_that_it_is_over_and_a_grant_that_comes_later_begins_nothing():
    world = World()
    job = grant("a")
    assert world.do(cancel(job.lease)) == []
    assert world.said() == [LeaseStopped(WORKER, job.lease)]
    assert world.do(job) == []
    assert world.said() == []


def test_a_cancel_of_a_finished_lease_repeats_its_last_word():
    world = World()
    job = grant("a")
    world.do(finished(world.running(job), job.lease))
    world.do(Stored(job.lease, ()))
    (*_, last_word) = world.said()
    world.do(cancel(job.lease))
    assert world.said() == [last_word]


def test_a_job_past_its_time_is_ended_as_such_wherever_it_is():
    world = World()
    running, waiting = grant("a", time_left_s=10.0), grant("a", time_left_s=5.0)
    runner = world.running(running)
    world.do(waiting)
    world.said()
    assert world.after(9.999) == [DropStaging(waiting.lease)]
    assert [word.failure.code for word in world.said()] == ["deadline_exceeded"]
    assert world.after(0.001) == [Interrupt(runner, running.lease)]
    world.do(RunnerStopped(runner, running.lease, 10.0))
    (*_, failed) = world.said()
    assert (failed.lease, failed.failure.code, failed.run_s) == (running.lease, "deadline_exceeded", 10.0)


def test_somebody_s_cancel_comes_before_a_deadline_that_passed():
    world = World()
    job = grant("a", time_left_s=10.0)
    runner = world.running(job)
    world.said()
    world.after(10.0)
    world.do(cancel(job.lease))
    world.do(RunnerStopped(runner, job.lease, 10.0))
    assert world.said() == [LeaseStopped(WORKER, job.lease, 10.0)]


# What the broker says twice, late, or should not say.


def test_a_grant_that_is_held_is_ignored():
    world = World()
    job = grant("a")
    world.running(job)
    world.said()
    assert world.do(job) == []
    assert world.said() == []


def test_a_grant_that_is_over_is_answered_with_the_truth_until_it_is_settled_and_then_ignored():
    world = World()
    job = grant("a")
    world.do(finished(world.running(job), job.lease))
    world.do(Stored(job.lease, ()))
    (*_, last_word) = world.said()
    world.do(job)
    assert world.said() == [last_word]
    world.do(Settled(FIRST, (job.lease,)))
    assert world.do(job) == []
    assert world.said() == []


def test_only_a_last_word_can_be_settled():
    world = World()
    job = grant("a")
    runner = world.running(job)
    world.do(Settled(FIRST, (job.lease,)))
    world.said()
    world.do(finished(runner, job.lease))
    world.do(Stored(job.lease, ()))
    assert kinds(world.said()) == ["LeaseRan", "LeaseFinished"]


def test_an_older_generation_changes_nothing():
    world = World()
    job = grant("a")
    runner = world.running(job)
    world.do(Connected())
    world.welcome(SECOND)
    world.said()
    for stale in (
        grant("b"),
        cancel(job.lease),
        DrainWorker(FIRST),
        UnloadModel(FIRST, "a"),
        ResumeWorker(FIRST),
        RetireWorker(FIRST, "another one"),
        LoadModel(FIRST, ModelId("b"), GIB),
        PinModel(FIRST, ModelId("a"), True),
        Settled(FIRST, (job.lease,)),
    ):
        assert world.do(stale) == []
    world.welcome(FIRST)
    assert world.said() == []
    assert world.do(cancel(job.lease, SECOND)) == [Interrupt(runner, job.lease)]


def test_a_worker_whose_name_another_one_has_ends():
    world = World()
    assert world.do(RetireWorker(FIRST, "another one")) == [Retire("another one")]


def test_what_some_runners_may_hold_is_told_without_those_that_are_gone():
    world = World(slots=2)
    first, second = world.loaded("a", 2 * GIB), world.loaded("b", 3 * GIB)
    assert world.device.reserved() == 5 * GIB
    assert world.device.reserved([first, RunnerId("x-9")]) == 3 * GIB
    assert world.device.reserved([first, second]) == 0


def test_a_fault_hands_back_what_waits_and_a_resume_lets_it_come_again():
    world = World()
    running, waiting = grant("a"), grant("b")
    runner = world.running(running)
    world.do(waiting)
    world.said()
    world.do(Measured(sample(fault="Xid 48: reset it")))
    assert world.said() == [LeaseReturned(WORKER, waiting.lease, "the device gets no work: Xid 48: reset it")]
    assert (world.beats[-1].device.healthy, world.beats[-1].device.note) == (False, "Xid 48: reset it")
    assert kinds(world.do(finished(runner, running.lease))) == ["StoreOutputs"]

    world.do(ResumeWorker(FIRST))
    assert world.beats[-1].device.healthy
    again = grant("a")
    assert kinds(world.do(again)) == ["Prepare", "Run"]


def test_of_two_brokers_of_one_number_the_one_that_said_welcome_is_believed():
    world = World()
    assert world.do(grant("a", generation=Generation(1, "other"))) == []
    assert kinds(world.do(grant("a"))) == ["Prepare", "Spawn"]


def test_a_newer_generation_on_the_old_link_is_followed_and_greeted():
    world = World()
    assert kinds(world.do(grant("a", generation=SECOND))) == ["Prepare", "Spawn"]
    assert kinds(world.said()) == ["WorkerHello"]
    assert world.do(grant("b", generation=FIRST)) == []


# The link.


def test_a_hello_names_every_lease_that_is_not_settled():
    world = World(slots=1)
    over, running, waiting = grant("a"), grant("a"), grant("b")
    runner = world.running(over)
    world.do(running)
    world.do(waiting)
    world.do(RunnerFailed(runner, over.lease, FAILURE))
    world.said()
    world.do(Connected())
    (hello,) = world.said()
    assert isinstance(hello, WorkerHello)
    assert (hello.worker, hello.boot, hello.slots, hello.credit) == (WORKER, BOOT, 1, 2)
    assert hello.leases == (over.lease, running.lease, waiting.lease)
    assert [(resident.residency, resident.state) for resident in hello.residents] == [("a", "running")]


def test_what_was_said_into_a_broken_link_is_said_again_after_the_welcome():
    world = World()
    over, running = grant("a"), grant("a")
    runner = world.running(over)
    world.do(running)
    world.do(Silent())
    world.said()
    world.do(RunnerFailed(runner, over.lease, FAILURE))
    world.do(progress(runner, running.lease, 0.5))
    assert world.said() == []
    world.do(Connected())
    assert kinds(world.said()) == ["WorkerHello"]
    world.welcome(SECOND)
    failed, started, news = world.said()
    assert (type(failed), failed.lease) == (LeaseFailed, over.lease)
    assert started == LeaseStarted(WORKER, running.lease, 0.0)
    assert news == LeaseProgress(WORKER, running.lease, Stage.SAMPLING, Progress(0.5))


def test_running_jobs_do_not_feel_that_the_broker_is_away():
    world = World()
    first, second = grant("a"), grant("a")
    runner = world.running(first)
    world.do(second)
    world.do(Silent())
    assert kinds(world.do(finished(runner, first.lease))) == ["StoreOutputs", "Run"]
    world.do(Stored(first.lease, ()))
    world.after(60.0)
    world.said()
    world.welcome(SECOND)
    assert kinds(world.said()) == ["LeaseFinished", "LeaseStarted"]


def test_a_last_word_is_repeated_until_it_is_settled():
    world = World()
    job = grant("z")
    world.do(job)
    (last_word,) = world.said()
    world.after(12.0)
    assert world.said() == [last_word, last_word]
    world.do(Settled(FIRST, (job.lease,)))
    world.after(60.0)
    assert world.said() == []
    assert world.device.due is None


# Progress.


def test_progress_is_told_at_most_twenty_times_a_second_and_the_latest_wins():
    world = World()
    job = grant("a")
    runner = world.running(job)
    world.after(1.0)
    world.said()
    for step in range(100):
        world.do(progress(runner, job.lease, step / 100))
        world.after(0.01)
    world.after(1.0)
    told = [news.progress.fraction for news in world.said()]
    assert len(told) <= 21
    assert told == sorted(told)
    assert told[-1] == 0.99


def test_a_last_word_is_not_held_up_by_news_and_no_news_follows_it():
    world = World()
    job = grant("a")
    runner = world.running(job)
    world.said()
    world.do(progress(runner, job.lease, 0.5))
    world.do(RunnerFailed(runner, job.lease, FAILURE))
    assert kinds(world.said()) == ["LeaseFailed"]
    world.after(1.0)
    assert world.said() == []


def test_loading_is_told_when_it_lasts_and_storing_at_once():
    world = World()
    job = grant("a")
    world.do(job)
    runner = RunnerId("a-1")
    world.after(1.0)
    world.do(RunnerLoaded(runner, 1.0, 0))
    world.do(progress(runner, job.lease, 0.5))
    world.after(1.0)
    stages = [news.stage for news in world.said() if isinstance(news, LeaseProgress)]
    assert stages == [Stage.LOADING_MODEL, Stage.SAMPLING]
    world.do(finished(runner, job.lease))
    assert world.said() == [LeaseRan(WORKER, job.lease, 1.0)]


# Telemetry.


def test_a_beat_follows_each_measurement_and_each_change_of_residents():
    world = World()
    world.beats.clear()
    world.do(Measured(sample(8 * GIB, 1 * GIB)))
    (beat,) = world.beats
    assert (beat.device.total, beat.device.strangers, beat.device.usable) == (8 * GIB, GIB, 7 * GIB)
    world.loaded("a", 2 * GIB)
    assert [[(r.state, r.bytes) for r in beat.residents] for beat in world.beats[1:3]] == [
        [("loading", 2 * GIB)],
        [("running", 2 * GIB)],
    ]


def test_a_beat_names_every_lease_that_is_not_settled():
    world = World()
    over, running = grant("z"), grant("a")
    world.do(over)
    world.running(running)
    world.do(Measured(sample()))
    assert world.beats[-1].leases == (over.lease, running.lease)


def test_no_beat_is_sent_to_a_broker_that_is_not_heard():
    world = World()
    world.do(Silent())
    world.beats.clear()
    world.do(Measured(sample()))
    assert world.beats == []


def test_an_unhealthy_device_gets_no_work_and_hands_back_what_has_not_begun():
    world = World()
    running, waiting = grant("a"), grant("b")
    runner = world.running(running)
    world.do(waiting)
    world.said()
    world.do(Measured(sample(healthy=False, note="fell off the bus")))
    assert world.said() == [LeaseReturned(WORKER, waiting.lease, "the device gets no work: fell off the bus")]
    world.do(finished(runner, running.lease))
    world.do(Stored(running.lease, ()))
    assert kinds(world.said()) == ["LeaseRan", "LeaseFinished"]


def test_an_error_that_stays_on_the_device_ends_the_process_and_puts_the_device_in_quarantine():
    world = World(settings=DeviceSettings(quarantine_s=10.0))
    job, waiting = grant("a"), grant("b")
    runner = world.running(job)
    world.do(waiting)
    world.said()
    sticky = Failure("runner_crashed", "CUDA error: unspecified launch failure", retryable=True)
    assert world.do(RunnerFailed(runner, job.lease, sticky, broken=True)) == [Terminate(runner)]
    world.gone(runner)
    assert kinds(world.said()) == ["LeaseFailed", "LeaseReturned"]
    assert not world.beats[-1].device.healthy
    assert "launch failure" in world.beats[-1].device.note
    world.after(10.0)
    assert world.beats[-1].device.healthy
    assert kinds(world.do(grant("b"))) == ["Prepare", "Spawn"]


def test_a_runner_that_takes_far_more_than_it_reserved_is_killed_as_out_of_memory():
    world = World(settings=DeviceSettings(residents=ResidentsSettings(overdraw_factor=1.5, overdraw_bytes=0)))
    job = grant("a", 2 * GIB)
    runner = world.running(job)
    world.said()
    assert world.do(Measured(sample(), {runner: 3 * GIB})) == []
    assert world.do(Measured(sample(), {runner: 3 * GIB + 1})) == [Kill(runner)]
    world.gone(runner, code=None, signal="SIGKILL")
    (failed,) = world.said()
    assert (failed.failure.code, failed.peak_bytes) == ("out_of_memory", 3 * GIB + 1)
    assert failed.failure.message == "the runner of a held 3.0 GiB, 2.0 GiB were reserved"


# Draining and unloading.


def test_a_drain_returns_what_waits_lets_run_what_runs_and_leaves_nothing_behind():
    world = World()
    running, waiting = grant("a"), grant("b")
    runner = world.running(running)
    world.do(waiting)
    world.said()
    world.do(DrainWorker(FIRST))
    assert [word.lease for word in world.said()] == [waiting.lease]
    assert world.beats[-1].draining
    world.do(grant("a"))
    assert kinds(world.said()) == ["LeaseReturned"]
    assert not world.device.is_drained
    assert kinds(world.do(finished(runner, running.lease))) == ["StoreOutputs", "Terminate"]
    world.gone(runner)
    assert not world.device.is_drained
    world.do(Stored(running.lease, ()))
    assert world.device.is_drained
    assert not world.device.is_idle


def test_what_outlasts_the_budget_of_a_drain_is_stopped_and_handed_back():
    world = World()
    job = grant("a")
    runner = world.running(job)
    world.said()
    assert world.do(Drain(30.0)) == []
    assert world.after(29.9) == []
    assert world.after(0.1) == [Interrupt(runner, job.lease)]
    world.do(RunnerStopped(runner, job.lease, 30.0))
    assert world.said() == [LeaseReturned(WORKER, job.lease, "the worker ends and could not wait")]
    world.gone(runner)
    world.do(Settled(FIRST, (job.lease,)))
    assert world.device.is_drained
    assert world.device.is_idle


def test_a_drain_while_loading_returns_the_job_and_ends_the_load():
    world = World()
    job = grant("a")
    world.do(job)
    assert world.do(Drain(30.0)) == [DropStaging(job.lease), Terminate(RunnerId("a-1"))]
    assert kinds(world.said()) == ["LeaseReturned"]
    assert world.states() == {"a": "stopping"}


def test_an_idle_model_is_unloaded_at_once_and_a_running_one_when_its_job_has_ended():
    world = World()
    idle = world.loaded("a")
    assert world.do(UnloadModel(FIRST, "a")) == [Terminate(idle)]
    world.gone(idle)
    job = grant("b")
    runner = world.running(job)
    assert world.do(UnloadModel(FIRST, "b")) == []
    assert kinds(world.do(finished(runner, job.lease))) == ["StoreOutputs", "Terminate"]


def test_what_an_operator_wants_loaded_and_kept_is_seen_in_the_next_beat():
    world = World()
    world.beats.clear()
    assert kinds(world.do(LoadModel(FIRST, ModelId("b"), 2 * GIB))) == ["Spawn"]
    world.do(PinModel(FIRST, ModelId("b"), True))
    assert [[(r.residency, r.state, r.pinned) for r in beat.residents] for beat in world.beats] == [
        [("b", "loading", False)],
        [("b", "loading", True)],
    ]


def test_a_load_that_was_asked_for_waits_for_who_is_at_work_and_begins_when_that_has_ended():
    world = World(total=4 * GIB)
    job = grant("a", 3 * GIB)
    runner = world.running(job)
    assert world.do(LoadModel(FIRST, ModelId("b"), 3 * GIB)) == []
    assert kinds(world.do(finished(runner, job.lease))) == ["StoreOutputs", "Terminate"]
    assert kinds(world.gone(runner)) == ["Spawn"]
    assert world.states() == {"b": "loading"}


def test_a_load_that_was_asked_for_begins_though_a_job_waits_for_its_turn():
    world = World()
    world.running(grant("a"))
    world.do(grant("a"))
    assert kinds(world.do(LoadModel(FIRST, ModelId("b"), GIB))) == ["Spawn"]


def test_nothing_is_loaded_beside_a_job_that_is_to_be_alone():
    world = World()
    job = grant("a", alone=True)
    runner = world.running(job)
    assert world.do(LoadModel(FIRST, ModelId("b"), GIB)) == []
    assert kinds(world.do(finished(runner, job.lease))) == ["StoreOutputs", "Spawn"]


def test_a_drained_worker_takes_jobs_again_when_it_is_resumed():
    world = World()
    world.do(DrainWorker(FIRST))
    world.do(grant("a"))
    assert kinds(world.said()) == ["LeaseReturned"]
    world.do(ResumeWorker(FIRST))
    assert not world.beats[-1].draining
    assert kinds(world.do(grant("a"))) == ["Prepare", "Spawn"]


def test_a_worker_whose_process_ends_is_not_talked_out_of_it():
    world = World()
    world.do(Drain(30.0))
    world.do(ResumeWorker(FIRST))
    assert world.beats[-1].draining
    world.do(grant("a"))
    assert kinds(world.said()) == ["LeaseReturned"]


def test_a_resumed_device_is_in_quarantine_no_more():
    world = World()
    job = grant("a")
    runner = world.running(job)
    world.do(RunnerFailed(runner, job.lease, Failure("runner_crashed", "CUDA error"), broken=True))
    world.gone(runner)
    assert not world.beats[-1].device.healthy
    world.do(ResumeWorker(FIRST))
    assert world.beats[-1].device.healthy


def test_a_changed_entry_of_the_catalogue_replaces_an_idle_runner_and_spares_a_running_one():
    world = World(spec("a"), spec("b"), slots=2)
    idle, job = world.loaded("a"), grant("b")
    busy = world.running(job)
    world.models = (spec("a", description="new"), spec("b", description="new"))
    assert world.welcome() == [Terminate(idle)]
    assert kinds(world.do(finished(busy, job.lease))) == ["StoreOutputs", "Terminate"]


def test_a_lease_for_a_model_that_left_the_catalogue_still_runs():
    world = World(spec("a"), spec("b"))
    job = grant("b")
    first = grant("a")
    runner = world.running(first)
    world.do(job)
    world.models = (spec("a"),)
    world.welcome()
    assert kinds(world.do(finished(runner, first.lease))) == ["StoreOutputs", "Spawn"]


def test_news_from_runners_and_leases_that_are_no_more_is_ignored():
    world = World()
    runner = world.loaded("a")
    gone = lease()
    for event in (
        RunnerLoaded(RunnerId("x-9"), 1.0, 0),
        RunnerExited(RunnerId("x-9"), 0),
        progress(runner, gone, 0.5),
        finished(runner, gone),
        Stored(gone, ()),
        StoringFailed(gone, FAILURE),
    ):
        assert world.do(event) == []
    assert world.said() == []


@pytest.mark.parametrize("event", [Stored, StoringFailed])
def test_a_lease_that_is_over_stays_as_it_ended(event: type):
    world = World()
    job = grant("z")
    world.do(job)
    world.said()
    assert world.do(event(job.lease, () if event is Stored else FAILURE)) == []
    assert world.said() == []


# Batches


def batching(world: World, count: int) -> tuple[RunnerId, list[Grant]]:
    """A runner that works on so many leases at once."""
    jobs = [grant("a") for _ in range(count)]
    for job in jobs:
        world.do(job)
    runner = world.device._residents.of("a").runner
    world.do(RunnerConnected(runner, 42))
    world.do(RunnerLoaded(runner, 1.0, 0))
    return runner, jobs


def test_leases_of_a_model_that_takes_several_at_once_run_together_and_end_each_on_its_own():
    world = World(spec("a", batch=2))
    runner, jobs = batching(world, 3)
    one, two, three = (job.lease for job in jobs)
    assert [word.lease for word in world.said() if isinstance(word, LeaseStarted)] == [one, two]

    assert world.do(finished(runner, two)) == [StoreOutputs(two, (RESULT,)), Run(runner, three, "a", {}, {}, "glb")]
    assert world.do(finished(runner, one)) == [StoreOutputs(one, (RESULT,))]
    assert world.do(finished(runner, three)) == [StoreOutputs(three, (RESULT,))]


def test_a_cancel_of_one_job_of_a_batch_leaves_the_others_alone():
    world = World(spec("a", batch=2))
    runner, jobs = batching(world, 2)
    one, two = (job.lease for job in jobs)

    assert world.do(cancel(one)) == [Interrupt(runner, one)]
    world.do(RunnerStopped(runner, one, 0.5))
    assert kinds(world.after(20.0)) == [], "the ladder is not climbed for what has stopped"
    assert world.do(finished(runner, two)) == [StoreOutputs(two, (RESULT,))]


def test_a_runner_that_dies_fails_its_whole_batch_but_for_who_was_cancelled():
    world = World(spec("a", batch=2))
    runner, jobs = batching(world, 2)
    world.do(cancel(jobs[0].lease))
    world.said()

    world.do(RunnerExited(runner, None, "SIGKILL"))

    stopped, failed = (word for word in world.said() if not isinstance(word, LeaseProgress))
    assert (type(stopped), stopped.lease) == (LeaseStopped, jobs[0].lease)
    assert (type(failed), failed.lease, failed.failure.code) == (LeaseFailed, jobs[1].lease, "runner_crashed")


@pytest.mark.parametrize("tried_again", [0, 1])
def test_a_job_that_is_tried_again_shares_no_batch(tried_again: int):
    world = World(spec("a", batch=2))
    jobs = [grant("a") for _ in range(2)]
    jobs[tried_again] = grant("a", of=msgspec.structs.replace(lease(), attempt=2))
    for job in jobs:
        world.do(job)
    runner = world.device._residents.of("a").runner
    world.do(RunnerConnected(runner, 42))

    assert [effect.lease for effect in world.do(RunnerLoaded(runner, 1.0, 0)) if isinstance(effect, Run)] == [
        jobs[0].lease
    ]


# Lines of brief runs


def test_brief_runs_follow_each_other_without_a_word_and_a_crash_hands_back_who_had_not_begun():
    world = World(spec("a"))
    runner, (first,) = batching(world, 1)
    world.do(finished(runner, first.lease, run_s=0.001))
    jobs = [grant("a") for _ in range(3)]
    world.said()
    assert [world.do(job)[-1] for job in jobs] == [Run(runner, job.lease, "a", {}, {}, "glb") for job in jobs]
    assert [word.lease for word in world.said() if isinstance(word, LeaseStarted)] == [jobs[0].lease]
    world.do(finished(runner, jobs[0].lease, run_s=0.001))
    assert [word.lease for word in world.said() if isinstance(word, LeaseStarted)] == [jobs[1].lease]

    world.do(RunnerExited(runner, None, "SIGKILL"))

    failed, returned = (word for word in world.said() if not isinstance(word, LeaseProgress))
    assert (type(failed), failed.lease, failed.killed_runner) == (LeaseFailed, jobs[1].lease, True)
    assert (type(returned), returned.lease) == (LeaseReturned, jobs[2].lease)
