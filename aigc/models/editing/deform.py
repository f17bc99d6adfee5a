"""Changes of form that leave the net of faces as it is: every place moves, the less the nearer it is to the border."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from aigc.mesh.clip import refined
from aigc.mesh.geodesic import geodesic_distance, neighbours
from aigc.mesh.normals import smooth_normals
from aigc.mesh.rays import RayScene
from aigc.mesh.surface import Surface
from aigc.mesh.types import BoolArray, FloatArray, IntArray
from aigc.models.editing.intent import Instruction
from aigc.models.editing.region import Region, places_within
from aigc.models.editing.verbs import VERBS
from aigc.runner.model import InputInvalid

_FINE = 18  # edges along the region's longest side
_MOST_DEGREES = 1080.0
_SMOOTH_ROUNDS = 55
_MOST = 16  # things that hang on by themselves; a soup of more counts as one
Between = Callable[[float], None]
"""Called now and then with the share of the work that is done; may raise."""


@dataclass(frozen=True)
class Grip:
    """How firmly the places of a skin are held.

    Args:
        weight: float64 (p,), 0 where nothing may move, 1 where all does.
        anchor: float64 (p, 3), the middle of where what each place belongs to hangs on to the rest; what stands still.
            Two ears have one each.
        foot: float64 (3,), the anchor of the largest of these things. low, high: float64 (3,), the box around it.
    """

    weight: FloatArray
    anchor: FloatArray
    foot: FloatArray
    low: FloatArray
    high: FloatArray

    @property
    def span(self) -> FloatArray:
        """float64 (3,)."""
        return self.high - self.low


def finer(surface: Surface, region: Region) -> Surface:
    """The skin, with as many places in the region as a bend needs."""
    return refined(surface, region.near, float(region.span.max()) / _FINE)


def grip(surface: Surface, region: Region, falloff: float) -> Grip:
    """Where the skin may move for an edit of this region.

    Distances to the region's border are those along the surface: a collar that lies upon a neck moves with what it is
    sewn to.
    """
    used = np.zeros(len(surface.points), bool)
    used[surface.corners.reshape(-1)] = True
    inside = places_within(surface, region) & used
    if not inside.any():
        raise InputInvalid("no vertex of the mesh lies in the mask", "make the mask larger")
    held = used & ~inside
    if not held.any():
        moving = surface.points[inside].astype(np.float64)
        low, high = moving.min(axis=0), moving.max(axis=0)
        ground = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
        return Grip(inside.astype(np.float64), np.tile(ground, (len(used), 1)), ground, low, high)
    away = geodesic_distance(surface.points, surface.corners, held)
    reach = away[inside]
    attached = np.isfinite(reach)
    farthest = float(reach[attached].max()) if attached.any() else 0.0
    share = np.minimum(away / max(falloff * farthest, 1e-12), 1)
    weight = np.where(inside, share * share * (3 - 2 * share), 0)
    return _anchored(surface, held, inside, weight)


def _anchored(surface: Surface, held: BoolArray, inside: BoolArray, weight: FloatArray) -> Grip:
    """The grip with an anchor for each thing that hangs on to the rest by itself.

    Pieces whose boxes overlap are one thing, like a head and its hair; pieces that hang on to nothing, like eyes, go
    with the thing they are nearest to.
    """
    points, corners = surface.points.astype(np.float64), surface.corners
    own = corners[inside[corners].all(axis=1)]
    rows, columns = own[:, [0, 1]].reshape(-1), own[:, [1, 2]].reshape(-1)
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(len(points), len(points)))
    _, label = connected_components(graph, directed=False)
    mixed = corners[held[corners].any(axis=1) & inside[corners].any(axis=1)]
    hanging = np.unique(label[mixed[inside[mixed]]])
    boxes = [
        (points[inside & (label == one)].min(0), points[inside & (label == one)].max(0)) for one in hanging[:_MOST]
    ]
    group = _overlapping(boxes) if 0 < len(hanging) <= _MOST else np.zeros(len(hanging), int)
    if not len(hanging):
        moving = points[inside]
        low, high = moving.min(axis=0), moving.max(axis=0)
        middle = (low + high) / 2
        return Grip(weight, np.tile(middle, (len(points), 1)), middle, low, high)
    anchors, ends = [], []
    for number in range(int(group.max()) + 1):
        mine = np.isin(label, hanging[group == number]) & inside
        rim = mixed[mine[mixed].any(axis=1)].reshape(-1)
        rim = np.unique(rim[held[rim]])
        anchors.append(points[rim].mean(axis=0))
        ends.append((points[mine].min(axis=0), points[mine].max(axis=0)))
    centres = np.array([(low + high) / 2 for low, high in ends])
    nearest = np.argmin(np.linalg.norm(points[:, None] - centres[None], axis=2), axis=1)
    known = {int(one): int(number) for one, number in zip(hanging, group, strict=True)}
    belongs = np.array([known.get(one, -1) for one in label.tolist()])
    belongs = np.where(belongs >= 0, belongs, nearest)
    largest = int(np.argmax([float((high - low).max()) for low, high in ends]))
    return Grip(weight, np.array(anchors)[belongs], anchors[largest], *ends[largest])


def _overlapping(boxes: list[tuple[FloatArray, FloatArray]]) -> IntArray:
    """The group of each box; boxes that overlap, over others too, share one."""
    count = len(boxes)
    touch = np.zeros((count, count), bool)
    for one, (low, high) in enumerate(boxes):
        for two, (other_low, other_high) in enumerate(boxes):
            touch[one, two] = bool(((low <= other_high) & (other_low <= high)).all())
    return np.asarray(connected_components(touch, directed=False)[1])


def scaled(surface: Surface, grip: Grip, factor: FloatArray) -> FloatArray:
    """Places scaled by `factor` (3,) about where the region hangs on."""
    points = surface.points.astype(np.float64)
    return points + grip.weight[:, None] * (points - grip.anchor) * (factor - 1)


def inflated(surface: Surface, grip: Grip, by: float) -> FloatArray:
    """Places moved outwards along the normal; inwards (`by` < 0) by no more than a third of what is behind them."""
    points, corners = surface.points, surface.corners
    normals = smooth_normals(points, corners)
    step = np.full(len(points), by)
    if by < 0:
        lift = np.float32(1e-4 * surface.size)
        hits = RayScene(points, corners).first_hits(points - normals * lift, -normals)
        behind = np.where(hits.face >= 0, hits.distance, np.inf)
        step = np.minimum(-by, behind / 4)
        # One thin place beside a thick one would leave a step: the thinnest neighbour counts.
        links = neighbours(points, corners)
        for _ in range(3):
            step = np.minimum(step, _least_beside(corners, step))
        for _ in range(12):
            step = np.asarray(links @ step)
        step = -step
    return np.asarray(points + (grip.weight * step)[:, None] * normals)


def _least_beside(corners: IntArray, values: FloatArray) -> FloatArray:
    """float64 (p,): the least value of each place's neighbours."""
    least = np.full(len(values), np.inf)
    for k in range(3):
        for beside in (1, 2):
            np.minimum.at(least, corners[:, k], values[corners[:, (k + beside) % 3]])
    return least


def twisted(surface: Surface, grip: Grip, axis: int, degrees: float) -> FloatArray:
    """Places turned about `axis` through the anchor, the more the farther along it."""
    points = surface.points.astype(np.float64)
    along = points[:, axis] - grip.anchor[:, axis]
    reach = max(abs(grip.low[axis] - grip.foot[axis]), abs(grip.high[axis] - grip.foot[axis]), 1e-12)
    return _turned(points, grip, axis, np.radians(degrees) * along / reach * grip.weight)


def rotated(surface: Surface, grip: Grip, axis: int, degrees: float) -> FloatArray:
    """Places turned about `axis` through the anchor."""
    return _turned(surface.points.astype(np.float64), grip, axis, np.radians(degrees) * grip.weight)


def _turned(points: FloatArray, grip: Grip, axis: int, angle: FloatArray) -> FloatArray:
    one, two = (axis + 1) % 3, (axis + 2) % 3
    moved = points.copy()
    x, y = points[:, one] - grip.anchor[:, one], points[:, two] - grip.anchor[:, two]
    sine, cosine = np.sin(angle), np.cos(angle)
    moved[:, one] += x * (cosine - 1) - y * sine
    moved[:, two] += x * sine + y * (cosine - 1)
    return moved


def bent(surface: Surface, grip: Grip, axis: int, towards: int, degrees: float) -> FloatArray:
    """Places along `axis` laid onto an arc towards another axis (Barr, Global and Local Deformations, 1984)."""
    points = surface.points.astype(np.float64)
    up = 1.0 if grip.high[axis] - grip.foot[axis] >= grip.foot[axis] - grip.low[axis] else -1.0
    along = np.maximum(up * (points[:, axis] - grip.anchor[:, axis]), 0)
    across = points[:, towards] - grip.anchor[:, towards]
    reach = max(abs(grip.low[axis] - grip.foot[axis]), abs(grip.high[axis] - grip.foot[axis]), 1e-12)
    curvature = np.radians(degrees) / reach
    angle = curvature * along
    radius = 1 / curvature - across
    moved = points.copy()
    moved[:, axis] += up * (radius * np.sin(angle) - along) * grip.weight
    moved[:, towards] += (1 / curvature - radius * np.cos(angle) - across) * grip.weight
    return moved


def smoothed(surface: Surface, grip: Grip, strength: float, between: Between) -> FloatArray:
    """Places drawn to the mean of their neighbours, without the shrinking (Taubin, 1995)."""
    links = neighbours(surface.points, surface.corners)
    points = surface.points.astype(np.float64)
    weight = grip.weight[:, None]
    rounds = max(1, round(_SMOOTH_ROUNDS * strength))
    for step in range(2 * rounds):
        if step % 8 == 0:
            between(step / (2 * rounds))
        factor = 0.6 if step % 2 == 0 else -0.608
        points = points + factor * weight * (np.asarray(links @ points) - points)
    return points


def deformed(
    surface: Surface, region: Region, wish: Instruction, strength: float, falloff: float, between: Between
) -> tuple[Surface, dict[str, float | str]]:
    """The skin with the wish done to it, and what was done in numbers."""
    if not region.is_everything or wish.verb in ("twist", "bend", "smooth", "inflate", "thin"):
        surface = finer(surface, region)
    between(0.3)
    hold = grip(surface, region, 0.0 if region.is_everything else falloff)
    between(0.5)
    usual = VERBS[wish.verb].usual
    force = strength * wish.amount.emphasis
    info: dict[str, float | str] = {}
    if wish.verb in ("enlarge", "shrink"):
        factor = _factor(wish, usual, force)
        points = scaled(surface, hold, np.full(3, factor))
        info["factor"] = round(factor, 4)
    elif wish.verb == "stretch":
        axis = wish.axis[0] if wish.axis else _main_axis(hold, region)
        factor = _factor(wish, 1 / usual if wish.less else usual, force)
        points = scaled(surface, hold, np.where(np.arange(3) == axis, factor, 1.0))
        info |= {"factor": round(factor, 4), "axis": "xyz"[axis]}
    elif wish.verb in ("inflate", "thin"):
        sign = 1.0 if wish.verb == "inflate" else -1.0
        # By the narrowest extent: what is thin, like a leg, is not to become a ball.
        by = sign * usual * force * float(hold.span.min())
        points = inflated(surface, hold, by)
        info["outwards_m"] = round(by, 6)
    elif wish.verb == "smooth":
        points = smoothed(surface, hold, force, lambda share: between(0.5 + 0.5 * share))
    elif wish.verb == "move":
        axis, sign = wish.axis or (1, 1.0)
        by = sign * usual * force * float(max(hold.span[axis], 0.5 * hold.span.max()))
        points = surface.points + (hold.weight * by)[:, None] * np.eye(3)[axis]
        info |= {"axis": "xyz"[axis], "by_m": round(by, 6)}
    else:
        points = _turning(surface, hold, region, wish, usual * force, info)
    return surface.moved(points.astype(np.float32)), info


def _turning(
    surface: Surface, hold: Grip, region: Region, wish: Instruction, usual: float, info: dict[str, float | str]
) -> FloatArray:
    degrees = float(np.clip(wish.amount.degrees if wish.amount.degrees is not None else usual, -_MOST_DEGREES, 1080))
    axis, sign = wish.axis or (1, 1.0)
    if wish.verb == "twist":
        axis = wish.axis[0] if wish.axis else _main_axis(hold, region)
        points = twisted(surface, hold, axis, degrees)
    elif wish.verb == "rotate":
        # "To the left" and "to the right" turn about the upright axis, "up" and "down" nod.
        axis = {0: 1, 1: 0, 2: 0}[axis] if wish.axis else 1
        degrees *= sign if axis == 1 else -sign
        points = rotated(surface, hold, axis, degrees)
    else:
        along = _main_axis(hold, region)
        towards = axis if wish.axis and axis != along else (0 if along != 0 else 1)
        degrees = float(np.clip(degrees, -300, 300)) * sign
        degrees = degrees if abs(degrees) > 0.1 else 0.1
        points = bent(surface, hold, along, towards, degrees)
        axis = towards
    info |= {"degrees": round(degrees, 3), "axis": "xyz"[axis]}
    return points


def _factor(wish: Instruction, usual: float, force: float) -> float:
    """How many times as large: what the words say, else the usual, more or less so by the force."""
    smaller = wish.verb == "shrink" or wish.less
    if wish.amount.factor is not None:
        factor = wish.amount.factor
        return float(np.clip(1 / factor if smaller and factor > 1 else factor, 0.05, 10))
    if wish.amount.percent is not None:
        change = wish.amount.percent / 100
        return float(np.clip(1 - min(change, 0.95) if smaller else 1 + change, 0.05, 10))
    return float(np.clip(usual**force, 0.05, 10))


def _main_axis(hold: Grip, region: Region) -> int:
    """The axis along which most of what moves lies away from where it hangs on; upright for the whole mesh."""
    if region.is_everything:
        return 1
    away = np.maximum(np.abs(hold.low - hold.foot), np.abs(hold.high - hold.foot))
    return int(np.argmax(away + 1e-6 * np.array([0, 1, 0])))
