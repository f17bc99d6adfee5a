import numpy as np
import pytest

from aigc.mesh.merge_tree import merge_tree

CHAIN = np.array([(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)], np.int32)
PLACES = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [9.0]])


def test_near_neighbours_become_one_region_first():
    tree = merge_tree(CHAIN, PLACES, np.ones(6))

    assert tree.labels(3).tolist() == [0, 0, 0, 1, 1, 2]
    assert tree.labels(2).tolist() == [0, 0, 0, 1, 1, 1]
    assert tree.labels(1).tolist() == [0] * 6
    assert tree.labels(6).tolist() == list(range(6))


def test_what_is_near_but_no_neighbour_stays_apart():
    places = np.array([[0.0], [9.0], [0.0]])

    tree = merge_tree(np.array([(0, 1), (1, 2)], np.int32), places, np.array([1.0, 0.01, 1.0]))

    assert len(set(tree.labels(2).tolist())) == 2
    assert tree.labels(2)[0] != tree.labels(2)[2]


def test_costs_are_what_ward_says():
    tree = merge_tree(np.array([(0, 1)], np.int32), np.array([[0.0], [2.0]]), np.array([1.0, 3.0]))

    assert tree.cost == pytest.approx([0.75 * 4])


def test_it_can_be_stopped_and_one_leaf_needs_no_merge():
    def stop():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        merge_tree(CHAIN, PLACES, np.ones(6), between=stop)
    assert merge_tree(np.zeros((0, 2), np.int32), np.zeros((1, 2)), np.ones(1)).labels(1).tolist() == [0]
