from io import BytesIO

import numpy as np
from PIL import Image

from aigc.mesh.skeleton import Joint, Skeleton, pose_matrices
from aigc.models.rigging.drawing import drawn
from tests.mesh.kit import cube

BONE = Skeleton((Joint("bone", -1, (0.5, 0.1, 0.5), (0.5, 0.9, 0.5)),))


def orange(png: bytes) -> np.ndarray:
    """The middle of what is drawn in the colour of joints, (x, y)."""
    pixels = np.asarray(Image.open(BytesIO(png))).astype(int)
    y, x = np.nonzero((pixels[..., 0] > 220) & (pixels[..., 2] < 90) & (abs(pixels[..., 1] - 140) < 30))
    return np.array([x.mean(), y.mean()])


def test_joints_are_seen_through_the_mesh_where_they_are_posed():
    rest = orange(drawn([cube((0.2, 0.4, 0.8))], BONE, pose_matrices(BONE, {}), 256))
    lifted = pose_matrices(BONE, {})
    lifted[0, 1, 3] += 0.5

    assert 100 < rest[0] < 156 and 128 < rest[1] < 230
    assert orange(drawn([cube((0.2, 0.4, 0.8))], BONE, lifted, 256))[1] < rest[1] - 30
