"""The table of leases."""

from aigc.core.ids import AttemptId, JobId, ModelId, WorkerId
from aigc.core.job import Job, Lease, Progress, Stage
from aigc.core.messages import LeaseProgress
from aigc.core.scheduling.leases import Granted, LeaseTable
from aigc.core.scheduling.waiting import Entry
from tests.core.scheduler_kit import GIB, Desk, spec

A, B = WorkerId("a"), WorkerId("b")


def granted(job: str = "job-1", worker: WorkerId = A, number: int = 1, attempt: str = "x") -> Granted:
    record = Job(id=JobId(job), feature="f", model=ModelId("m"), created_at=0.0)
    return Granted(Entry(record, 0.0, 0, 0.0), Lease(record.id, number, AttemptId(attempt)), None, worker, 0.0, 0)


def test_a_lease_matches_by_worker_number_and_id() -> None:
    table, one = LeaseTable(), granted()
    table.add(one)

    assert table.match(A, one.lease) is one
    assert table.match(B, one.lease) is None
    assert table.match(A, granted(number=2).lease) is None
    assert table.match(A, granted(attempt="y").lease) is None
    assert table.match(A, granted(job="job-2").lease) is None


def test_a_removed_lease_matches_nothing_and_is_nowhere() -> None:
    table, one = LeaseTable(), granted()
    view = table.held_by(A)
    table.add(one)
    assert list(view.values()) == [one]
    table.remove(one)

    assert table.match(A, one.lease) is None
    assert (table.of(JobId("job-1")), len(table), table.all(), view) == (None, 0, (), {})


def test_leases_are_in_the_order_of_their_grants() -> None:
    table = LeaseTable()
    ones = [granted(f"job-{n}", worker) for n, worker in enumerate((A, B, A))]
    for one in ones:
        table.add(one)

    assert list(table.all()) == ones
    assert list(table.held_by(A).values()) == [ones[0], ones[2]]


def test_people_see_since_when_it_is_held_and_runs() -> None:
    desk = Desk(spec("a", 4, family="shared"))
    desk.worker()
    job = desk.submit("a", owner="ann")
    desk.after(3.0)
    (loading,) = desk.scheduler.running(desk.now)
    desk.start(job, load_s=3.0)
    desk.after(2.0)
    desk.apply(LeaseProgress(WorkerId("w"), desk.lease(job), Stage.SAMPLING, Progress(0.25)))
    (running,) = desk.scheduler.running(desk.now)

    assert (loading.held_s, loading.running_s, loading.stage) == (3.0, None, Stage.LOADING_MODEL)
    assert (running.held_s, running.running_s, running.stage, running.fraction) == (5.0, 2.0, Stage.SAMPLING, 0.25)
    assert (running.worker, running.model, running.residency, running.owner) == ("w", "a", "shared", "ann")
    assert (running.need_bytes, running.ending) == (4 * GIB, "")
    desk.cancel(job)
    assert desk.scheduler.running(desk.now)[0].ending == "not wanted"


def test_a_lease_that_an_earlier_broker_gave_is_held_since_then() -> None:
    desk = Desk()
    desk.worker()
    desk.submit()
    desk.after(50.0)
    after = desk.successor()
    after.restore()
    (held,) = after.scheduler.running(after.now)

    assert (held.held_s, held.running_s) == (50.0, None)


def test_a_lease_without_a_demand_has_no_residency() -> None:
    assert (granted().residency, granted().is_alone) == ("", False)
