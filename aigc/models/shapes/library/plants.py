"""Things that grow."""

from __future__ import annotations

import math

import manifold3d
import numpy as np
from manifold3d import Manifold

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb
from aigc.models.shapes.library.toys import star


@shape(
    "tree",
    "oak maple birch willow bush shrub",
    "a leafy tree with a trunk and branches; an oak tree; an autumn maple tree",
    6.0,
    "leaf",
    "leaf leave=leaf foliage=leaf crown=leaf trunk=bark bark branch=bark apple=fruit fruit",
)
def _tree(b: Builder) -> None:
    if b.says("bush", "shrub"):
        trunk_top, crown = 0.3, 1.0
    else:
        trunk_top, crown = b.vary(2.4, 0.1), b.vary(1.65, 0.1)
        trunk = Blob(0.25).chain([(0, -0.05, 0), (0.05, 1.1, 0), (-0.05, trunk_top + 0.8, 0.05)], [0.36, 0.23, 0.15])
        for x, z in ((0.5, 0.2), (-0.5, 0.2), (0.1, -0.55), (0.35, -0.4), (-0.3, 0.5)):
            trunk.limb((x * 0.12, 0.35, z * 0.12), (x, -0.02, z), 0.2, 0.07)
            trunk.limb((0, trunk_top - 0.5, 0), (x * 1.9, trunk_top + 0.7, z * 1.9), 0.13, 0.06)
        b.add(
            "bark",
            trunk.solid(3200),
            p.BARK if not b.says("birch") else Finish("cow", rgb("eceae3"), rgb("2c2a28"), 0.9, size=0.4),
        )
    leaves = Blob(0.18)
    centre = trunk_top + crown * 0.85
    count = 26
    for k in range(count):
        level, turn = 1 - 2 * (k + 0.5) / count, k * 2.39996
        reach = crown * 0.8 * math.sqrt(1 - level * level)
        wobble = 1 + 0.13 * float(b.random.uniform(-1, 1))
        place = (
            reach * math.cos(turn) * wobble,
            centre + crown * 0.66 * level * wobble,
            reach * math.sin(turn) * wobble,
        )
        size = crown * float(b.random.uniform(0.3, 0.42))
        leaves.egg(place, (size, size * 0.85, size))
    leaves.egg((0, centre, 0), (crown * 0.7, crown * 0.6, crown * 0.7))
    green = p.LEAVES.in_color(rgb("c8692c")) if b.says("autumn", "fall", "maple") else p.LEAVES
    if b.says("cherry", "blossom", "sakura"):
        green = p.LEAVES.in_color(rgb("eba6bd"))
    b.add("leaf", leaves.solid(7500), green)
    if b.says("apple", "fruit", "orange", "cherry"):
        tone = p.PLASTIC.in_color(rgb("e08a2c")) if b.says("orange") else p.PLASTIC
        for k in range(14):
            height, turn = 0.7 - 1.5 * k / 14, k * 2.39996
            radius = math.sqrt(1 - height * height) * crown * 1.06
            b.add(
                "fruit",
                s.ball(0.11, 14).translate(
                    (radius * math.cos(turn), centre + crown * 0.9 * height, radius * math.sin(turn))
                ),
                tone,
                keep=True,
            )


@shape(
    "pine",
    "fir spruce conifer christmas evergreen christmastree pinetree firtree",
    "a pine tree; a fir tree in the snow; a christmas tree with a star and balls",
    5.0,
    "leaf",
    "leaf needle=leaf trunk=bark star ball",
)
def _pine(b: Builder) -> None:
    layers = b.count("layer", 6, 3, 9)
    b.add("bark", s.cylinder(0.2, 1.4, 0.03, 0.14).translate((0, 0.6, 0)), p.BARK, turned=True)
    top = 0.0
    for k in range(layers):
        share = k / (layers - 1)
        radius, y = 1.5 * (1 - share) ** 0.9 + 0.38, 0.75 + share * 3.3
        points, tips = [], 9 + 2 * (layers - k)
        high = radius * 0.75 + 0.35
        for n in range(2 * tips):
            turn = 3.14159 * n / tips + k * 0.7
            reach = radius * (1.0 if n % 2 == 0 else 0.74)
            points.append((reach * math.cos(turn), (-0.1 if n % 2 == 0 else 0.06) * radius, reach * math.sin(turn)))
        b.add("leaf", _cone(points, high).translate((0, y, 0)), p.NEEDLES)
        if b.says("christmas", "ball", "bauble"):
            for n in range(0, 2 * tips, 4):
                x, low, z = points[n]
                tone = ("c0332b", "e3b12d", "2f62b5", "e9e7e2")[(n // 4 + k) % 4]
                b.add(
                    "ball",
                    s.ball(0.085, 14).translate((x * 0.97, y + low - 0.02, z * 0.97)),
                    p.PLASTIC.in_color(rgb(tone)),
                    keep=True,
                )
        top = y + high
    if b.says("christmas", "star"):
        b.add("star", star(0.34, 0.14, 0.1).translate((0, top + 0.2, 0)), p.GOLD, keep=True)


def _cone(rim: list[tuple[float, float, float]], height: float) -> Manifold:
    """A tent over a jagged rim, with a shallow underside."""
    count = len(rim)
    points = np.array([*rim, (0, height, 0), (0, 0.12 * height, 0)], np.float32)
    faces = []
    for k in range(count):
        after = (k + 1) % count
        faces += [(after, k, count), (k, after, count + 1)]
    return Manifold(manifold3d.Mesh(points, np.array(faces, np.uint32)))


@shape(
    "palm",
    "coconut tropical palmtree",
    "a palm tree on a beach; a coconut palm",
    6.0,
    "leaf",
    "leaf frond=leaf trunk=bark coconut",
)
def _palm(b: Builder) -> None:
    lean = b.vary(0.9, 0.5)
    path = [(0, 0, 0), (lean * 0.15, 1.4, 0), (lean * 0.5, 2.9, 0), (lean, 4.3, 0)]
    b.add("bark", s.tube(path, [0.24, 0.17, 0.145, 0.13], 12), p.BARK, turned=True)
    for k in range(11):
        t = k / 11
        x, y = lean * (0.02 + 0.95 * t * t), 0.25 + 4.0 * t
        b.add("bark", s.ring(0.2 - 0.055 * t, 0.03, 14, 8).translate((x, y, 0)), p.BARK)
    fronds = b.count("leaf", 9, 5, 14)
    for k in range(fronds):
        turn = 360 * k / fronds + 11 * (k % 3)
        rise = 0.5 if k % 2 else 0.75
        spine = [(0, 0, 0), (0.7, rise * 0.8, 0), (1.5, rise * 0.55, 0), (2.25, -0.45, 0)]
        blade = []
        for (x0, y0, _), (x1, y1, _), w0, w1 in zip(
            spine[:-1], spine[1:], (0.06, 0.34, 0.28), (0.34, 0.28, 0.03), strict=True
        ):
            half = [
                s.box(0.02, 0.02, 2 * w, 0.004).translate((x, y - w * 0.0, 0))
                for x, y, w in ((x0, y0, w0), (x1, y1, w1))
            ]
            ridge = [s.ball(0.035, 8).translate((x, y + 0.11, 0)) for x, y in ((x0, y0), (x1, y1))]
            blade.append(s.hull(*half, *ridge))
        b.add("leaf", s.union(blade).rotate((0, turn, 0)).translate((lean, 4.3, 0)), p.LEAVES)
    b.add(
        "coconut",
        [s.ball(0.15, 16).translate((lean + 0.2 * x, 4.15, 0.2 * z)) for x, z in ((1, 0.2), (-0.6, 0.8), (-0.3, -0.9))],
        p.BARK.in_color(rgb("5f3d26")),
        keep=True,
    )


@shape(
    "cactus",
    "saguaro succulent",
    "a cactus with two arms in the desert; a cactus in a clay pot",
    1.6,
    "body",
    "arm flower pot",
)
def _cactus(b: Builder) -> None:
    green = Finish("leaves", rgb("5f9a55"), rgb("8fbf72"), 0.8, size=0.5)
    arms = b.count("arm", 2, 0, 5)
    body = [
        _ribbed([(0, 0, 0), (0, 0.5, 0), (0, 1.0, 0), (0, 1.28, 0), (0, 1.36, 0)], [0.15, 0.175, 0.165, 0.12, 0.02])
    ]
    for k in range(arms):
        turn, y = 180 * k + 55 * (k // 2), b.vary(0.52 + 0.17 * (k % 3), 0.1)
        arm = _ribbed(
            [
                (0.05, y, 0),
                (0.24, y + 0.02, 0),
                (0.35, y + 0.12, 0),
                (0.36, y + 0.35, 0),
                (0.36, y + 0.45, 0),
                (0.36, y + 0.49, 0),
            ],
            [0.08, 0.085, 0.09, 0.088, 0.065, 0.015],
        )
        body.append(arm.rotate((0, turn, 0)))
    potted = b.says("pot", "potted", "clay", "indoor", "window")
    lift = 0.22 if potted else 0.0
    b.add("body", s.union(body).translate((0, lift, 0)), green)
    b.add(
        "flower",
        [
            s.ellipsoid(0.06, 0.035, 0.025, 10)
            .rotate((0, 0, 55))
            .translate((0.035, 1.39 + lift, 0))
            .rotate((0, 60 * k, 0))
            for k in range(6)
        ],
        p.PLASTIC.in_color(rgb("e76f95")),
        keep=True,
    )
    if potted:
        b.add(
            "pot",
            s.lathe([(0.2, 0), (0.27, 0.28), (0.3, 0.28), (0.3, 0.37), (0.27, 0.37), (0.25, 0.33), (0.0, 0.33)]),
            p.CLAY,
            turned=True,
        )
    else:
        b.add("ground", Blob(0.05).egg((0, -0.02, 0), (0.42, 0.07, 0.4)).solid(900), p.SAND)


def _ribbed(points: list[tuple[float, float, float]], radii: list[float]) -> Manifold:
    """A tube with ribs, round at its far end."""
    return s.tube(points, radii, 24, 5, ribs=12)


@shape(
    "flower",
    "rose tulip daisy sunflower blossom",
    "a flower with petals and a stem; a sunflower; a red rose in a pot",
    0.6,
    "petal",
    "petal leaf leave=leaf stem=leaf pot centre center=centre",
)
def _flower(b: Builder) -> None:
    petals = b.count("petal", 16 if b.says("sunflower", "daisy") else 8, 4, 24)
    yellow = b.says("sunflower")
    tone = p.PLASTIC.in_color(
        rgb("f0b323" if yellow else "f4f1ea" if b.says("daisy") else b.pick("d9435f", "c94f9a", "e8803a", "7d5cc0"))
    )
    b.add(
        "leaf",
        s.tube([(0.03, 0, 0), (0.0, 0.2, 0.015), (0, 0.42, 0), (0, 0.5, 0.03)], [0.012, 0.011, 0.01, 0.012], 10),
        p.LEAVES,
    )
    for turn, y in ((20, 0.12), (190, 0.2)):
        leaf = Blob(0.01).egg((0.1, 0.05, 0), (0.11, 0.012, 0.045), (0, 0, 28)).solid(500)
        b.add("leaf", leaf.rotate((0, turn, 0)).translate((0, y, 0)), p.LEAVES)
    head = []
    for row in range(2):
        for k in range(petals):
            long = 0.075 if row == 0 else 0.06
            petal = (
                s.ellipsoid(long, 0.007, 0.33 / petals + 0.012, 18)
                .translate((0.04 + long * 0.9, 0, 0))
                .rotate((0, 0, 8 + 20 * row))
                .rotate((0, 360 * (k + row / 2) / petals, 0))
            )
            head.append(petal.translate((0, 0.006 * row, 0)))
    tilt = (38, 0, 0)
    b.add("petal", s.union(head).rotate(tilt).translate((0, 0.51, 0.035)), tone)
    seed = (
        Finish("spotted", rgb("5a3718"), rgb("2c1b0d"), 0.9, size=0.25) if yellow else p.PLASTIC.in_color(rgb("f0b83a"))
    )
    b.add(
        "centre",
        s.ellipsoid(0.062 if yellow else 0.045, 0.028, 0.062 if yellow else 0.045, 24)
        .translate((0, 0.012, 0))
        .rotate(tilt)
        .translate((0, 0.51, 0.035)),
        seed,
        keep=True,
    )
    if b.says("pot", "potted"):
        pot = s.lathe(
            [(0.085, -0.16), (0.115, -0.02), (0.13, -0.02), (0.13, 0.02), (0.112, 0.02), (0.1, 0.0), (0, 0.0)]
        )
        b.add("pot", pot, p.CLAY, turned=True)


@shape(
    "mushroom",
    "toadstool fungus",
    "a red mushroom with white dots; a toadstool",
    0.5,
    "cap",
    "cap stem=stem dot=dot spot=dot",
)
def _mushroom(b: Builder) -> None:
    bend = b.vary(0.02, 2)
    b.add(
        "stem",
        Blob(0.02).chain([(0, 0.02, 0), (bend, 0.16, 0), (0, 0.32, 0)], [0.075, 0.055, 0.06]).solid(1600),
        p.PAPER,
    )
    b.add("stem", s.lathe(s.curve([(0.06, 0.24), (0.1, 0.2), (0.105, 0.205), (0.065, 0.26)])), p.PAPER, turned=True)
    cap = s.lathe(
        s.curve(
            [(0.02, 0.29), (0.17, 0.27), (0.235, 0.27), (0.245, 0.29), (0.2, 0.37), (0.11, 0.435), (0.02, 0.455)], 6
        ),
        44,
    )
    b.add("cap", cap, p.PLASTIC if not b.says("brown") else p.LEATHER, turned=True)
    for k in range(b.count("dot", 17, 0, 30)):
        turn, share = k * 2.39996, ((k + 0.5) / 17) ** 0.6
        r, y = 0.236 * min(share, 0.97), 0.452 - 0.15 * min(share, 0.97) ** 2.6
        b.add(
            "dot",
            s.ellipsoid(0.022, 0.014, 0.022, 12)
            .rotate((0, 0, -50 * share))
            .translate((r, y, 0))
            .rotate((0, turn * 57.3, 0)),
            p.PAPER,
            keep=True,
        )
    b.add("ground", Blob(0.02).egg((0, 0, 0), (0.22, 0.045, 0.2)).solid(700), p.GRASS)
