"""How jobs enter and leave the books."""

from aigc.core.events import Restored
from aigc.core.job import Status
from aigc.core.messages import Submit
from tests.core.scheduler_kit import Desk, spec


def test_finished_jobs_are_remembered_up_to_a_bound() -> None:
    desk = Desk(remembered=3)
    desk.worker()
    jobs = [desk.job() for _ in range(5)]
    for job in jobs:
        desk.apply(Submit(job))
        desk.finish(job.id)

    assert desk.apply(Submit(jobs[4])) == []
    assert desk.apply(Submit(jobs[2])) == []
    assert list(desk.scheduler._books.over) == [job.id for job in jobs[2:]]


def test_a_finished_job_leaves_nothing_behind() -> None:
    desk = Desk()
    desk.worker()
    desk.finish(desk.submit())
    desk.cancel(desk.submit())
    books = desk.scheduler._books

    assert desk.scheduler.leases() != ()
    (job,) = desk.running()
    desk.finish(job)
    assert (books.entries, books.paused, books.waiting.count, len(books.leases)) == ({}, {}, 0, 0)


def test_jobs_of_one_model_and_size_share_what_is_known_of_them() -> None:
    desk = Desk(spec("a"), spec("b"))
    books = desk.scheduler._books
    small, alike, large, other = (
        books.demand_of(desk.job(model, input_size=size))
        for model, size in (("a", 1000), ("a", 900), ("a", 10**6), ("b", 1000))
    )

    assert small is alike
    assert len({id(one) for one in (small, large, other)}) == 3


def test_a_final_record_is_not_restored() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.finish(job)
    successor = desk.successor()
    successor.apply(Restored((desk.store[job],)))

    assert desk.store[job].status is Status.COMPLETED
    assert successor.scheduler.job(job) is None
    assert successor.scheduler.waiting_count == 0
