import pytest

from aigc.models.painting.foreign import ASIDE, FOREIGN
from aigc.models.painting.vocabulary import MATERIALS, PATTERNS, REGIONS, WEATHERED
from aigc.models.shapes.palette import color_of
from aigc.models.shapes.words import GLOSS, LIGHTNESS, singular


@pytest.mark.parametrize("language", FOREIGN)
def test_every_translation_means_something(language):
    tables = (MATERIALS, PATTERNS, REGIONS, WEATHERED, GLOSS, LIGHTNESS, {"and", "with"})
    for word, english in FOREIGN[language].items():
        known = color_of(english) is not None or any(english in t or singular(english) in t for t in tables)
        assert known, (word, english)


def test_no_word_that_says_nothing_says_something():
    assert not ASIDE & (MATERIALS.keys() | PATTERNS.keys() | REGIONS.keys())
