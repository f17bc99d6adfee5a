import math

from aigc.core.hosting.wishes import Wish, Wishes
from aigc.core.model import Catalogue, ModelSpec
from tests.core.device_kit import GIB, spec

A, PINNED = spec("a"), spec("p", pinned=True)


def wishes(*models: ModelSpec, kind: str = "cpu") -> Wishes:
    made = Wishes(30.0)
    made.follow(Catalogue(models or (A, PINNED), ""), kind)
    return made


def test_the_catalogue_pins_and_an_operator_frees_and_pins() -> None:
    made = wishes()
    assert (made.is_pinned("a"), made.is_pinned("p")) == (False, True)
    made.pin(A, is_pinned=True)
    made.pin(PINNED, is_pinned=False)
    assert (made.is_pinned("a"), made.is_pinned("p")) == (True, False)
    assert made.absent((), 0.0) == [A]


def test_what_the_operator_said_outlives_a_change_of_the_catalogue_but_not_of_the_model_s_leaving() -> None:
    made = wishes()
    made.pin(A, is_pinned=True)
    made.pin(PINNED, is_pinned=False)
    newer = spec("a", description="newer")
    made.follow(Catalogue((newer, PINNED), ""), "cpu")
    assert made.absent((), 0.0) == [newer]
    made.follow(Catalogue((PINNED,), ""), "cpu")
    assert not made.is_pinned("a")


def test_a_model_for_other_devices_is_not_pinned_by_the_catalogue() -> None:
    assert not wishes(spec("p", pinned=True, devices=("cuda",))).is_pinned("p")


def test_a_load_is_asked_for_once() -> None:
    made = wishes()
    wish = Wish(A, GIB)
    made.ask(wish)
    assert made.asked(()) == [wish]
    assert made.asked({"a"}) == []
    made.begun("a")
    assert made.asked(()) == []


def test_a_load_that_was_asked_for_follows_the_catalogue() -> None:
    made = wishes()
    made.ask(Wish(A, GIB, ("b",)))
    newer = spec("a", description="newer")
    made.follow(Catalogue((newer,), ""), "cpu")
    assert made.asked(()) == [Wish(newer, GIB, ("b",))]
    made.follow(Catalogue((), ""), "cpu")
    assert made.asked(()) == []


def test_what_is_unloaded_does_not_come_by_itself_until_somebody_asks_or_pins() -> None:
    made = wishes()
    made.ask(Wish(A, GIB))
    made.drop("a")
    made.drop("p")
    assert (made.asked(()), made.absent((), 1e9)) == ([], [])
    assert list(made.due((), 0.0)) == [math.inf, math.inf]
    made.pin(PINNED, is_pinned=True)
    assert made.absent((), 0.0) == [PINNED]


def test_a_pinned_model_that_was_lost_is_due_after_the_pause() -> None:
    made = wishes()
    made.begun("p")
    made.lost("p", 5.0)
    assert (made.absent((), 34.9), made.absent((), 35.0)) == ([], [PINNED])
    assert list(made.due((), 5.0)) == [35.0]
    assert list(made.due({"p"}, 5.0)) == []
    made.lost("a", 5.0)
    assert list(made.due((), 5.0)) == [35.0]


def test_what_can_never_be_loaded_is_forgotten() -> None:
    made = wishes()
    made.ask(Wish(A, GIB))
    made.refuse("a")
    assert made.asked(()) == []
