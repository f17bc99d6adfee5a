import numpy as np
import pytest

from aigc.mesh.preview import View, silhouette
from aigc.models.projection.sight import Sight
from tests.mesh.kit import figurine, sphere

VIEW = View(35, 20, orthographic=True)


def test_a_mask_is_the_silhouette_cut_to_its_box():
    mesh = figurine()
    sight = Sight(mesh.positions, mesh.faces)

    mask = sight.mask(sight.frame(VIEW), (120, 200))

    whole = silhouette(mesh, VIEW, 400) > 0
    rows, columns = np.flatnonzero(whole.any(axis=1)), np.flatnonzero(whole.any(axis=0))
    cut = whole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    frame = sight.frame(VIEW)
    assert abs(frame.aspect - cut.shape[1] / cut.shape[0]) < 0.02
    assert mask.any(axis=0).all() and mask.any(axis=1).all()
    assert abs(mask.mean() - cut.mean()) < 0.02


@pytest.mark.parametrize("flatness", [1.0, 0.0], ids=["round", "flat"])
def test_a_frame_is_the_box_of_all_positions_also_of_a_mesh_with_many(flatness: float):
    positions, faces = sphere(32, 48)
    positions = (positions + np.sin(5 * positions[:, ::-1]) * 0.2) * np.array([1, 1, flatness], np.float32)
    sight = Sight(positions, faces)
    assert len(positions) > 1000

    frame = sight.frame(VIEW)

    seen = positions @ frame.turn.T
    assert np.allclose(frame.low, seen.min(axis=0), atol=1e-6)
    assert np.allclose(frame.high, seen.max(axis=0), atol=1e-6)


def test_places_and_depths_of_points_agree_with_what_is_seen_there():
    mesh = figurine()
    sight = Sight(mesh.positions, mesh.faces)
    frame = sight.frame(VIEW)
    seen = sight.look(frame, (200, 200))
    row, column = np.argwhere(seen.mask)[::97].T
    centres = mesh.positions[mesh.faces[seen.face[row, column]]].mean(axis=1)

    place, depth = frame.place(centres)

    assert np.abs(place - (np.stack([column, row], axis=1) + 0.5) / 200).max() < 0.25
    assert np.abs(depth - seen.depth[row, column]).max() < 0.5
    assert np.allclose(frame.toward @ frame.toward, 1, atol=1e-5)


def test_what_stands_behind_something_is_hidden():
    mesh = figurine()
    sight = Sight(mesh.positions, mesh.faces)
    frame = sight.frame(View(0, 0, orthographic=True))
    points = np.array([(0, 0.5, 0.5), (0, 0.5, -0.5), (0, 1.2, 0.3)], np.float32)
    normals = np.array([(0, 0, 1), (0, 0, -1), (0, 0, 1)], np.float32)

    # The belly, the back, and the face behind the nose.
    assert sight.hidden(frame, points, normals).tolist() == [False, True, True]


def test_no_hull_is_made_of_a_round_mesh_which_would_hold_it_all():
    positions, faces = sphere(64, 96)
    assert len(Sight(positions, faces).outermost) == len(positions)
    dented = (positions + np.sin(9 * positions[:, ::-1]) * 0.3).astype(np.float32)
    assert len(Sight(dented, faces).outermost) < len(positions) / 4
