"""Things that sound."""

from __future__ import annotations

import math

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import rgb


@shape(
    "piano",
    "keyboard grandpiano harpsichord",
    "a grand piano with black and white keys; a black piano",
    1.8,
    "body",
    "body case=body lid=body key leg=body pedal bench=stool stool",
)
def _piano(b: Builder) -> None:
    lacquer = p.PAINT.in_color(rgb("17171a")) if not b.says("wooden", "wood", "brown", "old") else p.WALNUT
    outline = [
        (-0.72, -0.5),
        (0.72, -0.5),
        (0.72, 0.0),
        (0.66, 0.35),
        (0.45, 0.6),
        (0.22, 0.78),
        (0.05, 1.05),
        (-0.2, 1.26),
        (-0.5, 1.28),
        (-0.72, 1.1),
    ]
    case = s.prism(outline, 0.28).rotate((-90, 0, 0))
    well = s.box(1.26, 0.2, 0.2, 0).translate((0, 0.15, 0.44))
    b.add("body", (case - well.translate((0, 0.0, 0))).translate((0, 0.78, 0)), lacquer)
    b.add(
        "key",
        s.box(1.24, 0.07, 0.19, 0.006).translate((0, 0.875, 0.43))
        - s.union([s.box(0.004, 0.05, 0.3, 0).translate((-0.62 + 0.0413 * k, 0.92, 0.45)) for k in range(1, 30)]),
        p.ENAMEL,
        keep=True,
    )
    blacks = [
        s.box(0.02, 0.035, 0.11, 0.005).translate((-0.62 + 0.0413 * k, 0.92, 0.385))
        for k in range(1, 30)
        if k % 7 not in (0, 3)
    ]
    b.add("key", blacks, p.BLACK, keep=True)
    lid = s.prism(outline, 0.03).rotate((-90, 0, 0))
    lid = (
        (lid ^ s.box(3, 1, 1.62, 0).translate((0, 0, -0.55)))
        .translate((0.72, 0, 0))
        .rotate((0, 0, 34))
        .translate((-0.72, 0.945, 0))
    )
    b.add("body", lid, lacquer)
    b.add("prop", s.capsule((0.5, 0.92, -0.1), (0.28, 1.56, -0.12), 0.012, segments=8), p.BRASS, keep=True)
    b.add(
        "plate",
        (
            s.prism([(x * 0.9, y * 0.9) for x, y in outline], 0.02).rotate((-90, 0, 0))
            ^ s.box(3, 1, 1.3, 0).translate((0, 0, -0.52))
        ).translate((0, 0.93, 0)),
        p.GOLD,
        keep=True,
    )
    b.add("stand", s.box(0.62, 0.24, 0.02, 0.008).rotate((-16, 0, 0)).translate((0, 1.06, 0.2)), lacquer)
    leg = s.lathe(s.curve([(0.035, 0.0), (0.045, 0.06), (0.038, 0.3), (0.062, 0.6), (0.06, 0.66)]), 20)
    b.add("body", [leg.translate((x, 0, z)) for x, z in ((-0.6, 0.35), (0.6, 0.35), (-0.35, -1.0))], lacquer)
    b.add(
        "lyre",
        [s.box(0.04, 0.6, 0.03, 0.01).translate((x, 0.36, 0.15)) for x in (-0.09, 0.09)]
        + [s.box(0.3, 0.06, 0.08, 0.02).translate((0, 0.08, 0.16))],
        lacquer,
    )
    b.add(
        "pedal",
        [s.box(0.035, 0.015, 0.14, 0.006).translate((x, 0.06, 0.24)) for x in (-0.08, 0, 0.08)],
        p.BRASS,
        keep=True,
    )
    if b.says("stool", "bench", "seat"):
        b.add("stool", s.box(0.62, 0.09, 0.32, 0.04).translate((0, 0.5, 0.95)), p.LEATHER.in_color(rgb("1f1d1c")))
        b.add(
            "stool",
            [s.box(0.05, 0.46, 0.05, 0.01).translate((x, 0.23, z)) for x in (-0.26, 0.26) for z in (0.84, 1.06)],
            lacquer,
        )


@shape(
    "drum",
    "snare bongo djembe tambourine timpani",
    "a drum with two drumsticks; a red toy drum",
    0.5,
    "shell",
    "shell body=shell head=skin skin hoop=rim rim stick",
)
def _drum(b: Builder) -> None:
    paint = p.PAINT.in_color(rgb(b.pick("b2302a", "2d5fae", "e0a52e")))
    tall = 0.46 if b.says("bongo", "djembe", "tall") else 0.26
    wide = 0.17 if tall > 0.3 else 0.24
    b.add("shell", s.cylinder(wide, tall, 0.004, segments=56).translate((0, tall / 2, 0)), paint, turned=True)
    b.add(
        "rim",
        [s.ring(wide + 0.003, 0.016, 56, 10).translate((0, y, 0)) for y in (0.016, tall - 0.004)],
        p.BRASS,
        keep=True,
    )
    b.add("skin", s.cylinder(wide - 0.012, 0.02, 0.004, segments=56).translate((0, tall, 0)), p.PAPER, keep=True)
    count = 8
    cords = []
    for k in range(2 * count):
        one, two = math.pi * k / count, math.pi * (k + 1) / count
        y1, y2 = (0.035, tall - 0.03) if k % 2 else (tall - 0.03, 0.035)
        r = wide + 0.007
        middle = (one + two) / 2
        cords.append(
            s.capsule(
                (r * math.cos(one), y1, r * math.sin(one)),
                (r * math.cos(middle), (y1 + y2) / 2, r * math.sin(middle)),
                0.0055,
                segments=8,
            )
        )
        cords.append(
            s.capsule(
                (r * math.cos(middle), (y1 + y2) / 2, r * math.sin(middle)),
                (r * math.cos(two), y2, r * math.sin(two)),
                0.0055,
                segments=8,
            )
        )
    b.add("cord", cords, p.CANVAS, keep=True)
    stick = s.capsule((-0.17, 0, 0), (0.15, 0, 0), 0.009, 0.007, 12) + s.ellipsoid(0.02, 0.014, 0.014, 16).translate(
        (0.16, 0, 0)
    )
    b.add(
        "stick",
        [
            stick.rotate((0, turn, 0)).translate((x, tall + 0.024, z))
            for turn, x, z in ((28, 0.0, 0.07), (-24, 0.02, -0.06))
        ],
        p.OAK,
    )


@shape(
    "bell",
    "handbell churchbell",
    "a golden bell; a church bell; a hand bell with a wooden handle",
    0.4,
    "bell",
    "bell body=bell handle clapper",
)
def _bell(b: Builder) -> None:
    outer = s.lathe(
        s.curve(
            [(0.175, 0.0), (0.17, 0.02), (0.125, 0.09), (0.1, 0.17), (0.085, 0.24), (0.055, 0.275), (0.005, 0.285)], 6
        ),
        56,
    )
    inner = s.lathe(
        s.curve(
            [(0.155, -0.01), (0.15, 0.015), (0.108, 0.09), (0.085, 0.17), (0.07, 0.235), (0.03, 0.262), (0.005, 0.265)],
            6,
        ),
        48,
    )
    metal = p.BRASS if not b.says("church", "bronze") else p.BRONZE
    lift = 0.03
    b.add("bell", (outer - inner).translate((0, lift, 0)), metal, turned=True)
    b.add(
        "bell", [s.ring(r, 0.005, 52, 8).translate((0, y + lift, 0)) for r, y in ((0.15, 0.05), (0.108, 0.145))], metal
    )
    b.add(
        "clapper",
        [s.ball(0.034, 20).translate((0, 0.034, 0)), s.capsule((0, 0.05, 0), (0, 0.3, 0), 0.008, segments=10)],
        p.IRON,
        keep=True,
    )
    if b.says("church", "big", "tower"):
        loop = s.ring(0.04, 0.014, 32, 12).rotate((90, 0, 0)).translate((0, 0.33 + lift, 0))
        b.add("handle", loop, metal)
    else:
        b.add(
            "handle",
            s.lathe(
                s.curve([(0.018, 0.28), (0.022, 0.3), (0.014, 0.33), (0.024, 0.38), (0.018, 0.43), (0.004, 0.445)], 6),
                28,
            ).translate((0, lift, 0)),
            p.WALNUT,
            turned=True,
        )
