import numpy as np
import pytest

from aigc.mesh import transfer
from aigc.mesh.transfer import ColorSource, has_colors
from aigc.mesh.types import Material, Mesh
from tests.mesh.kit import cube, sphere


def halves() -> Mesh:
    points, faces = sphere()
    colors = np.where(points[:, :1] > 0, [[255, 0, 0, 255]], [[0, 0, 255, 255]]).astype(np.uint8)
    return Mesh(points, faces, colors=colors)


def test_colours_are_taken_from_the_surface_along_the_normal():
    source = ColorSource([halves()])
    directions = np.array([(0.9, 0.3, 0.3), (-0.9, 0.3, 0.3)], np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)

    for distance in (0.97, 1.0, 1.03):
        red, blue = source.at(directions * np.float32(distance), directions)
        assert red[0] > 0.9 > 0.1 > red[2]
        assert blue[2] > 0.9 > 0.1 > blue[0]


def test_far_from_the_surface_the_nearest_face_gives_its_colour():
    source = ColorSource([halves()])

    (color,) = source.at(np.array([(5, 0, 0)], np.float32), np.array([(0, 1, 0)], np.float32))

    assert color[0] > 0.9


def test_each_of_several_meshes_gives_its_own_colour():
    far = cube((0, 1, 0)).with_(positions=cube().positions + np.float32(4))
    source = ColorSource([cube((1, 0, 0)), far])

    colors = source.at(np.array([(0.5, 0.5, 1), (4.5, 4.5, 5)], np.float32), np.array([(0, 0, 1)] * 2, np.float32))

    assert np.allclose(colors, [[1, 0, 0], [0, 1, 0]], atol=1e-3)


def test_one_plain_colour_needs_no_texture():
    assert not has_colors([cube()])
    assert has_colors([cube(), cube((0, 1, 0))])
    assert has_colors([halves()])
    assert not has_colors([cube().with_(material=Material(base_color_texture=np.zeros((2, 2, 3), np.uint8)))])


def test_whoever_wants_no_more_colours_is_heard_before_each_few_points(monkeypatch):
    monkeypatch.setattr(transfer, "_POINTS_A_CALL", 10)
    source, shares = ColorSource([halves()]), []
    points = np.tile(np.float32([[1, 0, 0]]), (25, 1))

    def look(share: float) -> None:
        shares.append(share)
        if len(shares) == 4:
            raise InterruptedError

    assert len(source.at(points, points, look)) == 25
    assert shares == [0, 0.4, 0.8]
    with pytest.raises(InterruptedError):
        source.at(points, points, look)
    assert len(shares) == 4
