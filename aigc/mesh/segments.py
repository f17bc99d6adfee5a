"""A surface cut into the parts that a person would name: head, arms, legs, handle, lid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from aigc.mesh.borders import settled_borders, without_islands
from aigc.mesh.bridges import bridged
from aigc.mesh.dual_graph import DualGraph, dual_graph
from aigc.mesh.merge_tree import MergeTree, merge_tree
from aigc.mesh.normals import face_normals
from aigc.mesh.part_tree import part_tree, regions_of
from aigc.mesh.simplify import simplify_open
from aigc.mesh.spectral import conductance, embedding, hollow, smoothed_bend, smoothed_thickness
from aigc.mesh.stats import volume
from aigc.mesh.subdivide import split_long_edges
from aigc.mesh.symmetric_parts import TwoSides, mirror_of
from aigc.mesh.thickness import shape_diameter
from aigc.mesh.topology import compact, same_points
from aigc.mesh.types import FloatArray, IntArray

MOST_PARTS = 32
_WORKING_FACES = 5_000
_CONCAVITY, _CHANGE = 0.8, 0.4
_DIMENSIONS = 20
_ROUNDS = 2  # of averaging normals
_COARSE = 7  # pieces a face: with fewer the faces stand for a round thing, with more each crease is meant
_REGIONS = 110
_REACH = 0.03  # of the root of the area that borders may move
_ISLAND = 0.25  # of a part's area
_NOTHING, _LEAST_COST = 0.004, 0.015  # merges below cost nothing; a shape whose dearest is below has no parts
_USUAL_COST, _USUAL = 0.02, 1.0  # of the last merge that a person would undo, and how much that counts
_BATCH = 50_000

Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Settings:
    """How to cut.

    Args:
        parts: how many parts; 0 for as many as the shape suggests.
        concavity: how much concave bends part, 1 as usual.
        thickness: how much changes of thickness part, 1 as usual.
        smooth: whether borders are drawn along creases and short ways.
    """

    parts: int = 0
    concavity: float = 1.0
    thickness: float = 1.0
    smooth: bool = True


def segment(
    positions: FloatArray, faces: IntArray, settings: Settings | None = None, report: Report | None = None
) -> IntArray:
    """int32 (m,): the part of each face, numbered from 0 by falling area.

    The surface need be neither closed nor welded nor of one piece. Pieces that touch, or nearly, may become one part.
    The same surface gives the same parts however it lies in space, and like parts however it is meshed.

    Args:
        report: called with the fraction done and a word; may raise. Native calls in between cannot be stopped: a
            quarter of a second for most meshes, a second or two for a million faces.
    """
    settings = settings or Settings()
    tell = report or (lambda fraction, message: None)
    tell(0.0, "preparing")
    points, triangles, sound = _prepared(positions, faces)
    if len(triangles) < 2:
        return np.zeros(len(faces), np.int32)
    net, parent = _even(points, triangles, tell)
    graph = dual_graph(points, triangles)
    regions, tree = _tree(net, parent, graph, settings, tell)
    tell(0.55, "looking for symmetry")
    coarse = _symmetric(net, regions, tree, settings.parts)
    tell(0.6, "transferring")
    labels = _transferred(net, parent, coarse, points, triangles, tell)
    labels = without_islands(graph, labels, _ISLAND)
    if settings.smooth:
        reach = _REACH * float(np.sqrt(graph.area.sum()))
        labels = settled_borders(graph, labels, reach, lambda: tell(0.85, "drawing borders"))
        labels = without_islands(graph, labels, _ISLAND)
    tell(1.0, "numbering")
    return _spread(_numbered(labels, graph.area), sound, faces, len(positions))


def natural_count(cost: FloatArray, most: int = MOST_PARTS) -> int:
    """How many parts a shape suggests, 1 to `most`.

    Before a large step in the costs of merging the parts are distinct, and after it they are not. Among such steps one
    is taken that lies near the cost at which people usually stop.

    Args:
        cost: float64 (k,), of all merges in order.
    """
    falling = np.maximum(cost[::-1][:most], _NOTHING)
    if len(falling) == 0 or falling[0] < _LEAST_COST:
        return 1
    if len(falling) == 1:
        return 2
    step = np.log(falling[:-1] / falling[1:])
    middle = np.sqrt(falling[:-1] * falling[1:])
    return int(np.argmax(step - _USUAL * np.abs(np.log(middle / _USUAL_COST)))) + 2


def _prepared(positions: FloatArray, faces: IntArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Welded points, the faces that have three corners, outside out, and which of the old faces those are."""
    first, name = same_points(positions)
    welded = name[faces]
    a, b, c = welded.T
    sound = np.flatnonzero((a != b) & (b != c) & (c != a))
    points, triangles = compact(positions.astype(np.float32)[first], welded[sound])
    if volume(points - points.mean(axis=0), triangles) < 0:
        triangles = np.ascontiguousarray(triangles[:, ::-1])
    return points, triangles, sound


def _even(points: FloatArray, triangles: IntArray, tell: Report) -> tuple[tuple[FloatArray, IntArray], IntArray | None]:
    """The surface in some thousand faces of like size, and the old face of each if old ones were only cut."""
    tell(0.02, "simplifying")
    simplified = len(triangles) > 1.3 * _WORKING_FACES
    if simplified:
        points, triangles = simplify_open(points, triangles, _WORKING_FACES)
    area = float(np.linalg.norm(face_normals(points, triangles).astype(np.float64), axis=1).sum() / 2)
    longest = 2.2 * float(np.sqrt(area / _WORKING_FACES))
    cut, pieces, parent = split_long_edges(points, triangles, longest, 2 * _WORKING_FACES)
    return (cut, pieces), None if simplified else parent


def _inherited(graph: DualGraph, parent: IntArray, surface: DualGraph) -> FloatArray:
    """float64 (e,): the concave bend over each link of a net cut from a few large faces: inside one nothing bends."""
    bend = hollow(surface, surface.bend)
    if not len(bend):
        return np.zeros(len(graph.pairs))
    key = np.sort(surface.pairs, axis=1).astype(np.int64) @ np.array([surface.count, 1])
    order = np.argsort(key, kind="stable")
    wanted = np.sort(parent[graph.pairs], axis=1).astype(np.int64) @ np.array([surface.count, 1])
    place = np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)
    return np.where(key[order][place] == wanted, bend[order][place], 0.0)


def _tree(
    net: tuple[FloatArray, IntArray], parent: IntArray | None, surface: DualGraph, settings: Settings, tell: Report
) -> tuple[IntArray, MergeTree]:
    """The region of each face of an even net, and how these few regions grow together into parts."""
    points, triangles = net
    tell(0.1, "measuring thickness")
    own = dual_graph(points, triangles)
    raw = shape_diameter(points, triangles, lambda: tell(0.15, "measuring thickness"))
    thickness = smoothed_thickness(own, raw)
    if parent is not None and len(triangles) > _COARSE * surface.count:
        concave = _inherited(own, parent, surface)
    else:
        bend = smoothed_bend(own, face_normals(points, triangles), points[triangles].mean(axis=1), _ROUNDS)
        concave = hollow(own, bend)
    graph = bridged(own, points, triangles)
    concave = np.concatenate([concave, np.maximum(-graph.bend[len(concave) :], 0)])
    tell(0.25, "finding regions")
    dimensions = max(_DIMENSIONS, settings.parts + 4)
    flow = conductance(graph, concave, thickness, _CONCAVITY * settings.concavity, _CHANGE * settings.thickness)
    places = embedding(graph, flow, dimensions)
    tell(0.32, "finding regions")
    free = conductance(graph, concave, thickness, 0.0, 0.0)
    ground = embedding(graph, free, dimensions)
    share = np.maximum(graph.area / graph.area.sum(), 1e-12)
    fine = merge_tree(graph.pairs, places, share, between=lambda: tell(0.4, "finding regions"))
    regions = fine.labels(min(_REGIONS, fine.leaves))
    found = regions_of(regions, share, places, ground, (graph.pairs, flow, free))
    return regions, part_tree(found)


def _symmetric(net: tuple[FloatArray, IntArray], regions: IntArray, tree: MergeTree, wanted: int) -> IntArray:
    """int32 (k,): the part of each face of the net, alike on both sides where the surface is and the count allows."""
    count = min(wanted, tree.leaves) if wanted else natural_count(tree.cost)
    labels = np.asarray(tree.labels(count)[regions], np.int32)
    if count == 1:
        return labels
    points, triangles = net
    graph, centres = dual_graph(points, triangles), points[triangles].mean(axis=1)
    mirror = mirror_of(centres, graph.area)
    if mirror is None:
        return labels
    sides = TwoSides(graph, centres, face_normals(points, triangles), mirror)
    if not wanted:
        return sides.alike(labels)[0]
    for near in (count, count - 1, count + 1, count - 2):
        if 1 < near <= tree.leaves:
            for found in sides.alike(np.asarray(tree.labels(near)[regions], np.int32)):
                if int(found.max()) + 1 == count:
                    return found
    return labels


def _transferred(
    net: tuple[FloatArray, IntArray],
    parent: IntArray | None,
    labels: IntArray,
    points: FloatArray,
    triangles: IntArray,
    tell: Report,
) -> IntArray:
    """int32 (m,): the label of each face of the surface, from the labels of the even net."""
    weight = np.linalg.norm(face_normals(*net), axis=1)
    if parent is not None:
        votes = np.zeros((len(triangles), int(labels.max()) + 1))
        np.add.at(votes, (parent, labels), np.maximum(weight, 1e-30))
        return np.asarray(np.argmax(votes, axis=1), np.int32)
    # Where two walls lie close together, the one that looks the same way is meant.
    unit = 0.1 * float(np.sqrt(weight.sum() / 2))
    tree = cKDTree(_placed(*net, unit))
    found = []
    for start in range(0, len(triangles), _BATCH):
        tell(0.6 + 0.2 * start / len(triangles), "transferring")
        found.append(tree.query(_placed(points, triangles[start : start + _BATCH], unit), workers=1)[1])
    return np.asarray(labels[np.concatenate(found)], np.int32)


def _placed(points: FloatArray, triangles: IntArray, unit: float) -> FloatArray:
    """float32 (m, 6): the middle of each face, and its normal at length `unit`."""
    normals = face_normals(points, triangles)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    return np.asarray(np.concatenate([points[triangles].mean(axis=1), normals * np.float32(unit)], axis=1))


def _numbered(labels: IntArray, area: FloatArray) -> IntArray:
    """The same parts, numbered by falling area."""
    names, label = np.unique(labels, return_inverse=True)
    order = np.argsort(-np.bincount(label, area, len(names)), kind="stable")
    rank = np.empty(len(names), np.int32)
    rank[order] = np.arange(len(names))
    return np.asarray(rank[label], np.int32)


def _spread(labels: IntArray, sound: IntArray, faces: IntArray, vertices: int) -> IntArray:
    """Labels of all faces; those without three corners take that of a neighbour."""
    at = np.zeros(vertices, np.int32)
    at[faces[sound].reshape(-1)] = np.repeat(labels, 3)
    result = at[faces[:, 0]]
    result[sound] = labels
    return np.asarray(result, np.int32)
