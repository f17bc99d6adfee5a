import numpy as np
from scipy.sparse.csgraph import connected_components

from aigc.mesh.bridges import bridged
from aigc.mesh.dual_graph import dual_graph
from aigc.mesh.topology import joined
from aigc.mesh.types import Mesh
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, sphere


def pieces(graph):
    return connected_components(graph.matrix(graph.length), directed=False)[0]


def test_one_piece_needs_no_bridge():
    points, faces = sphere(8, 12)
    graph = dual_graph(points, faces)

    assert bridged(graph, points, faces) is graph


def test_pieces_hang_together_afterwards_however_far_apart():
    shifts = [(0, 0, 0), (1.0, 0, 0), (2.05, 0, 0), (90, 0, 0), (91, 5, 0), (-40, 0, 3)]
    points, faces = joined([Mesh(CUBE_CORNERS + np.array(shift, np.float32), CUBE_FACES) for shift in shifts])
    graph = dual_graph(points, faces)

    linked = bridged(graph, points, faces)

    assert pieces(graph) == 6
    assert pieces(linked) == 1
    made = slice(len(graph.pairs), None)
    assert (linked.bend[made] < -1).all()
    assert (linked.length[made] > 0).all()
    assert np.array_equal(linked.pairs[: len(graph.pairs)], graph.pairs)
