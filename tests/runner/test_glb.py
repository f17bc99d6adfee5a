import pytest

from aigc.runner.glb import mesh_glb
from tests.gltf import gltf_issues

CORNERS = [(0.1, 0.2, 0.3), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)]
FACES = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]


def test_a_mesh_of_thirds_is_a_valid_file():
    assert gltf_issues(mesh_glb(CORNERS, FACES)) == []


@pytest.mark.parametrize(
    ("points", "faces", "words"),
    [
        ([], FACES, "needs points"),
        (CORNERS, [], "needs points"),
        (CORNERS, [(0, 1, 4)], "1 to 4|0 to 4"),
        (CORNERS, [(-1, 0, 1)], "-1"),
    ],
)
def test_what_is_no_mesh_is_refused(points, faces, words):
    with pytest.raises(ValueError, match=words):
        mesh_glb(points, faces)
