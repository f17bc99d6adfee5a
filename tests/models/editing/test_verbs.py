import typing

from aigc.features.text_mesh_editing import RegionEditParameters
from aigc.models.editing.verbs import AXES, LESS, VERBS


def test_the_settings_offer_every_verb_and_nothing_else():
    offered = typing.get_args(RegionEditParameters.model_fields["operation"].annotation)

    assert set(offered) == {"auto", *VERBS}


def test_every_verb_has_words_and_examples():
    for verb in VERBS.values():
        assert verb.words and verb.sentences and verb.usual > 0
    adjectives = {word for verb in VERBS.values() for word in verb.adjectives}
    assert {word for word in LESS if word.endswith("er")} <= adjectives
    assert all(axis in (0, 1, 2) and abs(sign) == 1 for axis, sign in AXES.values())
