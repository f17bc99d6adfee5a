import numpy as np
import pytest

from aigc.mesh.unwrap import unwrap
from aigc.models.shapes import solids as s
from aigc.models.shapes.assemble import assemble, build_pieces, painted_mesh, plain_mesh
from aigc.models.shapes.builder import Piece
from aigc.models.shapes.finish import Finish, rgb
from aigc.models.shapes.retrieval import LIBRARY
from aigc.models.shapes.words import Wishes, read_wishes

RED, BLUE = Finish("plain", rgb("d02020")), Finish("plain", rgb("2020d0"))
TOWER = [
    Piece("base", s.box(2, 2, 2, 0.05), RED, False),
    Piece("top", s.box(1, 2, 1, 0.05).translate((0, 1.8, 0)), BLUE, False),
]


def assembled(wishes: Wishes | None = None, size: float = 1.0):
    return assemble(TOWER, wishes or Wishes(), size, 10_000, lambda step: None)


def test_each_face_knows_the_piece_that_it_comes_from():
    made = assembled()
    height = made.positions[made.faces].mean(axis=1)[:, 1]

    assert made.piece[height > 0.6].tolist() == [1] * int((height > 0.6).sum())
    assert made.piece[height < 0.4].tolist() == [0] * int((height < 0.4).sum())


def test_a_stretch_and_a_size_are_obeyed():
    wide = assembled(Wishes(stretch=(2, 1, 1)), 3.0)

    assert np.ptp(wide.positions, axis=0) == pytest.approx([3.0, 3.0 * 3.8 / 4, 1.5], rel=0.01)


def test_the_texture_shows_each_piece_in_its_colour():
    made = assembled()

    mesh = painted_mesh(made, Wishes(), 256, "tower", lambda fraction, message: None)

    middle = mesh.uv[mesh.faces].mean(axis=1)
    picture = mesh.material.base_color_texture.astype(int)
    shown = picture[(middle[:, 1] * 256).astype(int), (middle[:, 0] * 256).astype(int)]
    large = np.linalg.norm(np.ptp(mesh.positions[mesh.faces], axis=1), axis=1) > 0.2
    is_red = shown[:, 0] > shown[:, 2]
    assert np.array_equal(is_red[large], (made.piece == 0)[large])


def test_corners_are_darker_than_open_faces():
    made = assembled()
    mesh = painted_mesh(made, Wishes(), 256, "tower", lambda fraction, message: None)
    sky = mesh.material.surface_texture[..., 0]

    assert sky.min() < 170 < 245 < sky.max()


def test_snow_lies_on_what_looks_up():
    mesh = painted_mesh(assembled(), Wishes(weather={"snow"}), 256, "tower", lambda fraction, message: None)
    middle = (mesh.uv[mesh.faces].mean(axis=1) * 256).astype(int)
    shown = mesh.material.base_color_texture[middle[:, 1], middle[:, 0]].astype(int)
    up = mesh.normals[mesh.faces].mean(axis=1)[:, 1]

    assert shown[up > 0.99].min(axis=1).mean() > 150
    assert shown[up < -0.5].min(axis=1).mean() < 100


def test_the_raw_mesh_has_the_same_faces_and_no_texture():
    made = assembled()
    mesh = plain_mesh(made, "tower")

    assert len(mesh.faces) == len(made.faces)
    assert mesh.uv is None


def test_copies_stand_apart_and_differ():
    shape = LIBRARY["barrel"]
    pieces = build_pieces(shape, read_wishes("three barrels", shape.parts, shape.names), 1, 0.5)
    staves = [piece.solid for piece in pieces if piece.part == "stave"]

    assert len(staves) == 3
    assert (staves[0] ^ staves[1]).is_empty() and (staves[1] ^ staves[2]).is_empty()


def test_a_limit_on_faces_is_kept_and_progress_told():
    steps: list[int] = []
    shape = LIBRARY["castle"]
    wishes = Wishes()

    made = assemble(build_pieces(shape, wishes, 1, 0.5), wishes, 10.0, 3_000, steps.append)

    assert len(made.faces) <= 3_300
    assert steps == list(range(len(steps))) and len(steps) > 2


def test_no_face_of_a_texture_crosses_what_lies_between_two_islands():
    shape = LIBRARY["donut"]
    wishes = read_wishes("a donut", shape.parts, shape.names)
    made = assemble(build_pieces(shape, wishes, 7, 1.0), wishes, shape.size, 16_000, lambda step: None)

    opened = unwrap(made.positions, made.faces)

    in_texture, in_space = longest_edges(opened.uv[opened.faces]), longest_edges(made.positions[made.faces])
    assert in_texture[in_space < np.median(in_space) / 10].max() < 0.05


def longest_edges(corners: np.ndarray) -> np.ndarray:
    return np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
