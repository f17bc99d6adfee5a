import pytest

from aigc.models.editing.phrase import Amount, amount_of, cleaned, look_of, noun_of, part_of, without_amount


def test_politeness_is_no_part_of_an_instruction():
    assert cleaned("  Please, could you REMOVE the hat?! ") == "please, could you remove the hat"
    assert cleaned("Could you please remove the hat.") == "remove the hat"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("twice as big", Amount(factor=2.0)),
        ("1.5x", Amount(factor=1.5)),
        ("three times as wide", Amount(factor=3.0)),
        ("by 30 degrees", Amount(degrees=30.0)),
        ("-45°", Amount(degrees=-45.0)),
        ("20 % larger", Amount(percent=20.0)),
        ("slightly bigger", Amount(emphasis=0.5)),
        ("much bigger", Amount(emphasis=1.8)),
        ("bigger", Amount()),
    ],
)
def test_how_much_is_heard(text, amount):
    assert amount_of(text) == amount


def test_things_are_told_from_how_they_look():
    assert noun_of("a shiny red wooden hat") == "hat"
    assert part_of("its left ears") == "left ears"
    assert without_amount("the head by 20 degrees") == "the head"
    assert look_of("dark green").color is not None
    assert look_of("a hat").says_nothing
