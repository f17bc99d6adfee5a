import numpy as np

from aigc.models.shapes import solids as s
from aigc.models.shapes.builder import LIBRARY, Builder, Shape
from aigc.models.shapes.finish import rgb
from aigc.models.shapes.palette import GOLD, OAK, RUBBER, color_of
from aigc.models.shapes.words import read_wishes

SHAPE = Shape(
    "cart", ("wagon",), ("a cart",), 2.0, frozenset({"body"}), {"wheel": "wheel", "body": "body"}, lambda b: None
)


def built(prompt: str, variation: float = 0.0) -> Builder:
    builder = Builder(read_wishes(prompt, SHAPE.parts, SHAPE.names), np.random.default_rng(1), variation, SHAPE)
    builder.add("body", s.box(1, 1, 1), OAK)
    builder.add("wheel", s.ball(1), RUBBER, keep=True)
    builder.add("lamp", s.ball(1), OAK)
    return builder


def finishes(prompt: str):
    return [piece.finish for piece in built(prompt).pieces]


def test_a_colour_goes_to_the_painted_parts_only():
    body, wheel, lamp = finishes("a red cart")

    assert body.color == color_of("red")
    assert (wheel, lamp) == (RUBBER, OAK)


def test_gold_goes_everywhere_but_to_what_keeps_its_own():
    assert finishes("a golden cart") == [GOLD, RUBBER, GOLD]


def test_what_is_said_of_a_part_is_done_even_to_one_that_keeps_its_own():
    assert finishes("a cart with blue wheels")[1].color == color_of("blue")


def test_counts_stay_within_what_looks_right():
    builder = built("a cart with 90 wheels")

    assert builder.count("wheel", 4, 2, 8) == 8
    assert builder.count("lamp", 3, 0, 9) == 3


def test_without_variation_nothing_is_left_to_chance():
    builder = built("a cart")

    assert builder.vary(2.0) == 2.0
    assert builder.pick("first", "second") == "first"
    assert built("a cart", 1.0).vary(2.0) != 2.0


def test_an_empty_solid_is_no_part():
    builder = built("a cart")
    builder.add("nothing", s.box(1, 1, 1) - s.box(2, 2, 2), OAK)

    assert len(builder.pieces) == 3
    assert builder.says("cart", "boat")
    assert SHAPE.names == {"cart", "wagon"}
    assert LIBRARY.get("cart") is None
    assert rgb("000000") == (0, 0, 0)
