"""Things that stand in towns, by rivers and in harbours."""

from __future__ import annotations

import math

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb


@shape(
    "bridge",
    "viaduct aqueduct footbridge",
    "a stone bridge with arches; a wooden bridge over a river",
    10.0,
    "arch",
    "arch deck=arch railing rail=railing pillar=arch",
)
def _bridge(b: Builder) -> None:
    if b.says("wooden", "wood", "plank", "footbridge"):
        deck = []
        for k in range(33):
            x = -4.8 + 0.3 * k
            deck.append(s.box(0.26, 0.12, 2.2, 0.03).rotate((0, 0, -x * 2.4)).translate((x, 1.6 - 0.042 * x * x, 0)))
        b.add("arch", deck, p.PLANKS)
        beam = s.tube([(-4.9, 0.5, 0), (-2.5, 1.22, 0), (0, 1.47, 0), (2.5, 1.22, 0), (4.9, 0.5, 0)], 0.13, 10)
        rail = beam.translate((0, 1.05, 0))
        b.add("beam", [beam.translate((0, 0, z)) for z in (-0.9, 0.9)], p.WALNUT)
        posts = [
            s.box(0.14, 1.1, 0.14, 0.03).translate((x, 2.05 - 0.042 * x * x, z))
            for x in (-4.4, -2.9, -1.45, 0, 1.45, 2.9, 4.4)
            for z in (-1.0, 1.0)
        ]
        b.add("railing", [*posts, *(rail.translate((0, 0, z)) for z in (-1.0, 1.0))], p.OAK)
        return
    arches = b.count("arch", 3, 1, 5)
    span = 9.0 / arches
    wall = s.prism([(-5, 0), (5, 0), (5, 1.9), (2.5, 2.35), (0, 2.5), (-2.5, 2.35), (-5, 1.9)], 2.2)
    holes = [
        s.along_z(s.cylinder(span * 0.4, 4, 0, segments=56))
        .scale((1, min(1.0, 1.7 / (span * 0.4)), 1))
        .translate(((k + 0.5) * span - 4.5, 0.15, 0))
        for k in range(arches)
    ]
    b.add("arch", wall - s.union(holes), p.BLOCKS)
    edge = [
        (
            s.along_z(
                s.cylinder(span * 0.4 + 0.16, 2.34, 0.02, segments=56) - s.cylinder(span * 0.4, 4, 0, segments=56)
            ).scale((1, min(1.0, 1.7 / (span * 0.4)), 1))
            ^ s.box(20, 4, 4, 0).translate((0, 2, 0))
        ).translate(((k + 0.5) * span - 4.5, 0.15, 0))
        for k in range(arches)
    ]
    b.add("trim", edge, p.STONE)
    parapet = s.prism(
        [
            (-5, 1.85),
            (-2.5, 2.3),
            (0, 2.45),
            (2.5, 2.3),
            (5, 1.85),
            (5, 2.5),
            (2.5, 2.95),
            (0, 3.1),
            (-2.5, 2.95),
            (-5, 2.5),
        ],
        0.24,
    )
    b.add("railing", [parapet.translate((0, 0, z)) for z in (-0.98, 0.98)], p.BLOCKS)
    piers = [
        s.hull(
            s.cylinder(0.32, 1.0, 0.05, segments=24).translate((x, 0.5, z)),
            s.box(0.5, 1.0, 0.2, 0.05).translate((x, 0.5, z * 0.82)),
        )
        for x in ((k + 1) * span - 4.5 for k in range(arches - 1))
        for z in (-1.25, 1.25)
    ]
    if piers:
        b.add("pier", piers, p.STONE)


@shape(
    "fountain",
    "waterfountain birdbath",
    "a stone fountain with water and two basins; a garden fountain",
    2.4,
    "stone",
    "stone basin=stone water",
)
def _fountain(b: Builder) -> None:
    stone = p.MARBLE if b.says("marble") else p.STONE
    pool = s.lathe(
        [
            (1.15, 0),
            (1.2, 0.06),
            (1.12, 0.1),
            (1.12, 0.36),
            (1.2, 0.4),
            (1.2, 0.48),
            (1.02, 0.48),
            (1.02, 0.14),
            (0.01, 0.12),
        ],
        64,
    )
    b.add("stone", pool, stone, turned=True)
    b.add(
        "stone",
        s.lathe(s.curve([(0.3, 0.1), (0.26, 0.3), (0.14, 0.5), (0.12, 0.8), (0.18, 0.95)], 6), 40),
        stone,
        turned=True,
    )
    b.add(
        "stone",
        s.lathe(
            [*s.curve([(0.16, 0.9), (0.5, 1.0), (0.62, 1.12), (0.66, 1.2)], 5), (0.6, 1.2), (0.5, 1.1), (0.02, 1.06)],
            56,
        ),
        stone,
        turned=True,
    )
    b.add("stone", s.lathe(s.curve([(0.12, 1.04), (0.08, 1.2), (0.07, 1.38), (0.1, 1.45)], 5), 32), stone, turned=True)
    b.add(
        "stone",
        s.lathe([*s.curve([(0.09, 1.42), (0.24, 1.48), (0.32, 1.58)], 5), (0.28, 1.58), (0.02, 1.5)], 44),
        stone,
        turned=True,
    )
    water = Finish("marble", rgb("9fd4e6"), rgb("e4f6fb"), 0.08)
    b.add("water", s.cylinder(1.03, 0.04, 0.0, segments=64).translate((0, 0.38, 0)), water, keep=True)
    b.add("water", s.cylinder(0.57, 0.03, 0.0, segments=48).translate((0, 1.16, 0)), water, keep=True)
    b.add(
        "water",
        s.lathe(s.curve([(0.27, 1.55), (0.09, 1.57), (0.05, 1.75), (0.06, 1.95), (0.01, 2.02)], 6), 28),
        water,
        keep=True,
    )
    jets = s.around_y(
        s.tube([(0.3, 1.57, 0), (0.42, 1.58, 0), (0.5, 1.4, 0), (0.52, 1.17, 0)], [0.02, 0.026, 0.03, 0.034], 10), 8
    )
    falls = s.around_y(
        s.tube([(0.62, 1.19, 0), (0.76, 1.2, 0), (0.86, 0.9, 0), (0.89, 0.39, 0)], [0.02, 0.028, 0.034, 0.04], 10), 12
    )
    b.add("water", [*jets, *falls], water, keep=True)


@shape(
    "anchor",
    "grapnel",
    "a ship's anchor with a rope; an iron anchor",
    1.2,
    "iron",
    "iron anchor=iron rope chain=rope ring=iron",
)
def _anchor(b: Builder) -> None:
    rust = p.RUST if b.says("rusty", "old", "rust") else p.IRON
    iron = [
        s.box(0.1, 0.92, 0.08, 0.03).translate((0, 0.58, 0)),
        s.box(0.56, 0.08, 0.08, 0.03).translate((0, 0.9, 0)),
        s.mirrored(s.ball(0.06, 18).translate((0.29, 0.9, 0))),
    ]
    arm = s.tube([(0.0, 0.1, 0), (0.22, 0.13, 0), (0.38, 0.27, 0), (0.45, 0.45, 0)], [0.075, 0.065, 0.055, 0.045], 14)
    fluke = s.hull(
        s.ball(0.02, 10).translate((0.5, 0.58, 0)),
        s.box(0.05, 0.05, 0.2, 0.015).translate((0.44, 0.42, 0)),
        s.box(0.05, 0.03, 0.05, 0.01).translate((0.36, 0.3, 0)),
    )
    b.add("iron", [*iron, s.mirrored(arm), s.mirrored(fluke)], rust)
    b.add("iron", s.ring(0.09, 0.024, 36, 12).rotate((90, 0, 0)).translate((0, 1.11, 0)), rust)
    if not b.says("without"):
        line = [
            (0.0, 1.1, 0.1),
            (0.12, 1.0, 0.12),
            (0.1, 0.8, 0.1),
            (-0.1, 0.66, 0.1),
            (-0.12, 0.5, -0.1),
            (0.1, 0.38, -0.1),
            (0.12, 0.24, 0.1),
            (0.3, 0.08, 0.22),
            (0.5, 0.05, 0.1),
        ]
        b.add("rope", s.tube(line, 0.034, 14, 7, 5), p.CANVAS)


@shape(
    "skull",
    "cranium skeleton",
    "a human skull with dark eyes; a pirate's skull",
    0.24,
    "bone",
    "bone skull=bone jaw=bone eye tooth teeth=tooth",
)
def _skull(b: Builder) -> None:
    head = (
        Blob(0.03)
        .egg((0, 0.15, -0.02), (0.072, 0.075, 0.09))
        .egg((0, 0.15, 0.035), (0.06, 0.055, 0.05))
        .pair("limb", (0.055, 0.1, 0.05), (0.04, 0.085, 0.068), 0.017, 0.015, blend=0.015)
        .egg((0, 0.078, 0.058), (0.036, 0.03, 0.03), blend=0.02)
        .pair("egg", (0.03, 0.143, 0.078), (0.03, 0.012, 0.014), (0, 0, -10), blend=0.015)
    )
    sockets = s.mirrored(s.ellipsoid(0.0225, 0.021, 0.03, 26).rotate((0, 0, -12)).translate((0.0285, 0.118, 0.085)))
    nose = s.hull(
        s.ball(0.004, 10).translate((0, 0.105, 0.09)),
        *(s.ellipsoid(0.006, 0.006, 0.014, 12).translate((x * 0.008, 0.086, 0.09)) for x in (-1, 1)),
    )
    b.add("bone", head.solid(8000) - s.union([sockets, nose]), p.BONE)
    b.add("eye", s.mirrored(s.ellipsoid(0.0225, 0.021, 0.02, 22).translate((0.0285, 0.118, 0.062))), p.BLACK, keep=True)
    b.add("eye", s.ellipsoid(0.012, 0.016, 0.01, 16).translate((0, 0.09, 0.068)), p.BLACK, keep=True)
    hinge, corner, chin = (0.054, 0.085, 0.0), (0.046, 0.032, 0.02), (0.018, 0.02, 0.075)
    side = s.capsule(hinge, corner, 0.011, 0.013) + s.capsule(corner, chin, 0.013, 0.014)
    jaw = s.mirrored(side) + s.capsule(chin, (-chin[0], chin[1], chin[2]), 0.014)
    b.add("bone", jaw, p.BONE)
    teeth = []
    for k in range(-4, 5):
        turn = math.radians(k * 15)
        x, z = 0.034 * math.sin(turn), 0.05 + 0.034 * math.cos(turn)
        teeth.append(s.box(0.0078, 0.016, 0.007, 0.002).rotate((0, k * 15, 0)).translate((x, 0.053, z)))
        teeth.append(s.box(0.007, 0.014, 0.007, 0.002).rotate((0, k * 15, 0)).translate((x * 0.95, 0.0375, z - 0.001)))
    b.add("tooth", teeth, p.WHITE.in_color(rgb("f0e8d2")), keep=True)
