import numpy as np

from aigc.mesh.rays import RayScene, around, hemisphere
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES


def test_the_first_face_is_hit_and_weights_lead_to_the_point():
    scene = RayScene(CUBE_CORNERS, CUBE_FACES)

    hits = scene.first_hits(np.array([(0.3, 0.6, 5), (9, 9, 9)], np.float32), np.array([(0, 0, -1)] * 2, np.float32))

    place = hits.weights[0] @ CUBE_CORNERS[CUBE_FACES[hits.face[0]]]
    assert np.allclose(place, (0.3, 0.6, 1), atol=1e-5)
    assert hits.distance[0] == 4
    assert hits.face[1] == -1


def test_what_is_beyond_reach_does_not_hide():
    scene = RayScene(CUBE_CORNERS, CUBE_FACES)
    origin, down = np.array([(0.3, 0.6, 5)], np.float32), np.array([(0, 0, -1)], np.float32)

    assert scene.occluded(origin, down, 10.0).tolist() == [True]
    assert scene.occluded(origin, down, 1.0).tolist() == [False]


def test_directions_stay_on_the_side_of_the_normal():
    normals = np.random.default_rng(0).standard_normal((500, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)

    for local in hemisphere(8):
        turned = around(normals, np.tile(local, (500, 1)), np.linspace(0, 6, 500, dtype=np.float32))
        assert np.allclose(np.linalg.norm(turned, axis=1), 1, atol=1e-4)
        assert np.allclose(np.einsum("ij,ij->i", turned, normals), local[2], atol=1e-4)
