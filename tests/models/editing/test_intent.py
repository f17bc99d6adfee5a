import pytest

from aigc.models.editing.intent import Reader, by_rules
from aigc.models.shapes.sentence import SentenceEncoder, weights_folder
from aigc.runner.model import InputInvalid


@pytest.fixture(scope="module")
def reader():
    folder = weights_folder()
    assert folder is not None
    return Reader(SentenceEncoder(folder))


@pytest.mark.parametrize(
    ("text", "verb", "part", "thing"),
    [
        ("remove the hat", "remove", "hat", ""),
        ("Please get rid of the left ear.", "remove", "left ear", ""),
        ("no tail", "remove", "tail", ""),
        ("add a chimney", "add", "", "chimney"),
        ("put a red hat on its head", "add", "head", "red hat"),
        ("give it wings", "add", "", "wings"),
        ("grow wings on its back", "add", "back", "wings"),
        ("grow the ears", "enlarge", "ears", ""),
        ("make the head bigger", "enlarge", "head", ""),
        ("the ears are too big", "shrink", "ears", ""),
        ("make the neck longer", "stretch", "neck", ""),
        ("replace the wheel with a sphere", "replace", "wheel", "sphere"),
        ("swap its head for a pumpkin", "replace", "head", "pumpkin"),
        ("turn the head into a pumpkin", "replace", "head", "pumpkin"),
        ("turn it into gold", "recolour", "", ""),
        ("turn the head to the left", "rotate", "head", ""),
        ("paint the shirt red", "recolour", "shirt", ""),
        ("the roof should be made of straw", "recolour", "roof", ""),
        ("change the colour of the door to blue", "recolour", "door", ""),
        ("wooden", "recolour", "", ""),
        ("hollow out the pot", "hollow", "pot", ""),
        ("cut it in half", "cut", "", ""),
        ("make it symmetric", "mirror", "", "symmetric"),
        ("mirror the arm", "mirror", "arm", ""),
        ("twist it by 120 degrees", "twist", "", ""),
        ("bend the tail to the left", "bend", "tail", ""),
        ("smooth the face a bit", "smooth", "face", ""),
        ("make the belly fatter", "inflate", "belly", ""),
        ("make the legs thinner", "thin", "legs", ""),
        ("move the arms up", "move", "arms", ""),
    ],
)
def test_instructions_are_understood_by_their_words(text, verb, part, thing, reader):
    found = reader.instruction(text)

    assert (found.verb, found.part, found.thing) == (verb, part, thing)
    assert found.sure == 1


def test_what_no_rule_tells_is_compared_with_example_sentences(reader):
    found = reader.instruction("I don't want the tail any longer, take it")

    assert found.verb == "remove"
    assert 0.42 <= found.sure < 1
    assert found.heard.startswith("likeness to")


@pytest.mark.parametrize("text", ["xyzzy foo", "!!!", "the weather is nice in Lisbon", "paint it"])
def test_what_is_not_understood_is_refused_with_examples(text, reader):
    with pytest.raises(InputInvalid) as caught:
        reader.instruction(text)

    assert caught.value.suggestion


@pytest.mark.parametrize(
    ("text", "word"),
    [("flurble the ears", "flurble"), ("wuggle the hat please", "wuggle"), ("mach den Kopf größer", "kopf"),
     ("make the head flurbler", "flurbler")],
)  # fmt: skip
def test_a_word_that_nobody_knows_is_named_and_not_taken_for_the_likest_verb(text, word, reader):
    with pytest.raises(InputInvalid, match=f"not known here: '{word}'"):
        reader.instruction(text)


def test_directions_and_looks_are_heard():
    assert by_rules("stretch it upwards").axis == (1, 1)
    assert by_rules("flatten the top").less
    assert by_rules("colour the roof dark green").look.color[1] > by_rules("colour the roof dark green").look.color[0]
    assert by_rules("make it golden").look.material.metallic == 1


def test_without_the_encoder_rules_alone_decide():
    alone = Reader(None)

    assert alone.instruction("remove the hat").verb == "remove"
    with pytest.raises(InputInvalid, match="not understood"):
        alone.instruction("I would rather see it bare")
