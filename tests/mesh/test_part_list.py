import numpy as np

from aigc.mesh.part_list import named_parts, open_pieces
from aigc.mesh.types import Mesh
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, cube


def test_meshes_of_one_name_are_one_part_and_blenders_copies_are_parts_of_their_own():
    names = ["head", "head", "head.1", "leg.001", "leg.002", "arm.1"]

    found = named_parts([cube().with_(name=name) for name in names])

    assert {name: len(meshes) for name, meshes in found.items()} == {
        "head": 3, "leg.001": 1, "leg.002": 1, "arm.1": 1
    }  # fmt: skip


def test_open_pieces_are_parts_and_crumbs_belong_to_the_nearest():
    shift = np.array([3, 0, 0], np.float32)
    crumb = Mesh(CUBE_CORNERS * np.float32(0.05) + shift * np.float32(1.4), CUBE_FACES)
    meshes = [cube().with_(faces=CUBE_FACES[2:]), Mesh(CUBE_CORNERS + shift, CUBE_FACES), crumb]

    assert open_pieces(meshes).tolist() == [0] * 10 + [1] * 12 + [1] * 12


def test_closed_pieces_and_a_single_one_are_no_parts():
    apart = cube().with_(positions=CUBE_CORNERS + np.float32(3))

    assert open_pieces([cube(), apart]) is None
    assert open_pieces([cube().with_(faces=CUBE_FACES[2:])]) is None
