import numpy as np
import pytest

from aigc.mesh.cap import caps, is_free, loops_around, welded_cap
from aigc.mesh.stats import area
from aigc.mesh.topology import is_watertight
from tests.mesh.kit import sphere


def opened(limit):
    points, faces = sphere(16, 24)
    gone = (points[faces][:, :, 1] > limit).all(axis=1)
    return points, faces[~gone], faces[gone]


def test_a_hole_is_closed_by_a_cap_that_runs_the_right_way_round():
    points, kept, gone = opened(0.5)

    (cap,) = caps(points, loops_around(kept, gone), fine=False)

    faces = np.concatenate([kept, welded_cap(cap, len(points))])
    assert is_watertight(faces)
    assert cap.normal[1] > 0.99
    assert len(cap.inner) == 0


def test_a_fine_cap_has_round_triangles_and_the_same_border():
    points, kept, gone = opened(0.5)

    (cap,) = caps(points, loops_around(kept, gone), fine=True)

    whole = np.concatenate([points, cap.inner])
    faces = welded_cap(cap, len(points))
    assert is_watertight(np.concatenate([kept, faces]))
    assert len(cap.inner) > 20
    flat = caps(points, loops_around(kept, gone), fine=False)[0]
    assert area(whole, faces) == pytest.approx(area(points, welded_cap(flat, len(points))), rel=1e-4)
    edges = np.linalg.norm(whole[faces] - whole[faces[:, [1, 2, 0]]], axis=2)
    assert np.median(edges.max(axis=1) / edges.min(axis=1)) < 2
    assert is_free(len(points), cap).sum() == len(cap.inner)


def test_two_holes_get_two_caps_and_a_pipe_gets_a_ring():
    points, faces = sphere(16, 24)
    high = np.abs(points[faces][:, :, 1]).min(axis=1) > 0.6
    loops = loops_around(faces[~high], faces[high])
    assert len(caps(points, loops, fine=False)) == 2
    inner, turned = points * np.float32(0.6), faces[:, ::-1] + len(points)
    both, all_faces = np.concatenate([points, inner]), np.concatenate([faces, turned])
    top = both[all_faces][:, :, 1].min(axis=1) > -0.01

    (ring,) = caps(both, loops_around(all_faces[~top], all_faces[top]), fine=False)

    assert is_watertight(np.concatenate([all_faces[~top], welded_cap(ring, len(both))]))
    assert area(both, welded_cap(ring, len(both))) == pytest.approx(np.pi * (1 - 0.36), rel=0.03)


def test_a_border_that_was_open_before_stays_open():
    points, kept, _ = opened(0.5)
    low = (points[kept][:, :, 1] < -0.5).all(axis=1)

    loops = loops_around(kept[~low], kept[low])

    assert len(loops) == 1
    assert (points[loops[0]][:, 1] < 0).all()
