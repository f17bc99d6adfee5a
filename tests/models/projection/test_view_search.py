import numpy as np
import pytest

from aigc.mesh.preview import View, render
from aigc.models.projection.sight import Sight
from aigc.models.projection.view_search import Cutout, find_view, refined, surface_normals
from tests.mesh.kit import figurine


def photographed(view: View) -> Cutout:
    picture = render(figurine(), view, 200, "transparent")
    return Cutout(picture, (picture[..., 3] > 250).astype(np.float32))


@pytest.mark.parametrize("view", [View(20, 10), View(-150, 15)])
def test_the_view_of_a_rendered_picture_is_found_again(view):
    mesh = figurine()
    told = []

    found = find_view(
        Sight(mesh.positions, mesh.faces), surface_normals(mesh.positions, mesh.faces), photographed(view), told.append
    )

    assert abs((found.view.azimuth - view.azimuth + 180) % 360 - 180) < 16
    assert abs(found.view.elevation - view.elevation) < 16
    assert found.overlap > 0.85
    assert told == sorted(told) and len(told) > 10


def test_edges_tell_the_front_from_the_back():
    mesh = figurine()
    sight, normals = Sight(mesh.positions, mesh.faces), surface_normals(mesh.positions, mesh.faces)
    cutout = photographed(View(0, 0, orthographic=True))

    front, back = (refined(sight, normals, cutout, View(turn, 0, orthographic=True), 0.0) for turn in (0, 180))

    assert front.likeness > back.likeness + 0.1


def test_a_view_may_be_taken_as_it_is():
    mesh = figurine()
    sight, normals = Sight(mesh.positions, mesh.faces), surface_normals(mesh.positions, mesh.faces)

    found = refined(sight, normals, photographed(View(0, 0)), View(77, 3, orthographic=True), 0.0)

    assert (found.view.azimuth, found.view.elevation) == (77, 3)
