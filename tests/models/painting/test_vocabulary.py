from aigc.models.painting.patterns import ALL_PATTERNS
from aigc.models.painting.vocabulary import MATERIALS, PATTERNS, PELTS, REGIONS


def test_every_word_leads_to_a_pattern_that_can_be_painted():
    used = {finish.pattern for finish in (*MATERIALS.values(), *PELTS.values())} | set(PATTERNS.values())

    assert used <= ALL_PATTERNS.keys()


def test_no_word_is_both_a_part_and_a_look():
    assert not REGIONS.keys() & (MATERIALS.keys() | PELTS.keys() | PATTERNS.keys())
