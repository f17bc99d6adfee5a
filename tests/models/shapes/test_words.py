import pytest

from aigc.models.shapes.finish import Finish, rgb
from aigc.models.shapes.palette import GOLD, OAK, color_of
from aigc.models.shapes.words import Look, read_wishes, singular

PARTS = {"leg": "leg", "back": "back", "backrest": "back", "roof": "roof", "tomato": "tomato"}


def wishes(prompt: str):
    return read_wishes(prompt, PARTS, {"chair", "house"})


def test_adjectives_belong_to_the_noun_that_they_stand_before():
    said = wishes("a red chair with three golden legs and a blue wooden backrest")

    assert said.looks[""] == Look(color=color_of("red"))
    assert said.looks["leg"] == Look(material=GOLD)
    assert said.looks["back"] == Look(color=color_of("blue"), material=OAK)
    assert said.counts == {"leg": 3}


def test_what_stands_alone_is_said_of_the_thing_itself():
    assert wishes("chair, red, wooden").looks[""] == Look(color=color_of("red"), material=OAK)


def test_a_word_for_a_part_is_no_colour():
    assert wishes("a house with a tomato").looks == {}


def test_a_number_before_the_thing_counts_copies():
    assert wishes("three chairs").counts == {"": 3}
    assert wishes("3 small chairs").counts == {"": 3}


def test_dark_and_light_shift_the_colour_that_follows():
    dark, plain, light = (wishes(f"a {word}green chair").looks[""].color for word in ("dark ", "", "light "))

    assert sum(dark) < sum(plain) < sum(light)


def test_sizes_multiply_and_shapes_stretch():
    said = wishes("a huge tall thin chair")

    assert said.size == 2.5
    assert said.stretch == pytest.approx((0.8, 1.35, 0.8))


def test_weather_gloss_and_patterns_are_heard():
    said = wishes("an old mossy striped shiny chair")

    assert said.weather == {"worn", "moss"}
    assert said.looks[""].pattern == "striped"
    assert said.looks[""].gloss < 0


@pytest.mark.parametrize(
    ("word", "one"),
    [("legs", "leg"), ("boxes", "box"), ("berries", "berry"), ("glass", "glass"), ("knives", "knif"), ("bus", "bus")],
)
def test_plurals_lose_their_ending(word, one):
    assert singular(word) == one


def test_a_look_changes_only_what_it_names():
    oak = Look(color=rgb("ff0000")).over(OAK)

    assert oak.pattern == OAK.pattern and oak.color == (1, 0, 0)
    assert Look().over(OAK) == OAK
    assert Look(material=GOLD).over(OAK) == GOLD
    assert Look(gloss=-9).over(OAK).roughness == 0.05
    assert Look(pattern="striped").over(Finish("striped", rgb("ffffff"), rgb("000000"))).second == (0, 0, 0)
