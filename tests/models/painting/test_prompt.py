import pytest

from aigc.models.painting.prompt import Coat, read_prompt
from aigc.models.painting.vocabulary import MATERIALS, PELTS
from aigc.models.shapes.palette import color_of


def strict(words):
    """No word is like another."""
    return {}


def parts_of(text: str) -> dict[str, Coat]:
    return {word: coat for word, _, coat in read_prompt(text, strict).parts}


def test_what_is_said_first_is_said_of_the_whole_and_the_rest_of_parts():
    reading = read_prompt("a red brick house with a slate roof", strict)

    assert (reading.whole.material, reading.whole.color) == (MATERIALS["brick"], color_of("red"))
    assert reading.parts == [("roof", "", Coat(material=MATERIALS["slate"]))]
    assert (reading.thing, reading.unknown) == ("house", [])


@pytest.mark.parametrize(
    ("text", "word", "coat"),
    [
        ("gold armour, brown leather belt", "belt", Coat(color_of("brown"), None, MATERIALS["leather"])),
        ("red head blue body", "head", Coat(color_of("red"))),
        ("red head and blue legs", "leg", Coat(color_of("blue"))),
        ("legs of oak, a seat in red velvet", "leg", Coat(material=MATERIALS["oak"])),
        ("the roof is green", "roof", Coat(color_of("green"))),
        ("red cap with white dots", "cap", Coat(color_of("red"), color_of("white"), None, "dots")),
        ("steel with a golden banner", "banner", Coat(material=MATERIALS["gold"])),
    ],
)
def test_a_coat_belongs_to_the_part_beside_it(text, word, coat):
    assert parts_of(text)[word] == coat


def test_a_side_goes_with_its_part():
    assert read_prompt("grey with a red left arm", strict).parts == [("arm", "left", Coat(color_of("red")))]
    assert read_prompt("red left, blue right", strict).parts[1][0] == "right"


@pytest.mark.parametrize(
    ("text", "coat"),
    [
        ("black and white stripes", Coat(color_of("black"), color_of("white"), None, "stripes")),
        ("pink polka dots on white", Coat(color_of("white"), color_of("pink"), None, "dots")),
        ("zebra stripes", Coat(material=PELTS["zebra"])),
        ("leopard fur", Coat(material=PELTS["leopard"])),
        ("rusty iron", Coat(material=MATERIALS["rusty"])),
        ("gradient from blue to white", Coat(color_of("blue"), color_of("white"), None, "blend")),
    ],
)
def test_patterns_and_two_colours(text, coat):
    assert read_prompt(text, strict).whole == coat


def test_dark_and_light_change_the_colour_that_follows_or_that_of_the_material():
    assert sum(read_prompt("dark green", strict).whole.color) < sum(color_of("green"))
    assert sum(read_prompt("dark oak", strict).whole.finish().color) < sum(MATERIALS["oak"].color)


def test_weather_is_kept_apart():
    reading = read_prompt("mossy old stone", strict)

    assert (reading.whole, reading.weather) == (Coat(material=MATERIALS["stone"]), {"moss", "worn"})


@pytest.mark.parametrize(
    ("text", "color", "material"),
    [
        ("ein rotes Haus aus Holz", "red", "wood"),
        ("une maison de brique rouge", "red", "brick"),
        ("una casa roja de piedra", "red", "stone"),
        ("一个红色的木头椅子", "red", "wood"),
    ],
)
def test_the_commonest_words_of_other_languages_are_known(text, color, material):
    whole = read_prompt(text, strict).whole

    assert (whole.color, whole.material) == (color_of(color), MATERIALS[material])


def test_near_words_are_taken_for_known_ones_and_told():
    asked = []

    def nearest(words):
        asked.extend(words)
        return {"gilded": "gold"}

    reading = read_prompt("gilded blorf handle", nearest)

    assert asked == ["gilded", "blorf"]
    assert reading.parts == [("handle", "", Coat(material=MATERIALS["gold"]))]
    assert (reading.near, reading.unknown) == ({"gilded": "gold"}, ["blorf"])


def test_words_without_a_meaning_are_kept_to_be_told():
    reading = read_prompt("xqzt blorf, красный", strict)

    assert (reading.whole, reading.parts, reading.unknown) == (None, [], ["xqzt", "blorf", "красный"])


def test_a_material_keeps_its_own_red_but_takes_a_strange_colour():
    red, blue = (read_prompt(f"{word} brick", strict).whole.finish().color for word in ("red", "blue"))

    assert (
        red[0] < color_of("red")[0] + 0.01
        and max(abs(a - b) for a, b in zip(red, MATERIALS["brick"].color, strict=True)) < 0.12
    )
    assert blue == color_of("blue")
