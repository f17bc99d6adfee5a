"""The table of leases."""

from aigc.core.ids import AttemptId, JobId, ModelId, WorkerId
from aigc.core.job import Job, Lease
from aigc.core.scheduling.leases import Granted, LeaseTable
from aigc.core.scheduling.waiting import Entry

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


def test_a_lease_without_a_demand_has_no_residency() -> None:
    assert (granted().residency, granted().is_alone) == ("", False)
