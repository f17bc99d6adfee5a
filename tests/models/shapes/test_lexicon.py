import pytest

from aigc.models.shapes.lexicon import Lexicon, naming_words, words_of

PIECES = frozenset({"spot", "ride", "gallop", "rain", "proof", "bird", "happy", "der", "##er"})


@pytest.mark.parametrize("word", ["chair", "chairs", "spotty", "riding", "galloping", "rainproof", "wolves", "happy"])
def test_words_their_forms_and_compounds_are_known(word):
    assert Lexicon(PIECES).knows(word)


@pytest.mark.parametrize("word", ["flurble", "stuhl", "der", "er", "xqzzt", "rainflurb"])
def test_nonsense_and_what_only_other_languages_say_are_not(word):
    assert not Lexicon(PIECES).knows(word)


def test_looks_sizes_and_small_words_name_nothing():
    assert naming_words("please make me a very small, dark red and shiny wooden 3d model of a Flurble!") == ["flurble"]
    assert naming_words("an orchid") == ["orchid"]


def test_strangers_are_told_once_each():
    assert Lexicon(PIECES).strangers("a flurble chair, flurble with glorps") == ["flurble", "glorps"]


def test_accents_are_read_as_the_encoder_reads_them():
    assert words_of("Un ÉLÉPHANT, naïve") == ["un", "elephant", "naive"]
