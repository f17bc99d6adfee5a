from aigc.core.ids import JobId, OwnerId
from tests.web.stream_kit import MemorySink
from web.audiences import Audiences
from web.watcher import Watcher

J = JobId("j")
ADA, EVE = OwnerId("ada"), OwnerId("eve")


def joined(audiences: Audiences, owner: OwnerId | None = ADA, **wants: bool) -> Watcher:
    one = Watcher(MemorySink(), owner)
    audiences.join(one)
    audiences.want(audiences.of(one), **wants)
    audiences.unite(audiences.of(one))
    return one


def test_those_who_want_and_know_the_same_are_one_until_one_of_them_parts() -> None:
    all_of_them = Audiences(10)
    one, two, three = (joined(all_of_them, everything=True) for _ in range(3))
    assert all_of_them.of(one) is all_of_them.of(two) is all_of_them.of(three)
    alone = all_of_them.alone(two)
    assert alone is not all_of_them.of(one) and list(alone.watchers) == [two]  # type: ignore[union-attr]
    assert all_of_them.hearing(J, ADA) == {alone, all_of_them.of(one)}


def test_whoever_may_see_or_follows_or_is_written_otherwise_is_told_apart() -> None:
    all_of_them = Audiences(10)
    ada, eve, operator = (joined(all_of_them, owner, everything=True) for owner in (ADA, EVE, None))
    watching = joined(all_of_them, ADA, everything=True, system=True)
    assert len({all_of_them.of(one) for one in (ada, eve, operator, watching)}) == 4
    assert all_of_them.hearing(J, EVE) == {all_of_them.of(eve), all_of_them.of(operator)}


def test_an_audience_is_no_larger_than_it_may_be() -> None:
    all_of_them = Audiences(2)
    made = {all_of_them.of(one) for one in [joined(all_of_them, system=True) for _ in range(5)]}
    assert sorted(len(audience.watchers) for audience in made) == [1, 2, 2]


def test_nothing_is_left_of_those_who_left() -> None:
    all_of_them = Audiences(10)
    some = [joined(all_of_them, everything=True, system=True) for _ in range(3)]
    all_of_them.watch(all_of_them.alone(some[0]), J, None)  # type: ignore[arg-type]
    for one in some:
        all_of_them.leave(one)
        all_of_them.leave(one)
    assert all_of_them.alone(some[0]) is None
    assert (len(all_of_them), set(all_of_them.jobs), set(all_of_them.owners), all_of_them.system) == (
        0,
        set(),
        set(),
        set(),
    )
    assert all_of_them._alike == {}
