import numpy as np

from aigc.mesh.canvas import lay_canvas
from aigc.mesh.types import Material, Mesh
from aigc.models.painting.coating import OWN, divide
from aigc.models.painting.prompt import read_prompt
from tests.mesh.kit import box, figurine


def strict(words):
    return {}


def table() -> list[Mesh]:
    """A board and a foot as two meshes, the foot with a name that says something."""
    board, foot = box((-1, 0.8, -1), (1, 1, 1)), box((-0.2, 0, -0.2), (0.2, 0.8, 0.2))
    return [Mesh(*board, name="board"), Mesh(*foot, material=Material("pillar"), name="node_7")]


def divided(meshes, text, how="auto"):
    canvas = lay_canvas(meshes, 64, lambda share, doing: None)
    return canvas, divide(canvas, meshes, read_prompt(text, strict), how)


def test_a_part_of_the_file_is_found_by_its_name():
    canvas, coating = divided(table(), "oak with a red pillar")

    assert coating.placed == {"pillar": "name"}
    assert coating.of_part == {0: 0, 1: 1}
    assert coating.coats[1].color[0] > 0.5
    assert canvas.owner.tolist() == coating.label.tolist()


def test_shells_are_parts_and_are_found_by_their_place():
    _, coating = divided([figurine()], "blue with a red head")

    assert coating.placed == {"head": "place"}
    (head,) = [part for part in coating.parts if coating.of_part[part.label] == 1]
    assert head.centre[1] > 0.7 and head.area > 0.1


def test_an_unknown_word_for_a_part_takes_the_next_largest():
    _, coating = divided([figurine()], "steel with a golden banner")

    assert coating.placed == {"banner": "size"}
    assert coating.of_part[coating.parts[1].label] == 1


def test_what_is_too_small_to_guess_is_lost_and_what_is_not_said_keeps_its_own_colours():
    _, coating = divided([figurine()], "red eyes")

    assert (coating.lost, coating.of_part) == (["eye"], {})
    face = np.arange(3, dtype=np.int32)
    assert (coating.at(face, np.full((3, 3), 0.5), np.ones((3, 3))) == OWN).all()


def test_without_parts_heights_and_sides_decide():
    _, coating = divided([figurine()], "blue, red top, green left", "none")
    places = np.array([(0.2, 0.2, 0.5), (0.2, 0.9, 0.5), (0.8, 0.2, 0.5)], np.float32)

    found = coating.at(np.zeros(3, np.int32), places, np.ones((3, 3), np.float32))

    assert found.tolist() == [0, 1, 2]
    assert set(coating.placed.values()) == {"height"}


def test_two_colours_take_turns_among_parts_and_blend_on_one():
    _, many = divided([figurine()], "red and green")
    _, one = divided([figurine()], "red and green", "none")

    assert sorted(set(many.of_part.values())) == [0, 1]
    assert [coat.pattern for coat in one.coats] == ["blend"]
