import pytest

from aigc.models.editing.difference import differences
from aigc.runner.model import InputInvalid


@pytest.mark.parametrize(
    ("source", "target", "steps"),
    [
        ("a knight", "a knight with a sword", [("add", "", "sword")]),
        ("a knight with a sword", "a knight", [("remove", "sword", "")]),
        ("a penguin with a scarf", "a penguin with a crown", [("replace", "scarf", "crown")]),
        ("a dog", "a cat", [("replace", "", "cat")]),
        ("a red chair", "a blue chair", [("recolour", "", "")]),
        ("a robot with a red hat", "a robot with a blue hat", [("recolour", "hat", "")]),
        ("a rabbit", "a rabbit with big ears", [("enlarge", "ear", "")]),
        ("a house", "a tall house", [("stretch", "", "")]),
        ("a house with a chimney", "a house without a chimney", [("remove", "chimney", "")]),
        ("a rabbit", "remove the ears", [("remove", "ears", "")]),
        ("a bed", "a bed with a golden vase and a book", [("add", "", "golden vase"), ("add", "", "book")]),
    ],
)  # fmt: skip
def test_the_steps_from_one_description_to_another(source, target, steps):
    assert [(step.verb, step.part, step.thing) for step in differences(source, target)] == steps


def test_no_difference_is_refused_and_so_is_one_that_is_not_understood():
    with pytest.raises(InputInvalid, match="the same"):
        differences("a chair", "a chair")
    with pytest.raises(InputInvalid, match="not understood"):
        differences("a chair", "a melancholic chair")
