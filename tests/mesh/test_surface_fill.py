import numpy as np

from aigc.mesh.surface_fill import SurfaceFill, spaced
from tests.mesh.kit import sphere


def ball():
    points, _ = sphere(40, 60)
    return points, points / np.linalg.norm(points, axis=1, keepdims=True)


def test_what_is_unknown_lies_between_what_is_known_and_known_values_stay():
    points, normals = ball()
    height = points[:, 1:2]
    trust = (np.abs(points[:, 1]) > 0.6).astype(np.float32)

    filled = SurfaceFill(points, normals).filled(height, trust)

    assert np.abs(filled - height)[trust > 0].max() < 0.15
    middle = np.abs(points[:, 1]) < 0.1
    assert np.abs(filled[middle]).max() < 0.15
    # The harmonic function of a sphere between two caps rises steadily from one to the other.
    assert np.corrcoef(filled[:, 0], height[:, 0])[0, 1] > 0.98


def test_a_part_apart_from_all_that_is_known_takes_the_nearest_values():
    points, normals = ball()
    far = np.concatenate([points, points + np.float32(5)])
    trust = np.concatenate([np.ones(len(points)), np.zeros(len(points))]).astype(np.float32)
    values = np.full((len(far), 1), 7, np.float32) * trust[:, None]

    filled = SurfaceFill(far, np.concatenate([normals, normals])).filled(values, trust)

    assert np.allclose(filled, 7, atol=0.1)


def test_with_nothing_known_the_values_come_back():
    points, normals = ball()
    values = points.copy()

    assert np.array_equal(SurfaceFill(points, normals).filled(values, np.zeros(len(points), np.float32)), values)


def test_both_sides_of_a_thin_plate_keep_their_own_values():
    x, y = np.meshgrid(np.linspace(0, 1, 40), np.linspace(0, 1, 40))
    front = np.stack([x.ravel(), y.ravel(), np.full(x.size, 0.002)], axis=1).astype(np.float32)
    back = front * np.array([1, 1, -1], np.float32)
    normals = np.repeat(np.array([(0, 0, 1), (0, 0, -1)], np.float32), len(front), axis=0)
    fill = SurfaceFill(np.concatenate([front, back]), normals)
    values = np.repeat(np.array([[1], [0]], np.float32), len(front), axis=0)

    read = fill.at(values, front[::7], normals[: len(front)][::7])

    assert read.min() > 0.95


def test_samples_are_scattered_and_always_the_same():
    assert spaced(5, 10).tolist() == [0, 1, 2, 3, 4]
    one = spaced(100_000, 1000)
    assert len(np.unique(one)) == 1000
    assert np.array_equal(one, spaced(100_000, 1000))
    assert np.histogram(one, 10)[0].min() > 60


def test_a_lonely_sample_gives_its_own_value():
    one = np.zeros((1, 3), np.float32)
    fill = SurfaceFill(one, np.array([[0, 1, 0]], np.float32))
    values = np.array([[0.2, 0.4, 0.6]], np.float32)
    for trust in (1.0, 0.2, 0.0):
        assert np.allclose(fill.filled(values, np.array([trust], np.float32)), values)
