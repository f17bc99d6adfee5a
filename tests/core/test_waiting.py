"""Who waits, and in which order they are looked at."""

import itertools

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aigc.core.ids import JobId, ModelId, OwnerId
from aigc.core.job import Job
from aigc.core.scheduling.estimates import Learned
from aigc.core.scheduling.fairness import Fairness
from aigc.core.scheduling.waiting import SWEEP, Demand, Entry, Need, Waiting
from tests.core.scheduler_kit import spec

LEARNED = Learned()
_orders = itertools.count()


def entry(owner: str = "", priority: int = 5, since: float = 0.0, model: str = "a") -> Entry:
    order = next(_orders)
    job = Job(
        id=JobId(f"job-{order}"),
        feature="f",
        model=ModelId(model),
        created_at=0.0,
        owner=OwnerId(owner),
        priority=priority,
    )
    return Entry(job, since, order, since)


def demand(waiting: Waiting, model: str = "a") -> Demand:
    found = spec(model)
    return waiting.demand(Need(found.id, 0), found, LEARNED.profile(found, 0), LEARNED.load(found))


def add(waiting: Waiting, one: Entry) -> Entry:
    waiting.add(one, demand(waiting, one.job.model), 1.0)
    return one


def test_classes_are_in_order_of_priority() -> None:
    waiting = Waiting(Fairness(60.0))
    for priority in (3, 9, 0, 9):
        add(waiting, entry(priority=priority))

    assert [(cls.priority, cls.count) for cls in waiting.classes] == [(9, 2), (3, 1), (0, 1)]


def test_within_a_group_the_oldest_is_the_head() -> None:
    waiting = Waiting(Fairness(60.0))
    young, old = add(waiting, entry(since=5.0)), add(waiting, entry(since=1.0))
    group = old.group
    assert group is not None
    assert group is young.group
    assert group.head() is old

    waiting.discard(old)
    assert group.head() is young


def test_owners_take_turns_by_what_they_used() -> None:
    waiting = Waiting(Fairness(60.0))
    for owner in ("ann", "bob", "cy"):
        add(waiting, entry(owner))
    waiting.charge(OwnerId("ann"), 10.0, 0.0)
    waiting.charge(OwnerId("cy"), 5.0, 0.0)

    assert [item[2].owner for item in waiting.classes[0].turns] == ["bob", "cy", "ann"]

    waiting.charge(OwnerId("bob"), 7.0, 0.0)
    assert [item[2].owner for item in waiting.classes[0].turns] == ["cy", "bob", "ann"]


def test_who_comes_back_to_a_group_is_in_its_old_place() -> None:
    waiting = Waiting(Fairness(60.0))
    first, second = add(waiting, entry(since=1.0)), add(waiting, entry(since=2.0))
    waiting.discard(first)
    add(waiting, first)

    assert first.group is not None
    assert first.group.head() is first
    assert [waiting.ahead_of(one) for one in (first, second)] == [0, 1]
    assert [one.job.id for one in waiting.entries()] == [first.job.id, second.job.id]


def test_a_group_does_not_grow_by_those_who_leave_it() -> None:
    waiting = Waiting(Fairness(60.0))
    stays = add(waiting, entry())
    for _ in range(1000):
        waiting.discard(add(waiting, entry(since=1.0)))

    assert stays.group is not None
    assert len(stays.group._heap) < 100


def test_demands_that_nobody_has_are_forgotten_and_their_bits_used_again() -> None:
    waiting = Waiting(Fairness(60.0))
    stay = []
    for n in range(20 * SWEEP):
        one = add(waiting, entry(model=f"m{n}"))
        if n % (4 * SWEEP) == SWEEP // 2:
            stay.append(one)
        else:
            waiting.discard(one)

    indexes = {one.index for one in waiting._demands.values()}
    assert len(waiting._demands) <= SWEEP
    assert len(indexes) == len(waiting._demands)
    assert max(indexes) < 2 * SWEEP
    assert [one.need.model for one in waiting.demands()] == [one.job.model for one in stay]
    assert all(one.demand is waiting.known(Need(one.job.model, 0)) for one in stay)


def test_clear_returns_everybody_and_leaves_nothing() -> None:
    waiting = Waiting(Fairness(60.0))
    everybody = [add(waiting, entry(owner, priority)) for owner in "ab" for priority in (1, 2)]

    assert {one.order for one in waiting.clear()} == {one.order for one in everybody}
    assert (waiting.count, waiting.classes, waiting.by_owner(), waiting.demands()) == (0, (), {}, ())


class WaitingMachine(RuleBasedStateMachine):
    """Against a plain list of who waits."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting, self.here, self.away = Waiting(Fairness(60.0)), list[Entry](), list[Entry]()
        self.used: dict[str, float] = {}

    @rule(
        owner=st.sampled_from("abc"),
        priority=st.integers(0, 2),
        since=st.floats(0, 10),
        model=st.sampled_from(["x", "y", "z"]),
    )
    def comes(self, owner: str, priority: int, since: float, model: str) -> None:
        self.here.append(add(self.waiting, entry(owner, priority, since, model)))

    @precondition(lambda self: self.here)
    @rule(data=st.data())
    def leaves(self, data: st.DataObject) -> None:
        one = self.here.pop(data.draw(st.integers(0, len(self.here) - 1)))
        self.waiting.discard(one)
        self.away.append(one)

    @precondition(lambda self: self.away)
    @rule(data=st.data())
    def comes_back(self, data: st.DataObject) -> None:
        one = self.away.pop(data.draw(st.integers(0, len(self.away) - 1)))
        self.here.append(add(self.waiting, one))

    @rule(owner=st.sampled_from("abc"), seconds=st.floats(0.001, 100))
    def is_charged(self, owner: str, seconds: float) -> None:
        self.waiting.charge(OwnerId(owner), seconds, 0.0)
        self.used[owner] = self.used.get(owner, 0.0) + seconds

    @invariant()
    def counts_agree(self) -> None:
        waiting = self.waiting
        assert waiting.count == len(self.here)
        assert {one.order for one in waiting.entries()} == {one.order for one in self.here}
        for owner in "abc":
            assert waiting.by_owner().get(OwnerId(owner), 0) == sum(one.job.owner == owner for one in self.here)
        for model in "xyz":
            assert waiting.by_residency.get(model, 0) == sum(one.job.model == model for one in self.here)

    @invariant()
    def order_agrees(self) -> None:
        assert [cls.priority for cls in self.waiting.classes] == sorted({one.job.priority for one in self.here})[::-1]
        for cls in self.waiting.classes:
            owners = [item[2].owner for item in cls.turns]
            usage = [self.used.get(owner, 0.0) for owner in owners]
            assert usage == sorted(usage)
            assert cls.mask == sum(1 << index for index in cls.sharing)
            for *_, queue in cls.turns:
                for group in queue.groups.values():
                    members = [one for one in self.here if one.group is group]
                    assert group.head() is min(members, key=lambda one: (one.since, one.order))


TestWaitingMachine = WaitingMachine.TestCase
TestWaitingMachine.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
