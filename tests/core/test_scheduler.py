"""The one door, and what can be seen through it."""

import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from aigc.core.ids import ModelId, Now
from aigc.core.job import Job, Lease
from aigc.core.lifecycle import begin
from aigc.core.messages import Submit
from tests.core.scheduler_kit import Desk, spec
from tests.simulation.chance import live
from tests.simulation.fates import MODELS
from tests.simulation.swarm import FAILURES, Seat, Swarm


def test_what_waits_and_what_runs_can_be_seen() -> None:
    desk = Desk(spec("a"), spec("b"))
    desk.worker()
    running = desk.submit("a", owner="ann")
    desk.submit("a", owner="ann")
    desk.submit("b", owner="bob")
    scheduler = desk.scheduler

    assert scheduler.waiting_count == 2
    assert scheduler.waiting_by_feature() == {"feature of a": 1, "feature of b": 1}
    assert scheduler.waiting_by_owner() == {"ann": 1, "bob": 1}
    assert scheduler.leases() == (desk.lease(running),)
    assert scheduler.waiting_by_priority() == {5: 2}
    (worker,) = scheduler.workers(desk.now)
    assert worker.leases == scheduler.running(desk.now)
    assert [(view.lease, view.owner) for view in worker.leases] == [(desk.lease(running), "ann")]
    assert scheduler.job(running) == desk.store[running]
    assert scheduler.story(running) == "100.000 s submitted a, 100.000 s started w"


def test_what_was_learned_is_known_to_the_next_scheduler() -> None:
    desk = Desk(spec("a", run_s=30))
    desk.worker()
    desk.finish(desk.submit(), run_s=2.0)
    successor = desk.successor()
    assert successor.scheduler.restore_learned(desk.scheduler.learned())

    assert successor.scheduler.learned_view()["a"]["run_s"] == 2.0
    assert successor.scheduler.learned() == desk.scheduler.learned()
    assert not successor.scheduler.restore_learned(b"nonsense")


@pytest.mark.parametrize("seed", range(3))
def test_equal_events_give_equal_effects(seed: int) -> None:
    first, second = (Swarm(random.Random(seed), check_every=1000) for _ in range(2))
    for swarm in (first, second):
        live(swarm, 400)

    assert first.store == second.store
    assert first.scheduler.learned() == second.scheduler.learned()
    assert first.scheduler.story() == second.scheduler.story()


def test_an_event_that_nobody_knows_is_a_defect() -> None:
    desk = Desk()

    with pytest.raises(KeyError):
        desk.scheduler.apply(["submit"], Now(0.0, 0.0))  # type: ignore[list-item]


def test_a_job_of_an_unknown_model_fails_with_the_reason() -> None:
    desk = Desk()
    job = begin(Job(id=desk.job().id, feature="f", model=ModelId("nobody"), created_at=desk.now.wall))
    desk.apply(Submit(job))

    failure = desk.store[job.id].failure
    assert failure is not None
    assert failure.code == "model_removed"


class SchedulerMachine(RuleBasedStateMachine):
    """Any interleaving of everything that can happen; the swarm looks at the promises after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.swarm = Swarm(random.Random(0))

    def teardown(self) -> None:
        self.swarm.calm_down()

    def seat(self, data: st.DataObject) -> Seat:
        return data.draw(st.sampled_from(self.swarm.seats))

    def held(self, data: st.DataObject) -> tuple[Seat, Lease]:
        return data.draw(st.sampled_from(self.swarm.held()))

    @rule(
        model=st.sampled_from([spec.id for spec in MODELS if spec.id != "impossible"]),
        owner=st.sampled_from("uv"),
        priority=st.sampled_from([2, 5, 8]),
        deadline_s=st.none() | st.floats(0.1, 20.0),
    )
    def submits(self, model: str, owner: str, priority: int, deadline_s: float | None) -> None:
        self.swarm.submit(model, owner=owner, priority=priority, deadline_s=deadline_s)

    @rule()
    def submits_what_is_refused(self) -> None:
        self.swarm.submit_refused()

    @precondition(lambda self: self.swarm.held())
    @rule(data=st.data())
    def starts(self, data: st.DataObject) -> None:
        self.swarm.start(*self.held(data))

    @precondition(lambda self: self.swarm.held())
    @rule(data=st.data())
    def finishes(self, data: st.DataObject) -> None:
        self.swarm.finish(*self.held(data))

    @precondition(lambda self: self.swarm.held())
    @rule(data=st.data(), code=st.sampled_from(FAILURES), killed=st.booleans())
    def fails(self, data: st.DataObject, code: str, killed: bool) -> None:
        self.swarm.fail(*self.held(data), code, killed=killed)

    @precondition(lambda self: self.swarm.held())
    @rule(data=st.data(), is_back=st.booleans())
    def ends_otherwise(self, data: st.DataObject, is_back: bool) -> None:
        (self.swarm.give_back if is_back else self.swarm.stop)(*self.held(data))

    @rule()
    def says_again(self) -> None:
        self.swarm.say_again()

    @rule(data=st.data(), what=st.sampled_from(["join", "come_back", "lose", "leave", "beat"]))
    def comes_or_goes(self, data: st.DataObject, what: str) -> None:
        getattr(self.swarm, what)(self.seat(data))

    @precondition(lambda self: self.swarm.open)
    @rule(data=st.data(), priority=st.none() | st.sampled_from([2, 5, 8]))
    def wishes(self, data: st.DataObject, priority: int | None) -> None:
        job = data.draw(st.sampled_from(list(self.swarm.open)))
        if priority is None:
            self.swarm.cancel(job)
        else:
            self.swarm.move(job, priority)

    @rule(without=st.sampled_from(["tiny", "small", "large", ""]))
    def reloads(self, without: str) -> None:
        self.swarm.reload([spec.id for spec in MODELS if spec.id != without])

    @rule()
    def restarts(self) -> None:
        self.swarm.restart()

    @rule(seconds=st.floats(0.01, 20.0))
    def lets_time_pass(self, seconds: float) -> None:
        self.swarm.pass_time(seconds)


TestSchedulerMachine = SchedulerMachine.TestCase
TestSchedulerMachine.settings = settings(max_examples=40, stateful_step_count=60, deadline=None)
