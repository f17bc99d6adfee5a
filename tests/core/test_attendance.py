"""Workers come, go, and come back."""

from aigc.core.effects import Effect, SendCancel, SendOrder
from aigc.core.events import WorkerLost, WorkerSilent
from aigc.core.ids import AttemptId, BootId, JobId, WorkerId
from aigc.core.job import Lease, Status
from aigc.core.messages import Generation, RetireWorker, WorkerBeat, WorkerBye
from tests.core.scheduler_kit import Desk, only, sent, spec, stopped

W = WorkerId("w")


def beat(desk: Desk, *leases: Lease, boot: str = "1", draining: bool = False, told: bool = True) -> WorkerBeat:
    device = desk.workers[W].device
    return WorkerBeat(W, BootId(boot), device, (), draining, leases if told else None)


def ended(effects: list[Effect]) -> list[str]:
    """Lives that are told to end."""
    return [one.boot for one in only(effects, SendOrder) if isinstance(one.order, RetireWorker)]


def test_a_lost_workers_jobs_are_retried_elsewhere() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.worker("other")

    assert sent(desk.lose()) == [job]
    assert desk.where(job) == "other"
    assert desk.store[job].failures[0].code == "worker_lost"
    assert desk.store[job].failures[0].message == "w: its worker was not heard any more"


def test_a_worker_that_comes_back_after_it_was_given_up_is_told_to_stop() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    stale = desk.lease(job)
    desk.worker("other")
    desk.lose()

    assert stopped(desk.worker(leases=[stale])) == [stale]
    assert desk.store[job].status is Status.PROCESSING
    assert desk.where(job) == "other"


def test_a_hello_of_a_new_life_voids_what_the_old_one_held() -> None:
    desk = Desk()
    desk.worker(boot="1")
    job = desk.submit()
    effects = desk.worker(boot="2")

    assert sent(effects) == [job]
    assert desk.lease(job).attempt == 2
    assert desk.store[job].failures[0].message == "w: its worker was restarted"


def test_a_late_hello_of_an_earlier_life_changes_nothing() -> None:
    desk = Desk()
    desk.worker(boot="1")
    desk.worker(boot="2")
    job = desk.submit()

    assert ended(desk.worker(boot="1")) == ["1"]
    assert desk.running() == [job]
    assert desk.scheduler.workers(desk.now)[0].boot == "2"


def test_of_two_workers_of_one_name_the_earlier_is_told_to_end_until_it_has() -> None:
    desk = Desk()
    desk.worker(boot="1")
    effects = desk.worker(boot="2")
    assert ended(effects) == ["1"]
    assert only(effects, SendOrder)[0].order == RetireWorker(Generation(1, "g"), "another worker called w")

    assert ended(desk.apply(beat(desk, boot="1"))) == ["1"]
    assert ended(desk.worker(boot="1")) == ["1"]
    assert ended(desk.apply(beat(desk, boot="2"))) == []


def test_a_worker_that_was_lost_and_replaced_is_told_to_end_when_it_comes_back() -> None:
    desk = Desk()
    desk.worker(boot="1")
    desk.lose()
    assert ended(desk.worker(boot="2")) == []
    assert ended(desk.worker(boot="1")) == ["1"]
    assert desk.scheduler.workers(desk.now)[0].boot == "2"


def test_a_worker_that_was_lost_and_comes_back_goes_on() -> None:
    desk = Desk()
    desk.worker(boot="1")
    desk.lose()
    assert ended(desk.worker(boot="1")) == []
    assert desk.submit() in desk.running()


def test_a_hello_again_in_the_same_life_changes_nothing_about_what_is_held() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()

    assert desk.worker(leases=[desk.lease(job)]) == []
    assert desk.running() == [job]


def test_a_lease_that_nobody_knows_is_stopped() -> None:
    desk = Desk()
    unknown = Lease(JobId("job-x"), 1, AttemptId("x"))

    assert stopped(desk.worker(leases=[unknown])) == [unknown]


def test_an_attempt_that_ended_with_the_whole_server_counts_only_if_that_goes_on() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    for attempt in range(2, 5):
        desk = desk.successor(suspect_attempts=3)
        desk.restore()
        assert sent(desk.worker()) == [job]
        assert desk.store[job].attempt == attempt

    assert desk.store[job].strikes == 1
    assert desk.store[job].failures[0].message == "w: its worker came back without it"


def test_after_a_restart_a_lease_whose_worker_does_not_come_is_lost() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    successor = desk.successor(adoption_s=30.0)
    successor.restore()
    successor.worker("other")
    assert sent(successor.after(29)) == []

    assert sent(successor.after(2)) == [job]
    assert successor.where(job) == "other"


def test_a_suspect_gets_nothing_new_until_it_is_heard() -> None:
    desk = Desk()
    desk.worker()
    desk.apply(WorkerSilent(W, BootId("1")))
    job = desk.submit()
    assert desk.running() == []
    assert "no worker that offers a takes jobs: w is suspect" in desk.reason(job)

    assert sent(desk.apply(beat(desk))) == [job]


def test_a_draining_worker_gets_nothing_new_and_keeps_what_it_has() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.apply(beat(desk, desk.lease(job), draining=True))
    desk.finish(job)
    desk.submit()

    assert desk.running() == []


def test_a_worker_that_left_in_order_counts_against_nobody() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.apply(WorkerBye(W, BootId("1")))

    assert desk.store[job].status is Status.QUEUED
    assert desk.store[job].strikes == 0
    assert desk.scheduler.workers(desk.now) == ()


def test_news_of_another_life_is_not_listened_to() -> None:
    desk = Desk()
    desk.worker(boot="2")
    job = desk.submit()
    for event in (
        beat(desk, boot="1"),
        WorkerLost(W, BootId("1")),
        WorkerSilent(W, BootId("1")),
        WorkerBye(W, BootId("1")),
    ):
        assert desk.apply(event) == []

    assert desk.running() == [job]
    assert desk.scheduler.workers(desk.now)[0].liveness == "alive"


def test_a_lease_that_a_beat_does_not_list_is_sent_again_and_then_given_to_somebody() -> None:
    desk = Desk(delivery_s=10.0)
    desk.worker()
    job = desk.submit()
    assert desk.apply(beat(desk)) == [], "it may be on its way"
    desk.after(11)
    assert sent(desk.apply(beat(desk))) == [job]
    assert desk.store[job].attempt == 1
    desk.after(11)
    desk.apply(beat(desk))

    assert desk.store[job].attempt == 2
    assert desk.store[job].strikes == 0


def test_a_beat_that_tells_nothing_of_leases_changes_nothing_about_them() -> None:
    desk = Desk(delivery_s=1.0)
    desk.worker()
    job = desk.submit()
    desk.after(100)

    assert desk.apply(beat(desk, told=False)) == []
    assert desk.running() == [job]


def test_a_cancel_that_got_lost_is_sent_again() -> None:
    desk = Desk(cancel_again_s=5.0)
    desk.worker()
    job = desk.submit()
    desk.cancel(job)
    assert only(desk.apply(beat(desk, desk.lease(job))), SendCancel) == []
    desk.after(6)

    assert stopped(desk.apply(beat(desk, desk.lease(job)))) == [desk.lease(job)]


def test_a_beat_with_a_stale_lease_stops_it() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    stale = desk.lease(job)
    desk.fail(job, "worker_lost")

    assert stopped(desk.apply(beat(desk, stale, desk.lease(job)))) == [stale]


def test_an_unhealthy_device_gets_nothing_and_people_see_why() -> None:
    desk = Desk(spec("a"))
    desk.worker()
    device = desk.workers[W].device
    sick = type(device)(id=device.id, kind="cuda", usable=device.usable, healthy=False, note="Xid 79")
    desk.apply(WorkerBeat(W, BootId("1"), sick, ()))
    job = desk.submit()

    assert desk.running() == []
    assert desk.reason(job) == "no worker that offers a takes jobs: w Xid 79"
    assert desk.scheduler.workers(desk.now)[0].quarantined == "Xid 79"


def test_a_lease_restored_after_its_worker_was_heard_is_adopted_or_lost() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    successor = desk.successor(adoption_s=30.0)
    successor.worker(leases=())
    successor.restore()
    assert successor.running() == [job]
    successor.apply(beat(successor, desk.lease(job)))
    successor.after(31)

    assert successor.running() == [job]
    assert successor.store[job].attempt == 1
