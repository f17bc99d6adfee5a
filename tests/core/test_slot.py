"""A pure test reads as a table: what happens to a slot on the left, what it wants done on the right."""

import pytest

from aigc.core.events import Tick
from aigc.core.hosting.slot import AHEAD, AHEAD_S, Began, Ended, RunnerSlot, SlotSettings, SlotState
from aigc.core.job import Failure, Lease, Progress, Stage
from aigc.core.runner_events import (
    Interrupt,
    Kill,
    Run,
    RunnerConnected,
    RunnerExited,
    RunnerFailed,
    RunnerFinished,
    RunnerId,
    RunnerLoaded,
    RunnerProgressed,
    RunnerStopped,
    Spawn,
    Terminate,
)
from tests.core.device_kit import finished, lease, spec

R = RunnerId("a-1")
SPEC = spec("a", load_limit_s=60.0)
LEASE = lease()
TASK = Run(R, LEASE, SPEC.id, {}, {}, "glb")
STALL_S = 30.0
OOM = Failure("out_of_memory", "too much", retryable=True)


def absent() -> RunnerSlot:
    return RunnerSlot(R, SPEC, SlotSettings(interrupt_s=2.0, terminate_s=3.0, kill_s=4.0))


def loading() -> RunnerSlot:
    slot = absent()
    slot.load(0.0)
    return slot


def idle() -> RunnerSlot:
    slot = loading()
    slot.apply(RunnerConnected(R, 42), 1.0)
    slot.apply(RunnerLoaded(R, 4.0, 1000), 5.0)
    return slot


def running(at: float = 10.0) -> RunnerSlot:
    slot = idle()
    slot.run(TASK, STALL_S, at)
    return slot


def progressed() -> RunnerProgressed:
    return RunnerProgressed(R, LEASE, Stage.SAMPLING, Progress(0.5))


def ended(**fields: object) -> Ended:
    return Ended(R, fields.pop("lease", LEASE), **fields)  # type: ignore[arg-type]


def test_a_slot_starts_its_process_when_it_loads():
    slot = absent()
    assert slot.load(0.0) == [Spawn(R, SPEC)]
    assert (slot.state, slot.due) == (SlotState.LOADING, 60.0)


def test_a_loaded_runner_rests_until_something_happens():
    slot = idle()
    assert (slot.state, slot.pid, slot.load_s, slot.loaded_at, slot.idle_since) == (SlotState.IDLE, 42, 4.0, 5.0, 5.0)
    assert (slot.held_bytes, slot.due) == (1000, None)
    assert slot.apply(Tick(), 1e9) == []


def test_an_idle_runner_runs_and_rests_again():
    slot = idle()
    assert slot.run(TASK, STALL_S, 10.0) == [TASK]
    assert slot.state is SlotState.RUNNING
    done = finished(R, LEASE, run_s=7.0, peak_bytes=2000)
    assert slot.apply(done, 17.0) == [ended(finished=done, run_s=7.0, peak_bytes=2000, longest_gap_s=7.0)]
    assert (slot.state, slot.idle_since, slot.jobs_done, slot.peak_bytes) == (SlotState.IDLE, 17.0, 1, 2000)


def test_a_run_that_raised_leaves_the_runner_idle():
    slot = running()
    failure = Failure("model_error", "no")
    assert slot.apply(RunnerFailed(R, LEASE, failure, 3.0, 500), 13.0) == [
        ended(failure=failure, run_s=3.0, peak_bytes=500)
    ]
    assert slot.state is SlotState.IDLE


def test_news_of_another_lease_changes_nothing():
    slot = running()
    other = lease()
    for event in (finished(R, other), RunnerStopped(R, other), RunnerFailed(R, other, OOM)):
        assert slot.apply(event, 11.0) == []
    slot.apply(RunnerProgressed(R, other, Stage.SAMPLING, Progress()), 20.0)
    assert (slot.state, slot.leases, slot.due) == (SlotState.RUNNING, (LEASE,), 40.0)


# The ladder.


def test_the_ladder_climbs_at_its_times_and_not_before():
    slot = running(10.0)
    assert slot.end(LEASE, 20.0) == [Interrupt(R, LEASE)]
    assert slot.apply(Tick(), 21.999) == []
    assert slot.apply(Tick(), 22.0) == [Terminate(R)]
    assert slot.state is SlotState.STOPPING
    assert slot.apply(Tick(), 24.999) == []
    assert slot.apply(Tick(), 25.0) == [Kill(R)]
    assert slot.apply(Tick(), 29.0) == [Kill(R)]
    assert slot.apply(RunnerExited(R, None, "SIGKILL", "", 900), 29.5) == [ended(run_s=19.5, peak_bytes=900)]
    assert (slot.state, slot.due) == (SlotState.GONE, None)


def test_a_model_that_stops_when_asked_keeps_its_runner():
    slot = running(10.0)
    slot.end(LEASE, 20.0)
    assert slot.apply(RunnerStopped(R, LEASE, 10.5), 20.5) == [ended(run_s=10.5, peak_bytes=1000)]
    assert (slot.state, slot.due) == (SlotState.IDLE, None)


def test_a_result_that_comes_after_the_end_was_asked_for_is_not_one():
    slot = running()
    slot.end(LEASE, 20.0)
    assert slot.apply(finished(R, LEASE), 20.5) == [ended(run_s=1.0, peak_bytes=1000)]


def test_asking_twice_does_not_start_the_ladder_again():
    slot = running()
    slot.end(LEASE, 20.0)
    assert slot.end(LEASE, 21.0) == []
    assert slot.apply(Tick(), 22.0) == [Terminate(R)]


def test_a_runner_without_an_attempt_cannot_be_asked_to_end_one():
    assert idle().end(LEASE, 6.0) == []


def test_the_next_attempt_starts_at_the_foot_of_the_ladder():
    slot = running()
    slot.end(LEASE, 20.0)
    slot.apply(RunnerStopped(R, LEASE), 21.0)
    second = lease()
    slot.run(Run(R, second, SPEC.id, {}, {}, "glb"), STALL_S, 30.0)
    assert slot.apply(Tick(), 50.0) == []
    done = finished(R, second)
    assert slot.apply(done, 51.0) == [
        ended(lease=second, finished=done, run_s=1.0, peak_bytes=1000, longest_gap_s=21.0)
    ]


# Stalls.


def test_silence_up_to_the_limit_is_no_stall_and_at_the_limit_it_is():
    slot = running(10.0)
    slot.apply(progressed(), 30.0)
    assert slot.due == 60.0
    assert slot.apply(Tick(), 59.999) == []
    assert slot.apply(Tick(), 60.0) == [Interrupt(R, LEASE)]


def test_a_stalled_run_fails_and_keeps_its_runner_if_that_obeys():
    slot = running(10.0)
    slot.apply(Tick(), 40.0)
    (end,) = slot.apply(RunnerStopped(R, LEASE), 41.0)
    assert isinstance(end, Ended)
    assert end.failure is not None
    assert (end.failure.code, end.failure.retryable, end.killed_runner) == ("runner_stalled", True, False)
    assert "reported nothing for 30 s" in end.failure.message
    assert slot.state is SlotState.IDLE


def test_a_stalled_run_that_does_not_obey_takes_its_runner_with_it():
    slot = running(10.0)
    slot.apply(Tick(), 40.0)
    assert slot.apply(Tick(), 42.0) == [Terminate(R)]
    assert slot.apply(Tick(), 45.0) == [Kill(R)]
    (end,) = slot.apply(RunnerExited(R, None, "SIGKILL", "last words"), 45.1)
    assert isinstance(end, Ended)
    assert end.failure is not None
    assert (end.failure.code, end.failure.log_tail, end.killed_runner) == ("runner_stalled", "last words", True)


def test_a_run_that_was_thought_stalled_and_finishes_after_all_counts():
    slot = running(10.0)
    slot.apply(Tick(), 40.0)
    done = finished(R, LEASE)
    assert slot.apply(done, 41.0) == [ended(finished=done, run_s=1.0, peak_bytes=1000, longest_gap_s=31.0)]


def test_a_report_does_not_call_off_the_ladder():
    slot = running(10.0)
    slot.apply(Tick(), 40.0)
    slot.apply(progressed(), 41.0)
    assert slot.apply(Tick(), 42.0) == [Terminate(R)]


# Ends that nobody asked for.


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (RunnerExited(R, None, "SIGSEGV", "tail"), "died by SIGSEGV while it ran"),
        (RunnerExited(R, 0, "", "tail"), "exited with status 0 while it ran"),
    ],
)
def test_a_runner_that_dies_in_a_run_is_a_crash_with_evidence(event: RunnerExited, words: str):
    slot = running(10.0)
    (end,) = slot.apply(event, 14.0)
    assert isinstance(end, Ended)
    assert end.failure is not None
    assert (end.lease, end.failure.code, end.killed_runner, end.run_s) == (LEASE, "runner_crashed", True, 4.0)
    assert end.failure.retryable
    assert words in end.failure.message
    assert end.failure.log_tail == "tail"


def test_a_runner_that_dies_idle_ends_no_attempt():
    slot = idle()
    assert slot.apply(RunnerExited(R, None, "SIGKILL"), 9.0) == []
    assert slot.state is SlotState.GONE


def test_a_runner_that_dies_loading_is_a_failed_load():
    slot = loading()
    (end,) = slot.apply(RunnerExited(R, 1, "", "ImportError"), 2.0)
    assert isinstance(end, Ended)
    assert end.failure is not None
    assert (end.lease, end.failure.code, end.failure.log_tail) == (None, "model_load_failed", "ImportError")
    assert not end.killed_runner


def test_a_failed_load_is_told_when_the_process_is_gone():
    slot = loading()
    failure = Failure("model_load_failed", "no such file")
    assert slot.apply(RunnerFailed(R, None, failure, broken=True), 2.0) == [Terminate(R)]
    assert slot.apply(RunnerLoaded(R, 1.0, 0), 2.1) == []
    assert slot.state is SlotState.STOPPING
    assert slot.apply(RunnerExited(R, 0), 2.5) == [ended(lease=None, failure=failure)]


def test_loading_beyond_its_limit_is_ended():
    slot = loading()
    assert slot.apply(Tick(), 59.9) == []
    assert slot.apply(Tick(), 60.0) == [Terminate(R)]
    assert slot.apply(Tick(), 63.0) == [Kill(R)]
    (end,) = slot.apply(RunnerExited(R, None, "SIGKILL"), 63.1)
    assert isinstance(end, Ended)
    assert end.failure is not None
    assert end.failure.message == "a did not load within 60 s"


def test_a_long_load_within_its_limit_is_no_stall():
    slot = loading()
    assert slot.apply(Tick(), 59.0) == []
    slot.apply(RunnerLoaded(R, 59.5, 0), 59.5)
    assert slot.state is SlotState.IDLE


def test_a_broken_runner_goes_before_its_attempt_is_over():
    slot = running(10.0)
    failure = Failure("runner_crashed", "CUDA error: an illegal memory access", retryable=True)
    assert slot.apply(RunnerFailed(R, LEASE, failure, broken=True), 12.0) == [Terminate(R)]
    (end,) = slot.apply(RunnerExited(R, 0, "", "tail"), 13.0)
    assert isinstance(end, Ended)
    assert (end.killed_runner, end.is_sticky) == (True, True)


def test_a_runner_that_took_too_much_is_killed_at_once_and_its_attempt_fails():
    slot = running(10.0)
    slot.hold(9999)
    assert slot.abort(OOM, 12.0) == [Kill(R)]
    assert slot.abort(OOM, 12.5) == []
    (end,) = slot.apply(RunnerExited(R, None, "SIGKILL"), 13.0)
    assert end == ended(failure=OOM, killed_runner=True, run_s=3.0, peak_bytes=9999)


def test_a_result_that_was_on_its_way_when_the_runner_was_killed_counts():
    slot = running(10.0)
    slot.abort(OOM, 12.0)
    done = finished(R, LEASE)
    assert slot.apply(done, 12.1) == [ended(finished=done, run_s=1.0, peak_bytes=1000, longest_gap_s=12.1 - 10.0)]
    assert slot.state is SlotState.STOPPING
    assert slot.apply(RunnerExited(R, None, "SIGKILL"), 12.2) == []


def test_a_cancel_of_a_run_that_is_being_ended_for_another_reason_is_a_cancel():
    slot = running(10.0)
    slot.apply(Tick(), 40.0)
    assert slot.end(LEASE, 41.0) == []
    assert slot.apply(RunnerStopped(R, LEASE, 31.0), 41.5) == [ended(run_s=31.0, peak_bytes=1000)]


def test_a_model_that_stops_unasked_has_failed():
    (end,) = running().apply(RunnerStopped(R, LEASE), 12.0)
    assert isinstance(end, Ended)
    assert end.failure is not None
    assert end.failure.code == "model_error"


# Unloading.


def test_an_idle_runner_is_unloaded_and_killed_if_it_stays():
    slot = idle()
    assert slot.stop(10.0) == [Terminate(R)]
    assert slot.stop(10.5) == []
    assert slot.apply(Tick(), 13.0) == [Kill(R)]
    assert slot.apply(RunnerExited(R, None, "SIGKILL"), 13.1) == []


def test_a_runner_with_an_attempt_is_not_unloaded():
    slot = running()
    assert slot.stop(11.0) == []
    assert slot.state is SlotState.RUNNING


def test_a_loading_runner_that_is_told_to_go_did_not_fail():
    slot = loading()
    assert slot.stop(1.0) == [Terminate(R)]
    assert slot.apply(RunnerExited(R, None, "SIGTERM"), 1.5) == []


def test_the_longest_silence_of_a_run_is_told_with_its_end():
    slot = running(10.0)
    for at in (12.0, 20.0, 21.0):
        slot.apply(progressed(), at)
    (end,) = slot.apply(finished(R, LEASE), 23.0)
    assert isinstance(end, Ended)
    assert end.longest_gap_s == 8.0
    assert isinstance(end.finished, RunnerFinished)


# A line of brief runs.


def lined_up(count: int, run_s: float = AHEAD_S / (2 * AHEAD)) -> tuple[RunnerSlot, list[Lease]]:
    """A runner whose runs are brief has so many attempts, and has begun with the first at 20.0."""
    slot = running()
    slot.apply(finished(R, LEASE, run_s=run_s), 11.0)
    leases = [lease() for _ in range(count)]
    for one in leases:
        assert slot.run(Run(R, one, SPEC.id, {}, {}, "glb"), STALL_S, 20.0) == [Run(R, one, SPEC.id, {}, {}, "glb")]
    return slot, leases


def test_attempts_line_up_while_the_last_of_them_would_begin_in_a_moment():
    assert not running().may_join(10.0), "nothing is known of its runs"
    assert not lined_up(1, run_s=AHEAD_S * 1.01)[0].may_join(20.0)
    assert lined_up(1, run_s=AHEAD_S)[0].may_join(20.0)
    assert not lined_up(2, run_s=AHEAD_S)[0].may_join(20.0)
    assert lined_up(AHEAD)[0].may_join(20.0)
    assert not lined_up(1 + AHEAD)[0].may_join(20.0)


def test_nobody_lines_up_behind_a_run_that_takes_long_this_time():
    slot, _ = lined_up(1)
    assert slot.may_join(20.0 + AHEAD_S / 2)
    assert not slot.may_join(20.0 + 2 * AHEAD_S)


def test_one_long_run_ends_the_lines_for_a_while():
    slot, (first,) = lined_up(1)
    slot.apply(finished(R, first, run_s=1.0), 21.0)
    for _ in range(10):
        one = lease()
        slot.run(Run(R, one, SPEC.id, {}, {}, "glb"), STALL_S, 22.0)
        assert not slot.may_join(22.0)
        slot.apply(finished(R, one, run_s=0.001), 22.0)


def test_each_of_a_line_has_its_own_silence_and_peak():
    slot, (first, second) = lined_up(2)
    slot.apply(finished(R, first, peak_bytes=9000), 40.0)
    assert slot.due == 70.0
    done = finished(R, second, peak_bytes=2000)
    assert slot.apply(done, 45.0) == [ended(lease=second, finished=done, run_s=1.0, peak_bytes=2000, longest_gap_s=5.0)]
    assert slot.state is SlotState.IDLE


def test_the_ladder_is_climbed_for_whoever_is_at_work_and_not_for_those_behind():
    slot, (first, second, third) = lined_up(3)
    assert slot.end(second, 21.0) == [Interrupt(R, second)]
    assert slot.apply(Tick(), 30.0) == []
    assert slot.apply(finished(R, first), 30.0) != []
    assert slot.due == 32.0, "the runner has begun with one that is not wanted any more"
    assert slot.apply(RunnerStopped(R, second), 30.1) == [ended(lease=second, peak_bytes=1000), Began(third)]
    assert slot.due == 60.1
    assert slot.end(third, 31.0) == [Interrupt(R, third)]
    assert slot.apply(Tick(), 33.0) == [Terminate(R)]


def test_a_stall_is_the_fault_of_whoever_is_at_work():
    slot, (first, second) = lined_up(2)
    assert slot.apply(Tick(), 50.0) == [Interrupt(R, first)]
    end, began = slot.apply(RunnerStopped(R, first), 50.5)
    assert began == Began(second)
    assert isinstance(end, Ended)
    assert end.failure is not None
    assert end.failure.code == "runner_stalled"
    done = finished(R, second)
    assert slot.apply(done, 51.0) == [ended(lease=second, finished=done, run_s=1.0, peak_bytes=1000, longest_gap_s=0.5)]


def test_a_crash_is_blamed_on_whoever_was_at_work_and_the_others_never_began():
    slot, (first, second, third) = lined_up(3)
    slot.end(third, 20.1)
    crashed, unbegun, cancelled = slot.apply(RunnerExited(R, None, "SIGSEGV"), 21.0)
    assert isinstance(crashed, Ended)
    assert (crashed.lease, crashed.killed_runner) == (first, True)
    assert unbegun == ended(lease=second, is_unbegun=True)
    assert cancelled == ended(lease=third)
