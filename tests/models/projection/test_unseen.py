import numpy as np

from aigc.mesh.surface_fill import SurfaceFill
from aigc.models.projection.unseen import Unseen, sorted_paints
from tests.mesh.kit import sphere


def test_paints_are_clearly_different_and_the_frequent_come_first():
    random = np.random.default_rng(0)
    orange = np.array([0.9, 0.5, 0.1]) + random.normal(0, 0.02, (500, 3))
    grey = np.array([0.3, 0.32, 0.35]) + random.normal(0, 0.02, (200, 3))

    kind, paints = sorted_paints(np.clip(np.concatenate([orange, grey]), 0, 1).astype(np.float32))

    assert np.allclose(paints, [(0.9, 0.5, 0.1), (0.3, 0.32, 0.35)], atol=0.02)
    assert (kind[:500] == 0).all() and (kind[500:] == 1).all()


def test_the_far_side_is_painted_and_not_muddy():
    points, _ = sphere(40, 60)
    upper = points[:, 1:2] > 0
    values = np.where(upper, (0.95, 0.5, 0.05), (0.1, 0.2, 0.6)).astype(np.float32)
    trust = (points[:, 2] > 0).astype(np.float32)

    unseen = Unseen(SurfaceFill(points, points), values * trust[:, None], trust)

    back = points[points[:, 2] < -0.2]
    color = unseen.at(back, back)
    wrong = np.abs(color - np.where(back[:, 1:2] > 0, (0.95, 0.5, 0.05), (0.1, 0.2, 0.6))).max(axis=1) > 0.15
    assert wrong[np.abs(back[:, 1]) > 0.2].mean() < 0.02


def test_with_nothing_seen_all_is_grey():
    points, _ = sphere(12, 16)

    unseen = Unseen(SurfaceFill(points, points), np.zeros_like(points), np.zeros(len(points), np.float32))

    assert np.allclose(unseen.at(points, points), 0.6)
