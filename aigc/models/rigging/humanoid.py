"""Nineteen named joints for whatever stands on two legs: the bones that VRM demands, with its names.

A motion made for one such skeleton moves any other: hips, spine, chest, neck, head, and left and right of shoulder,
upper and lower arm, hand, upper and lower leg, and foot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc.mesh.types import BoolArray, FloatArray
from aigc.models.rigging.fit import Fit, Pair, along, at_height, extended, kept_inside, pairs, skeleton_of, symmetric
from aigc.models.rigging.frame import Frame

PARENTS: dict[str, str | None] = {
    "hips": None,
    "spine": "hips",
    "chest": "spine",
    "neck": "chest",
    "head": "neck",
    **{
        f"{side}{bone}": f"{side}{above}" if above[0].isupper() else above
        for side in ("left", "right")
        for bone, above in (
            ("Shoulder", "chest"),
            ("UpperArm", "Shoulder"),
            ("LowerArm", "UpperArm"),
            ("Hand", "LowerArm"),
            ("UpperLeg", "hips"),
            ("LowerLeg", "UpperLeg"),
            ("Foot", "LowerLeg"),
        )
    },
}
_DEEPEST, _WIDEST = (
    0.85,
    1.4,
)  # of the height: what reaches further to front and back, or to the sides, does not stand upright
_MISMATCH = 0.15
# Shares of an arm from shoulder to finger tip, and of a leg from hip to ankle (Drillis and Contini, 1966).
_ELBOW, _WRIST, _KNEE = 0.43, 0.78, 0.5


def fit_humanoid(frame: Frame, forced: bool = False) -> Fit | None:
    """The template in this solid, or None if it does not stand on two legs with two arms.

    Args:
        forced: somebody said that it is a humanoid; joints that cannot be seen come from usual proportions.
    """
    body = _Body(frame)
    if body.feet is None and not forced:
        return None
    if not forced and (body.hands is None or not body.stands() or body.has_more_legs()):
        return None
    heads, tails = body.joints()
    made = symmetric(heads, tails, frame, body.middle)
    made = kept_inside(heads, frame, made, body.middle)
    return Fit(skeleton_of(frame, PARENTS, heads, tails), "humanoid", body.confidence(), made)


@dataclass(frozen=True)
class _Arm:
    shoulder: FloatArray
    elbow: FloatArray
    wrist: FloatArray
    tip: FloatArray


class _Body:
    """A solid, looked at as a person."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._tree = frame.tree
        self._h = frame.height
        self._cell = frame.voxels.cell
        self.middle = float(np.mean(frame.cells[:, 0]))
        self.depth = float(np.ptp(frame.cells[:, 2])) / self._h
        leaves = frame.tree.leaves()
        self._share = (frame.tree.points[:, 1] - frame.floor) / self._h
        self.feet = self._feet(leaves)
        self.hands = self._hands(leaves)
        seen = [pair for pair in (self.feet, self.hands) if pair is not None]
        ends = [frame.tree.points[[pair.left, pair.right], 0].mean() for pair in seen if pair.mismatch < 0.08]
        if ends:
            self.middle = float(np.mean(ends))

    def _feet(self, leaves: list[int]) -> Pair | None:
        low = [leaf for leaf in leaves if self._share[leaf] < 0.2]
        found = [pair for pair in pairs(self._frame, low, self.middle) if pair.mismatch < _MISMATCH]
        height = self._tree.points[:, 1]
        return min(found, key=lambda p: p.mismatch + float(height[p.left] + height[p.right]) / self._h, default=None)

    def _hands(self, leaves: list[int]) -> Pair | None:
        used = set()
        if self.feet is not None:
            used = {node for foot in (self.feet.left, self.feet.right) for node in self._own(foot, leaves)}
        high = [
            leaf
            for leaf in leaves
            if self._share[leaf] > 0.15 and abs(self._tree.points[leaf, 0] - self.middle) > 0.08 * self._h
        ]
        high = [leaf for leaf in high if not used & set(self._tree.to_root(leaf))]
        # What a hand holds makes its branch longer: the hand is then where the other one's mirror image lies.
        reach = [node for leaf in high for node in self._tree.to_root(leaf) if node not in used]
        found = [*pairs(self._frame, high, self.middle), *self._mirrored(high, sorted(set(reach)))]
        found = [pair for pair in found if pair.mismatch < _MISMATCH]

        def worth(pair: Pair) -> float:
            spread = float(self._tree.points[pair.left, 0] - self._tree.points[pair.right, 0]) / self._h
            # Ears and horns come in pairs too.
            top = float(self._share[[pair.left, pair.right]].max())
            return spread - 3 * pair.mismatch - 3 * max(0.0, top - 0.85)

        return max(found, key=worth, default=None)

    def _mirrored(self, leaves: list[int], nodes: list[int]) -> list[Pair]:
        """Each leaf with that node on the other side that is nearest to its mirror image."""
        points = self._tree.points
        found = []
        for leaf in leaves:
            image = points[leaf] * [-1, 1, 1] + [2 * self.middle, 0, 0]
            others = [node for node in nodes if (points[node, 0] - self.middle) * (image[0] - self.middle) > 0]
            if others:
                apart = np.linalg.norm(points[others] - image, axis=1) / self._h
                one, two = leaf, others[int(np.argmin(apart))]
                left, right = (one, two) if points[one, 0] > points[two, 0] else (two, one)
                found.append(Pair(left, right, float(apart.min()) + 0.02))
        return found

    def _own(self, leaf: int, leaves: list[int]) -> set[int]:
        """The nodes of a leg below where it meets anything but another end of the same foot."""
        others = [other for other in leaves if other != leaf and self._share[other] > 0.2]
        shared = {node for other in others for node in self._tree.to_root(other)}
        if self.feet is not None:
            shared |= set(self._tree.to_root(self.feet.left)) & set(self._tree.to_root(self.feet.right))
        return set(self._tree.to_root(leaf)) - shared

    def stands(self) -> bool:
        """Whether it is tall rather than long or wide."""
        return self.depth <= _DEEPEST and float(np.ptp(self._frame.cells[:, 0])) <= _WIDEST * self._h

    def has_more_legs(self) -> bool:
        """Whether a second pair stands on the ground before or behind the first."""
        if self.feet is None:
            return False
        ground = [leaf for leaf in self._tree.leaves() if self._share[leaf] < 0.15]
        points = self._tree.points
        first = float(points[[self.feet.left, self.feet.right], 2].mean())
        return any(
            pair.mismatch < 0.1 and abs(float(points[[pair.left, pair.right], 2].mean()) - first) > 0.25 * self._h
            for pair in pairs(self._frame, ground, self.middle)
        )

    def confidence(self) -> float:
        """1 for mirror-symmetric hands and feet on a thing that stands upright."""
        lost = sum(0.35 if pair is None else 1.5 * pair.mismatch for pair in (self.feet, self.hands))
        return float(np.clip(0.98 - lost - max(0.0, self.depth - 0.6), 0.05, 1))

    def joints(self) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
        """Heads and tails by name."""
        frame, middle = self._frame, self.middle
        legs = {side: self._leg_path(side) for side in ("left", "right")}
        crotch = self._crotch(legs)
        arms = {side: self._arm(side, crotch) for side in ("left", "right")}
        shoulders = float(np.mean([arm.shoulder[1] for arm in arms.values()]))
        top = self._top()
        neck, skull = self._neck(shoulders, top)
        hip = self._hip(crotch, neck, legs)
        hips = max(hip + 0.3 * self._thickness(legs, hip), frame.floor + 0.05 * self._h)
        heads = {
            "hips": self._central(hips + 0.04 * self._h),
            "spine": self._central(hips + 0.3 * (neck - hips)),
            "chest": self._central(hips + 0.6 * (neck - hips)),
            "neck": self._central(neck),
            "head": self._central(skull),
        }
        tails = {
            "hips": heads["spine"],
            "spine": heads["chest"],
            "chest": heads["neck"],
            "neck": heads["head"],
            "head": np.array([middle, top, heads["head"][2]]),
        }
        for side, arm in arms.items():
            inner = np.array([middle, arm.shoulder[1], heads["neck"][2]])
            heads[f"{side}Shoulder"] = inner + 0.25 * (arm.shoulder - inner)
            heads[f"{side}UpperArm"], heads[f"{side}LowerArm"] = arm.shoulder, arm.elbow
            heads[f"{side}Hand"] = arm.wrist
            tails[f"{side}Shoulder"], tails[f"{side}UpperArm"] = arm.shoulder, arm.elbow
            tails[f"{side}LowerArm"], tails[f"{side}Hand"] = arm.wrist, arm.tip
        for side, path in legs.items():
            self._leg(side, path, hip, hips, heads, tails)
        return heads, tails

    def _leg_path(self, side: str) -> FloatArray:
        """float64 (k, 3), from the foot upwards."""
        if self.feet is not None:
            leaf = self.feet.left if side == "left" else self.feet.right
            return self._tree.points[self._tree.to_root(leaf)]
        x = self.middle + (0.07 if side == "left" else -0.07) * self._h
        heights = np.linspace(self._frame.floor + 0.02 * self._h, self._frame.floor + 0.6 * self._h, 40)
        z = float(self._frame.cells[:, 2].mean())
        return np.stack([np.full(40, x), heights, np.full(40, z)], axis=1)

    def _crotch(self, legs: dict[str, FloatArray]) -> float:
        """Where the legs part: the lower end of what is solid in the middle, from where their paths meet downwards."""
        frame = self._frame
        if self.feet is None:
            return frame.floor
        left = self._tree.to_root(self.feet.left)
        shared = set(self._tree.to_root(self.feet.right))
        meet = next(node for node in left if node in shared)
        column = frame.cells[np.abs(frame.cells[:, 0] - self.middle) <= 0.75 * self._cell]
        height = min(float(self._tree.points[meet, 1]), frame.floor + 0.62 * self._h)
        while height > frame.floor:
            z = np.mean([at_height(path, height)[2] for path in legs.values()])
            near = np.abs(column[:, 1] - height) <= 0.75 * self._cell
            if not (near & (np.abs(column[:, 2] - z) <= 0.12 * self._h)).any():
                return height
            height -= self._cell
        return frame.floor

    def _hip(self, crotch: float, neck: float, legs: dict[str, FloatArray]) -> float:
        """Where the legs begin: at the crotch, or above it if the thighs touch, or where usual if a robe hides them."""
        floor, stature = self._frame.floor, neck - self._frame.floor
        if crotch - floor < 0.12 * self._h:
            return floor + 0.56 * stature
        if crotch - floor > 0.4 * stature:
            return crotch
        apart = []
        for path in legs.values():
            shin = abs(at_height(path, (floor + crotch) / 2)[0] - self.middle)
            wide = path[np.abs(path[:, 0] - self.middle) >= 0.75 * shin]
            apart.append(float(wide[:, 1].max()) if len(wide) else crotch)
        return float(np.clip(np.mean(apart), crotch, floor + 0.56 * stature))

    def _thickness(self, legs: dict[str, FloatArray], height: float) -> float:
        """Width of a leg just below this height."""
        below = height - 0.06 * self._h
        apart = abs(float(at_height(legs["left"], below)[0] - at_height(legs["right"], below)[0]))
        return min(apart, 0.3 * self._h)

    def _leg(
        self,
        side: str,
        path: FloatArray,
        hip: float,
        hips: float,
        heads: dict[str, FloatArray],
        tails: dict[str, FloatArray],
    ) -> None:
        frame = self._frame
        length = hip - frame.floor
        ankle_height = self._ankle(path, length)
        shin = at_height(path, ankle_height + 0.08 * length)
        ankle = np.array([shin[0], ankle_height, shin[2]])
        thigh = at_height(path, hip - 0.12 * length)
        joint = np.array([thigh[0], hips, heads["hips"][2] * 0.5 + thigh[2] * 0.5])
        between = path[(path[:, 1] > ankle_height + 0.1 * length) & (path[:, 1] < hip - 0.1 * length)]
        bent = np.concatenate([ankle[None], between[np.argsort(between[:, 1], kind="stable")], joint[None]])
        heads[f"{side}UpperLeg"] = joint
        heads[f"{side}LowerLeg"] = along(bent, 1 - _KNEE)
        heads[f"{side}Foot"] = ankle
        tails[f"{side}UpperLeg"], tails[f"{side}LowerLeg"] = heads[f"{side}LowerLeg"], ankle
        near = frame.cells[self._around(ankle, 0.12) & (frame.cells[:, 1] < ankle_height)]
        if not len(near):
            tails[f"{side}Foot"] = ankle + np.array([0, -0.5 * (ankle_height - frame.floor), 0.05 * self._h])
            return
        toe = near[near[:, 2] >= near[:, 2].max() - self._cell]
        tails[f"{side}Foot"] = np.array(
            [toe[:, 0].mean(), frame.floor + 0.35 * (ankle_height - frame.floor), near[:, 2].max()]
        )

    def _around(self, point: FloatArray, reach: float) -> BoolArray:
        """Which cells are on this side of the middle, and near in x and z."""
        cells = self._frame.cells
        own = (cells[:, 0] - self.middle) * (point[0] - self.middle) > 0
        own &= np.abs(cells[:, 0] - point[0]) < reach * self._h
        return np.asarray(own & (np.abs(cells[:, 2] - point[2]) < 2 * reach * self._h))

    def _ankle(self, path: FloatArray, length: float) -> float:
        """The height above which a foot reaches no further forward than its leg."""
        frame = self._frame
        shin = at_height(path, frame.floor + 0.35 * length)
        own = self._around(shin, 0.12)

        def forward(height: float) -> float:
            row = own & (np.abs(frame.cells[:, 1] - height) <= 0.75 * self._cell)
            return float(frame.cells[row, 2].max() - shin[2]) if row.any() else 0.0

        usual = max(forward(frame.floor + 0.35 * length), self._cell)
        heights = np.arange(frame.floor + self._cell / 2, frame.floor + 0.3 * length, self._cell)
        wide = [height for height in heights.tolist() if forward(height) > 1.5 * usual]
        height = (wide[-1] + self._cell) if wide else frame.floor + 0.1 * length
        return float(np.clip(height, frame.floor + 0.08 * length, frame.floor + 0.3 * length))

    def _top(self) -> float:
        """The highest point over the middle, beneath horns, ears and what else stands out thinly."""
        frame = self._frame
        wide = np.abs(frame.cells[:, 0] - self.middle) <= 0.05 * self._h
        rows = np.rint((frame.cells[:, 1] - frame.floor) / self._cell).astype(np.int64)
        deep = np.zeros(rows.max() + 1)
        np.maximum.at(deep, rows[wide], frame.depth[wide])
        upper = deep[int(0.6 * len(deep)) :]
        thick = np.flatnonzero(upper > 0.35 * max(float(upper.max()), 1e-9))
        last = int(0.6 * len(deep)) + (int(thick[-1]) if len(thick) else len(upper) - 1)
        return float(frame.floor + last * self._cell)

    def _neck(self, shoulders: float, top: float) -> tuple[float, float]:
        """Heights of the base of the neck and of the skull: below and above the narrowest place, if there is one."""
        frame = self._frame
        span = max(top - shoulders, 4 * self._cell)
        heights = np.arange(shoulders, shoulders + 0.7 * span, self._cell)
        wide = []
        for height in heights.tolist():
            row = np.abs(frame.cells[:, 1] - height) <= 0.75 * self._cell
            row &= np.abs(frame.cells[:, 0] - self.middle) <= 0.1 * self._h
            wide.append(float(frame.depth[row].max()) if row.any() else 0.0)
        widths = np.array(wide)
        best = int(np.argmin(widths))
        above = float(widths[best:].max())
        if widths[best] > 0.85 * above or best == 0:
            return shoulders + 0.18 * span, shoulders + 0.36 * span
        narrow = np.flatnonzero(widths <= 1.25 * widths[best])
        low = max(heights[narrow[0]], heights[best] - 0.15 * span, shoulders + 0.04 * span)
        high = min(max(heights[narrow[-1]], heights[best] + self._cell), heights[best] + 0.15 * span)
        return float(low), float(max(high, low + 0.08 * span))

    def _central(self, height: float) -> FloatArray:
        found = self._frame.middle(height, self.middle, 0.06 * self._h)
        z = float(self._frame.cells[:, 2].mean()) if found is None else float(found[2])
        return np.array([self.middle, height, z])

    def _arm(self, side: str, crotch: float) -> _Arm:
        if self.hands is None:
            return self._usual_arm(side)
        leaf = self.hands.left if side == "left" else self.hands.right
        nodes = self._tree.to_root(leaf)
        points, radius = self._tree.points[nodes], self._tree.radius[nodes]
        spine = self._spine()
        near = np.linalg.norm(points[:, None, [0, 2]] - spine[None, :, [0, 2]], axis=2).min(axis=1)
        body = float(self._tree.radius[self._meeting(nodes)])
        end = int(np.argmax(near <= 0.5 * body)) or len(nodes) - 1
        arm = float(np.median(radius[: max(2, int(0.6 * end))]))
        # The arm ends where it gets thick, and outside the middle of the body in any case.
        thick = np.flatnonzero(
            (radius[: end + 1] > 1.3 * arm) & (np.arange(end + 1) > 0.4 * end) & (near[: end + 1] < 1.6 * body)
        )
        first = int(thick[0]) if len(thick) else int(np.argmax(near <= 1.1 * body))
        shoulder_node = int(np.clip(first, min(3, end), end))
        shoulder = self._raised(points[shoulder_node], along(points[shoulder_node::-1], _ELBOW), arm)
        tip = extended(self._frame, points)
        path = np.concatenate([shoulder[None], points[shoulder_node::-1], tip[None]])
        return _Arm(shoulder, along(path, _ELBOW), along(path, _WRIST), tip)

    def _raised(self, shoulder: FloatArray, elbow: FloatArray, arm: float) -> FloatArray:
        """The shoulder, moved up to beneath the top of the body if the arm hangs.

        A flank that touches the arm hides where it is hung up.
        """
        down = shoulder - elbow
        steep = float(np.clip((down[1] / max(float(np.linalg.norm(down)), 1e-12) - 0.6) / 0.25, 0, 1))
        steps = shoulder + np.array([0.0, self._cell, 0.0]) * np.arange(1, 60)[:, None]
        inside = self._frame.voxels.inside(steps)
        free = (int(np.argmin(inside)) if not inside.all() else len(steps)) * self._cell
        return np.asarray(shoulder + np.array([0, steep * float(np.clip(free - 1.2 * arm, 0, 3.5 * arm)), 0]))

    def _meeting(self, nodes: list[int]) -> int:
        """The node where the way of one hand meets that of the other."""
        assert self.hands is not None
        shared = set(self._tree.to_root(self.hands.left)) & set(self._tree.to_root(self.hands.right))
        return next(node for node in nodes if node in shared)

    def _spine(self) -> FloatArray:
        heights = np.linspace(self._frame.floor + 0.3 * self._h, self._frame.floor + 0.95 * self._h, 30)
        return np.array([self._central(height) for height in heights.tolist()])

    def _usual_arm(self, side: str) -> _Arm:
        """An arm that hangs along the flank, where none stands out."""
        frame, sign = self._frame, 1.0 if side == "left" else -1.0
        heights = [frame.floor + share * self._h for share in (0.76, 0.62, 0.5, 0.44)]
        points = []
        for height, share in zip(heights, (0.62, 0.8, 0.85, 0.85), strict=True):
            row = np.abs(frame.cells[:, 1] - height) <= 0.75 * self._cell
            width = float(np.abs(frame.cells[row, 0] - self.middle).max()) if row.any() else 0.1 * self._h
            x = self.middle + sign * share * width
            found = frame.middle(height, x, self._cell)
            points.append(np.array([x, height, self._central(height)[2] if found is None else found[2]]))
        return _Arm(*points)
