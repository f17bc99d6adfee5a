from PIL import ImageColor

from aigc.models.shapes.finish import PATTERNS
from aigc.models.shapes.palette import MATERIAL_WORDS, PATTERN_WORDS, THROUGHOUT, color_of


def test_every_css_colour_is_known_unless_it_names_a_material():
    unknown = {name for name in ImageColor.colormap if color_of(name) is None}

    assert len(ImageColor.colormap) >= 140
    assert unknown <= set(MATERIAL_WORDS)


def test_a_word_that_is_no_colour_gives_none():
    assert color_of("chair") is None


def test_every_finish_has_a_pattern_that_exists():
    assert {finish.pattern for finish in MATERIAL_WORDS.values()} <= set(PATTERNS)
    assert set(PATTERN_WORDS.values()) <= set(PATTERNS)
    assert set(MATERIAL_WORDS.values()) >= THROUGHOUT
