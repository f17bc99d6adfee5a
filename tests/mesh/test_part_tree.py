import numpy as np

from aigc.mesh.part_tree import part_tree, regions_of

PAIRS = np.array([(0, 1), (1, 2), (2, 3)], np.int32)
SHARE = np.full(4, 0.25)
FREE = np.ones(3)


def test_a_border_that_hinders_parts_and_a_long_way_does_not():
    # The way from 2 to 3 is as long as that over the crease from 0 to 1, but it is long anyway.
    places = np.array([[0.0], [5.0], [5.5], [10.5]])
    ground = np.array([[0.0], [0.5], [1.0], [6.0]])
    flow = np.array([0.1, 1.0, 1.0])

    tree = part_tree(regions_of(np.arange(4, dtype=np.int32), SHARE, places, ground, (PAIRS, flow, FREE)))

    assert tree.labels(2).tolist() == [0, 1, 1, 1]


def test_of_two_like_creases_the_one_before_the_larger_part_counts_more():
    places = np.array([[0.0], [2.0], [2.0], [4.0]])
    share = np.array([0.3, 0.3, 0.3, 0.1])
    flow = np.array([0.1, 1.0, 0.1])

    tree = part_tree(regions_of(np.arange(4, dtype=np.int32), share, places, places * 0, (PAIRS, flow, FREE)))

    assert tree.labels(3).tolist() == [0, 1, 1, 2]
    assert tree.labels(2).tolist() == [0, 1, 1, 1]


def test_regions_are_summed_over_their_faces():
    labels = np.array([0, 0, 1, 1], np.int32)

    regions = regions_of(labels, SHARE, np.arange(4.0)[:, None], np.zeros((4, 1)), (PAIRS, FREE * 0.5, FREE))

    assert regions.mass.tolist() == [0.5, 0.5]
    assert regions.places.reshape(-1).tolist() == [0.5, 2.5]
    assert regions.flow.tolist() == [[0, 0.5], [0.5, 0]]
    assert regions.free.tolist() == [[0, 1], [1, 0]]
