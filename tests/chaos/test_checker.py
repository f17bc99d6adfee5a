"""The checker catches what it is there for: a sound run, doctored in every way, is found out each time."""

from collections.abc import Callable
from copy import deepcopy

import pytest
from msgspec.structs import replace

from tests.chaos.checker import CHECKS, violations
from tests.chaos.evidence import Evidence, File, Heard, Line, Record, Sample, Told, Wish

MESH = File("mesh.glb", 100, "5ha")
RETRIED = ("queued", "started", "retrying", "started", "completed")


def lines(*kinds: str) -> tuple[Line, ...]:
    return tuple(Line(number, kind) for number, kind in enumerate(kinds, 1))


def record(job: str, *kinds: str, fate: str = "fine", **more: object) -> Record:
    made = Record(
        job=job,
        key=f"key of {job}",
        fate=fate,
        status=kinds[-1],
        seq=len(kinds),
        attempt=kinds.count("started"),
        history=lines(*kinds),
        outputs=(MESH,) if kinds[-1] == "completed" else (),
    )
    return replace(made, **more)


def heard(one: Record, watcher: str = "ann", *, connections: tuple[int, ...] = ()) -> list[Heard]:
    """All lines of a record, each on the connection that is said, else on the first."""
    attempt, events = 0, []
    for line in one.history:
        attempt += line.kind == "started"
        is_last = line.seq == one.seq
        events.append(
            Heard(
                watcher,
                connections[line.seq - 1] if connections else 1,
                one.job,
                f"job.{line.kind}",
                line.seq,
                attempt,
                one.status if is_last else "processing",
                one.outputs[0].sha256 if is_last and one.outputs else "",
                at=line.seq / 10,
            )
        )
    return events


@pytest.fixture
def run() -> Evidence:
    """A run with a retry, a failure, a cancel, a reconnect and a repeated request, in which everything holds."""
    plain = record("plain", "queued", "started", "completed")
    retried = record("retried", *RETRIED, strikes=("worker_lost",))
    bad = record("bad", "queued", "started", "failed", fate="bad input", code="input_invalid", strikes=("x",))
    unlucky = record(
        "unlucky", "queued", "started", "retrying", "started", "failed", code="runner_crashed",
        strikes=("runner_crashed", "runner_crashed"),
    )  # fmt: skip
    ended = record("ended", "queued", "started", "cancelling", "cancelled", fate="blocked")
    records = [plain, retried, bad, unlucky, ended]
    passing = Heard("ann", 1, "plain", "job.progress", 0, 1)
    return Evidence(
        told=[*(Told(one.key, one.job, 1.0) for one in records), Told("key of plain", "plain", 1.1)],
        wishes=[Wish("ended", "processing", "cancelling", 2.0), Wish("ended", "cancelled"), Wish("plain", "completed")],
        watched=[("ann", "plain"), ("bob", "retried")],
        heard=[
            *heard(plain),
            passing,
            *heard(retried, "bob", connections=(1, 1, 2, 2, 3)),
            Heard("all", 1, "ended", "job.snapshot", 3, 1, "processing"),
            Heard("all", 1, "ended", "job.cancelled", 4, 1, "cancelled"),
        ],
        samples=[Sample("worker-0", usable=100, reserved=100)],
        records=records,
        elsewhere=[(one.job, one.status, one.seq) for one in records],
        downloads={"plain": MESH, "retried": MESH},
        exits={"web-0": 0},
    )


def test_a_sound_run_is_found_sound(run: Evidence) -> None:
    assert violations(run) == []


def test_one_that_hears_everything_may_hear_of_an_end_again_when_it_has_come_back(run: Evidence) -> None:
    run.heard += [Heard("all", 2, "ended", f"job.{line.kind}", line.seq) for line in run.records[4].history]
    assert violations(run) == []
    run.heard += [Heard("all", 2, "ended", "job.queued", 1), Heard("all", 2, "ended", "job.cancelled", 4)]
    assert violations(run) == [
        "ended: all heard job.queued 1 after 4 at 0.0 s", "ended: all heard job.cancelled 4 after 1 at 0.0 s"
    ]  # fmt: skip


def test_one_that_hears_everything_hears_of_every_end_or_of_a_gap(run: Evidence) -> None:
    run.expected += [("all", "ended"), ("all", "bad"), ("all", "nowhere")]
    assert violations(run) == ["bad: all hears everything, and never heard of its end"]
    run.gaps.append("all")
    assert violations(run) == []


def find(run: Evidence, job: str) -> int:
    return next(place for place, one in enumerate(run.records) if one.job == job)


def change(run: Evidence, job: str, **changes: object) -> None:
    place = find(run, job)
    run.records[place] = replace(run.records[place], **changes)


def forget(run: Evidence) -> None:
    del run.records[find(run, "retried")]


def leave_open(run: Evidence) -> None:
    change(run, "plain", status="processing", history=lines("queued", "started"), seq=2, outputs=())


def tell_nobody(run: Evidence) -> None:
    run.unheard.append("key of none")


def double(run: Evidence) -> None:
    run.told.append(Told("key of plain", "retried"))


def double_unheard(run: Evidence) -> None:
    run.records.append(record("second", "queued", "started", "completed", key="key of plain"))
    run.downloads["second"] = MESH


def make_of_nothing(run: Evidence) -> None:
    run.records.append(record("ghost", "queued", "started", "completed"))
    run.downloads["ghost"] = MESH


def end_twice(run: Evidence) -> None:
    change(run, "bad", seq=4, history=lines("queued", "started", "completed", "failed"))


def go_on_after_the_end(run: Evidence) -> None:
    change(run, "plain", seq=4, history=lines("queued", "started", "completed", "started"), attempt=2)


def skip_a_line(run: Evidence) -> None:
    history = run.records[find(run, "retried")].history
    change(run, "retried", history=history[:2] + history[3:])


def begin_in_the_middle(run: Evidence) -> None:
    change(run, "plain", history=lines("started", "started", "completed"))


def miscount_attempts(run: Evidence) -> None:
    change(run, "retried", attempt=3)


def fail_for_nothing(run: Evidence) -> None:
    change(run, "unlucky", strikes=("worker_lost",), code="worker_lost")


def fail_by_our_own_fault(run: Evidence) -> None:
    change(run, "unlucky", strikes=("internal",) * 3, code="internal")


def complete_what_cannot_be(run: Evidence) -> None:
    change(run, "bad", status="completed", history=lines("queued", "started", "completed"), outputs=(MESH,), code="")
    run.downloads["bad"] = MESH


def lose_the_file(run: Evidence) -> None:
    run.downloads["plain"] = None


def swap_the_file(run: Evidence) -> None:
    run.downloads["plain"] = File("mesh.glb", 100, "another")


def cut_the_file(run: Evidence) -> None:
    run.downloads["plain"] = File("mesh.glb", 99, "5ha")


def have_two_results(run: Evidence) -> None:
    change(run, "plain", outputs=(MESH, File("second.glb", 1, "x")))


def keep_a_result_of_a_failure(run: Evidence) -> None:
    change(run, "bad", outputs=(MESH,))


def take_back_an_end(run: Evidence) -> None:
    run.heard.append(Heard("bob", 1, "ended", "job.failed", 4, 1, "failed"))


def accept_two_results(run: Evidence) -> None:
    run.heard.append(Heard("cid", 1, "plain", "job.snapshot", 3, 1, "completed", "of another attempt"))


def rewrite_a_line(run: Evidence) -> None:
    run.heard += [Heard("cid", 1, "plain", "job.queued", 1), Heard("cid", 1, "plain", "job.retrying", 2)]
    run.heard.append(Heard("cid", 1, "plain", "job.completed", 3))


def tell_of_more_than_there_was(run: Evidence) -> None:
    run.heard.append(Heard("cid", 1, "plain", "job.snapshot", 7))


def disagree(run: Evidence) -> None:
    run.elsewhere[0] = ("plain", "processing", 2)


def go_back_an_attempt(run: Evidence) -> None:
    run.heard += [Heard("cid", 1, "retried", "job.progress", 0, 2), Heard("cid", 1, "retried", "job.progress", 0, 1)]


def go_back_an_attempt_between_lines(run: Evidence) -> None:
    run.heard += [Heard("cid", 1, "retried", "job.snapshot", 2, 2), Heard("dan", 1, "retried", "job.snapshot", 4, 1)]
    run.heard += [Heard(who, 1, "retried", "job.snapshot", 5, 2) for who in ("cid", "dan")]


def run_a_secret_attempt(run: Evidence) -> None:
    run.heard.append(Heard("cid", 1, "plain", "job.progress", 0, 2))


def miss_a_line(run: Evidence) -> None:
    del run.heard[1]


def miss_a_line_between_connections(run: Evidence) -> None:
    run.heard = [event for event in run.heard if (event.watcher, event.seq) != ("bob", 3)]


def hear_a_line_twice(run: Evidence) -> None:
    run.heard.insert(2, run.heard[1])


def resume_with_a_snapshot(run: Evidence) -> None:
    place = next(place for place, event in enumerate(run.heard) if (event.watcher, event.seq) == ("bob", 3))
    run.heard[place : place + 2] = [Heard("bob", 2, "retried", "job.snapshot", 4, 2)]


def go_back(run: Evidence) -> None:
    place = next(place for place, event in enumerate(run.heard) if (event.watcher, event.seq) == ("bob", 4))
    run.heard.insert(place, Heard("bob", 2, "retried", "job.snapshot", 2, 1))


def miss_the_end(run: Evidence) -> None:
    run.heard = [event for event in run.heard if (event.watcher, event.seq) != ("bob", 5)]


def hear_nothing(run: Evidence) -> None:
    run.heard = [event for event in run.heard if event.watcher != "bob"]


def lie_to_who_cancels(run: Evidence) -> None:
    run.wishes.append(Wish("retried", "cancelled"))


def finish_what_is_stopping(run: Evidence) -> None:
    run.wishes.append(Wish("retried", "processing", "cancelling"))


def cancel_unasked(run: Evidence) -> None:
    run.wishes = [wish for wish in run.wishes if wish.job != "ended"]


def reserve_too_much(run: Evidence) -> None:
    run.samples.append(Sample("worker-0", usable=100, reserved=101))


def leave_a_process(run: Evidence) -> None:
    run.processes.append("17 aigc.runner")


def leave_a_file(run: Evidence) -> None:
    run.files.append("assets/tmp/x")


def end_badly(run: Evidence) -> None:
    run.exits["worker-1"] = -9


def not_come_back(run: Evidence) -> None:
    run.complaints.append("web-1 did not come back")


DOCTORED: tuple[tuple[Callable[[Evidence], None], str], ...] = (
    (forget, "retried was acknowledged at 1.0 s and is lost"),
    (leave_open, "plain is processing for ever"),
    (tell_nobody, "no answer ever came to the request key of none"),
    (double, "the key key of plain made 2 jobs: plain, retried"),
    (double_unheard, "the key key of plain made 2 jobs: plain, second"),
    (make_of_nothing, "ghost is there and nobody was told of it"),
    (end_twice, "bad is failed and its history tells the ends ['completed', 'failed']"),
    (go_on_after_the_end, "plain is completed and its history tells the ends ['completed']"),
    (skip_a_line, "retried: its history has the numbers [1, 2, 4, 5]"),
    (begin_in_the_middle, "plain: its history begins with ['started']"),
    (miscount_attempts, "retried: 3 attempts, and its history tells of 2"),
    (fail_for_nothing, "unlucky (fine) is failed (worker_lost) after ['worker_lost']"),
    (fail_by_our_own_fault, "unlucky (fine) is failed (internal)"),
    (complete_what_cannot_be, "bad (bad input) is completed"),
    (lose_the_file, "plain is completed and its result cannot be fetched"),
    (swap_the_file, "plain: its result is File"),
    (cut_the_file, "plain: its result is File"),
    (have_two_results, "plain is completed and has 2 outputs"),
    (keep_a_result_of_a_failure, "bad is failed and has 1 outputs"),
    (take_back_an_end, "that it is failed, and it is cancelled"),
    (accept_two_results, "with the result of another attempt"),
    (rewrite_a_line, "plain: cid heard job.retrying 2 at 0.0 s, its history has job.started"),
    (tell_of_more_than_there_was, "plain: cid heard job.snapshot 7 at 0.0 s, its history ends with 3"),
    (disagree, "plain is processing 2 at the other gateway, and completed 3 at this one"),
    (go_back_an_attempt, "retried: cid heard of attempt 1 after 2"),
    (go_back_an_attempt_between_lines, "retried: its attempts went"),
    (run_a_secret_attempt, "plain: cid heard of attempt 2, there were 1"),
    (miss_a_line, "plain: ann heard job.completed 3 after 1"),
    (miss_a_line_between_connections, "retried: bob heard job.started 4 after 2"),
    (hear_a_line_twice, "plain: ann heard job.started 2 after 2"),
    (resume_with_a_snapshot, "retried: bob heard job.snapshot 4 after 2"),
    (go_back, "retried: bob heard job.snapshot 2 after 3"),
    (miss_the_end, "retried: bob heard 4 last, its history ends with 5"),
    (hear_nothing, "retried: bob asked for it and heard nothing"),
    (lie_to_who_cancels, "retried is completed; who cancelled it heard cancelled"),
    (finish_what_is_stopping, "retried is completed; who cancelled it heard that it is stopping"),
    (cancel_unasked, "ended is cancelled and nobody asked for that"),
    (reserve_too_much, "worker-0 at 0.0 s: 101 bytes reserved, 100 usable"),
    (leave_a_process, "left running: 17 aigc.runner"),
    (leave_a_file, "left behind: assets/tmp/x"),
    (end_badly, "worker-1 ended with -9"),
    (not_come_back, "web-1 did not come back"),
)


@pytest.mark.parametrize(("doctor", "said"), DOCTORED, ids=[doctor.__name__ for doctor, _ in DOCTORED])
def test_a_doctored_run_is_found_out(run: Evidence, doctor: Callable[[Evidence], None], said: str) -> None:
    doctor(run)
    assert any(said in complaint for complaint in violations(run)), violations(run)


def test_every_check_is_needed_by_some_doctored_run(run: Evidence) -> None:
    idle = set(CHECKS)
    for doctor, said in DOCTORED:
        doctored = deepcopy(run)
        doctor(doctored)
        idle -= {check for check in idle if any(said in complaint for complaint in check(doctored))}
    assert idle == set()
