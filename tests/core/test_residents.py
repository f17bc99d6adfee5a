import pytest

from aigc.core.hosting.residents import Residents, ResidentsSettings, Room, gib
from aigc.core.hosting.slot import RunnerSlot
from aigc.core.ids import ModelId
from aigc.core.messages import Grant, LoadModel, PinModel, UnloadModel
from aigc.core.model import Catalogue, ModelSpec
from aigc.core.runner_events import Kill, RunnerExited, RunnerId, RunnerLoaded, Spawn, Terminate
from tests.core.device_kit import FIRST, GIB, grant, sample, spec


def residents(total: int = 10 * GIB, **settings: object) -> Residents:
    made = Residents(ResidentsSettings(**settings))  # type: ignore[arg-type]
    made.measure(sample(total), {}, 0.0)
    return made


def idle(of: Residents, name: str, size: int, since: float) -> RunnerSlot:
    of.load(spec(name), size, since)
    slot = of.of(name)
    assert slot is not None
    of.apply(RunnerLoaded(slot.runner, 1.0, 0), since)
    return slot


def leaving(of: Residents, wants: Grant, kept: str = "", wanted: str = "") -> tuple[Room, list[str]]:
    room, effects = of.make_room(wants, wants.model, set(kept), set(wanted), 100.0)
    assert all(isinstance(effect, Terminate) for effect in effects)
    return room, [effect.runner.split("-")[0] for effect in effects if isinstance(effect, Terminate)]


def test_a_runner_is_numbered_so_that_its_id_never_comes_again():
    made = residents()
    assert made.load(spec("a"), GIB, 0.0) == [Spawn(RunnerId("a-1"), spec("a"))]
    made.apply(RunnerExited(RunnerId("a-1"), 0), 1.0)
    assert made.load(spec("a"), GIB, 2.0) == [Spawn(RunnerId("a-2"), spec("a"))]


def test_without_room_nothing_is_loaded():
    made = residents(total=GIB, reserve_bytes=1)
    assert made.load(spec("a"), GIB, 0.0) == []
    assert len(made) == 0


def test_memory_comes_back_with_the_process_and_not_before():
    made = residents()
    slot = idle(made, "a", 6 * GIB, 1.0)
    assert leaving(made, grant("b", 6 * GIB)) == (Room.COMING, ["a"])
    assert made.ledger.reserved == 6 * GIB
    made.apply(RunnerExited(slot.runner, 0), 2.0)
    assert made.ledger.reserved == 0


# Who leaves.


def test_the_least_recently_used_leaves_and_no_more_than_needed():
    made = residents()
    for number, name in enumerate("abc"):
        idle(made, name, 3 * GIB, float(number))
    assert leaving(made, grant("z", 4 * GIB)) == (Room.COMING, ["a"])


def test_a_small_one_that_does_not_help_stays():
    made = residents()
    idle(made, "a", GIB, 0.0)
    idle(made, "b", 8 * GIB, 1.0)
    assert leaving(made, grant("z", 6 * GIB)) == (Room.COMING, ["b"])


def test_the_broker_s_hint_comes_first_in_its_order():
    made = residents(total=9 * GIB)
    for number, name in enumerate("abc"):
        idle(made, name, 3 * GIB, float(number))
    assert leaving(made, grant("z", 6 * GIB, evict=("c", "b"))) == (Room.COMING, ["c", "b"])


def test_the_hint_is_not_followed_if_no_room_is_needed():
    made = residents()
    idle(made, "a", 3 * GIB, 0.0)
    assert leaving(made, grant("z", 4 * GIB, evict=("a",))) == (Room.READY, [])


def test_what_another_lease_waits_for_leaves_last():
    made = residents(total=9 * GIB)
    for number, name in enumerate("abc"):
        idle(made, name, 3 * GIB, float(number))
    assert leaving(made, grant("z", 3 * GIB), wanted="ab") == (Room.COMING, ["c"])


def test_what_is_kept_or_pinned_never_leaves():
    made = residents(total=9 * GIB)
    made.follow(Catalogue((spec("a", pinned=True), spec("b"), spec("c")), ""), "cpu")
    made.load(spec("a", pinned=True), 3 * GIB, 0.0)
    made.apply(RunnerLoaded(RunnerId("a-1"), 1.0, 0), 0.0)
    for number, name in enumerate("bc"):
        idle(made, name, 3 * GIB, float(number))
    assert leaving(made, grant("z", 3 * GIB, evict=("a",)), kept="b") == (Room.COMING, ["c"])
    assert leaving(made, grant("z", 7 * GIB, alone=True))[0] is Room.COMING
    assert leaving(made, grant("z", 7 * GIB))[0] is Room.NEVER


def test_what_is_leaving_already_is_counted_and_nobody_else_is_sent_away():
    made = residents(total=9 * GIB)
    for number, name in enumerate("abc"):
        idle(made, name, 3 * GIB, float(number))
    assert leaving(made, grant("z", 3 * GIB)) == (Room.COMING, ["a"])
    assert leaving(made, grant("z", 3 * GIB)) == (Room.COMING, [])


def test_if_all_together_are_not_enough_nobody_is_sent_away():
    made = residents(total=9 * GIB)
    idle(made, "a", 3 * GIB, 0.0)
    made.measure(sample(9 * GIB, 4 * GIB), {}, 0.0)
    assert leaving(made, grant("z", 6 * GIB)) == (Room.NEVER, [])


# What a runner holds beyond its reservation.


def test_what_is_held_beyond_the_reservation_is_not_given_to_others():
    made = residents()
    slot = idle(made, "a", 2 * GIB, 0.0)
    made.measure(sample(10 * GIB), {slot.runner: 2 * GIB + 100}, 1.0)
    assert made.ledger.free == 8 * GIB - 100
    assert leaving(made, grant("z", 8 * GIB)) == (Room.COMING, ["a"])
    made.apply(RunnerExited(slot.runner, 0), 2.0)
    assert made.ledger.free == 10 * GIB


def test_what_is_held_beyond_the_reservation_is_told_as_the_runners_and_the_device_keeps_its_size():
    made = residents()
    slot = idle(made, "a", 2 * GIB, 0.0)
    made.measure(sample(10 * GIB), {slot.runner: 2 * GIB + 100}, 1.0)
    (told,) = made.view(2.0)
    assert (told.bytes, made.ledger.usable) == (2 * GIB + 100, 10 * GIB)


def test_a_runner_beyond_the_factor_and_the_margin_is_killed():
    made = residents(overdraw_factor=2.0, overdraw_bytes=GIB)
    small, large = idle(made, "a", GIB // 2, 0.0), idle(made, "b", 3 * GIB, 0.0)
    at_limit = {small.runner: GIB // 2 + GIB, large.runner: 6 * GIB}
    assert made.measure(sample(), at_limit, 1.0) == []
    beyond = {runner: size + 1 for runner, size in at_limit.items()}
    assert made.measure(sample(), beyond, 2.0) == [Kill(small.runner), Kill(large.runner)]


def test_a_smaller_need_gives_memory_back_down_to_what_was_used():
    made = residents()
    slot = idle(made, "a", 6 * GIB, 0.0)
    slot.hold(3 * GIB)
    assert made.fit(slot, GIB)
    assert made.ledger.held["a"] == 3 * GIB


# Coming and going unasked.


def pinned(name: str, size: int) -> ModelSpec:
    return spec(name, pinned=True, memory_bytes=size)


def test_pinned_models_are_loaded_as_far_as_there_is_room():
    made = residents()
    models = (pinned("a", 6 * GIB), pinned("b", 6 * GIB), pinned("c", 4 * GIB), spec("d"))
    made.follow(Catalogue(models, ""), "cpu")
    assert [effect.runner for effect in made.preload(0.0) if isinstance(effect, Spawn)] == ["a-1", "c-2"]
    assert made.preload(1.0) == []


def test_models_that_the_device_cannot_run_are_not_pinned_to_it():
    made = residents()
    made.follow(Catalogue((spec("a", pinned=True, devices=("cuda",)),), ""), "cpu")
    assert made.preload(0.0) == []


def test_a_pinned_model_that_died_comes_back_after_a_pause():
    made = residents(preload_pause_s=30.0)
    made.follow(Catalogue((pinned("a", GIB),), ""), "cpu")
    made.preload(0.0)
    made.apply(RunnerExited(RunnerId("a-1"), 1), 5.0)
    assert made.due(set(), 5.0) == 35.0
    assert made.preload(34.9) == []
    assert [type(effect) for effect in made.preload(35.0)] == [Spawn]


def test_a_pinned_model_that_an_operator_unloaded_stays_away_until_a_job_needs_it():
    made = residents()
    made.follow(Catalogue((pinned("a", GIB),), ""), "cpu")
    made.preload(0.0)
    made.obey(UnloadModel(FIRST, "a"))
    assert made.retire(set(), set(), everybody=False, now=1.0) == [Terminate(RunnerId("a-1"))]
    made.apply(RunnerExited(RunnerId("a-1"), 0), 2.0)
    assert made.preload(1e6) == []
    assert made.due(set(), 2.0) is None
    assert made.load(pinned("a", GIB), GIB, 1e6) == [Spawn(RunnerId("a-2"), pinned("a", GIB))]


# What operators want.


def load(name: str, need: int, *evict: str) -> LoadModel:
    return LoadModel(FIRST, ModelId(name), need, evict)


def with_models(total: int, *names: str, **settings: object) -> Residents:
    made = residents(total, **settings)
    made.follow(Catalogue(tuple(spec(name) for name in names), ""), "cpu")
    return made


def begun(made: Residents, now: float, kept: str = "", wanted: str = "") -> list[str]:
    return [type(one).__name__ + " " + one.runner for one in made.load_asked(set(kept), set(wanted), now)]  # type: ignore[union-attr]


def test_a_load_that_was_asked_for_begins_if_there_is_room_and_is_told_at_once():
    made = with_models(10 * GIB, "a")
    made.has_news = False
    made.obey(load("a", 4 * GIB))
    assert begun(made, 1.0) == ["Spawn a-1"]
    assert made.has_news
    assert made.ledger.held["a"] == 4 * GIB
    assert begun(made, 2.0) == []


def test_idle_models_leave_for_a_load_that_was_asked_for_the_named_ones_first():
    made = with_models(9 * GIB, "a", "b", "c", "z")
    for number, name in enumerate("abc"):
        idle(made, name, 3 * GIB, float(number))
    made.obey(load("z", 3 * GIB, "c"))
    assert begun(made, 10.0) == ["Terminate c-3"]
    assert made.preload(10.0) == [], "nothing else takes what is about to come free"
    made.apply(RunnerExited(RunnerId("c-3"), 0), 11.0)
    assert begun(made, 11.0) == ["Spawn z-4"]


def test_who_is_pinned_or_works_does_not_leave_for_a_load_that_was_asked_for():
    made = with_models(9 * GIB, "a", "b", "z")
    idle(made, "a", 3 * GIB, 0.0)
    idle(made, "b", 3 * GIB, 1.0)
    made.obey(PinModel(FIRST, ModelId("a"), True))
    made.obey(load("z", 6 * GIB))
    assert begun(made, 2.0, kept="b") == []
    assert begun(made, 3.0) == ["Terminate b-2"]
    assert [resident.pinned for resident in made.view(3.0)] == [True, False]


def test_a_load_that_can_never_fit_is_forgotten():
    made = with_models(9 * GIB, "a", "z")
    idle(made, "a", 3 * GIB, 0.0)
    made.obey(PinModel(FIRST, ModelId("a"), True))
    made.obey(load("z", 7 * GIB))
    assert begun(made, 1.0) == []
    made.obey(PinModel(FIRST, ModelId("a"), False))
    assert begun(made, 2.0) == []


def test_a_load_of_what_is_there_keeps_it_there_and_does_not_bring_it_back_later():
    made = with_models(9 * GIB, "a")
    slot = idle(made, "a", 3 * GIB, 0.0)
    made.obey(UnloadModel(FIRST, "a"))
    made.obey(load("a", 3 * GIB))
    assert made.retire(set(), set(), everybody=False, now=1.0) == []
    made.apply(RunnerExited(slot.runner, 1), 2.0)
    assert begun(made, 3.0) == []


def test_a_load_of_what_is_leaving_begins_when_that_is_gone():
    made = with_models(9 * GIB, "a")
    slot = idle(made, "a", 3 * GIB, 0.0)
    made.obey(UnloadModel(FIRST, "a"))
    made.retire(set(), set(), everybody=False, now=1.0)
    made.obey(load("a", 3 * GIB))
    assert begun(made, 1.0) == []
    made.apply(RunnerExited(slot.runner, 0), 2.0)
    assert begun(made, 2.0) == ["Spawn a-2"]


def test_a_model_that_the_catalogue_does_not_have_is_not_wished_for():
    made = with_models(9 * GIB, "a")
    made.obey(load("z", GIB))
    made.obey(PinModel(FIRST, ModelId("z"), True))
    assert begun(made, 1.0) == []
    assert made.preload(1.0) == []


def test_a_pinned_model_outlives_its_idle_time():
    made = with_models(9 * GIB, "a", keep_alive_s=60.0)
    idle(made, "a", 3 * GIB, 0.0)
    made.obey(PinModel(FIRST, ModelId("a"), True))
    assert made.retire(set(), set(), everybody=False, now=1e6) == []
    made.obey(PinModel(FIRST, ModelId("a"), False))
    assert made.retire(set(), set(), everybody=False, now=1e6) == [Terminate(RunnerId("a-1"))]


@pytest.mark.parametrize(("wanted", "expires"), [(set(), True), ({"a"}, False)])
def test_an_idle_model_leaves_after_its_time_unless_a_lease_waits_for_it(wanted: set[str], expires: bool):
    made = residents(keep_alive_s=60.0)
    slot = idle(made, "a", GIB, 10.0)
    assert made.due(wanted, 10.0) == (70.0 if expires else None)
    assert made.retire(set(), wanted, everybody=False, now=69.9) == []
    assert made.retire(set(), wanted, everybody=False, now=70.0) == ([Terminate(slot.runner)] if expires else [])


def test_without_a_time_an_idle_model_stays():
    made = residents()
    idle(made, "a", GIB, 0.0)
    assert made.retire(set(), set(), everybody=False, now=1e9) == []


def test_the_view_tells_what_is_resident():
    made = residents()
    idle(made, "a", GIB, 10.0)
    (resident,) = made.view(25.0)
    assert (resident.residency, resident.state, resident.bytes, resident.idle_s) == ("a", "idle", GIB, 15.0)
    assert (resident.load_s, resident.jobs_done, resident.pinned) == (1.0, 0, False)


def test_accounts_that_do_not_match_the_runners_are_noticed():
    made = residents()
    made.ledger.reserve("ghost", 1)
    with pytest.raises(AssertionError, match="ghost"):
        made.validate()


def test_sizes_are_told_in_gib():
    assert gib(3 * GIB // 2) == "1.5 GiB"
