"""Things to work and to fight with."""

from __future__ import annotations

import math

import numpy as np
from manifold3d import Manifold

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import rgb


@shape(
    "sword",
    "blade katana dagger knife saber excalibur",
    "a sword with a golden hilt; a medieval long sword; a dagger; a katana",
    1.1,
    "blade",
    "blade hilt guard=hilt pommel=hilt grip handle=grip",
)
def _sword(b: Builder) -> None:
    short = b.says("dagger", "knife")
    long = 0.34 if short else b.vary(0.82, 0.08)
    edge = [(0.0, 0), (0.028, 0), (0.024, long * 0.82), (0.0, long)]
    right = s.hull(
        *(s.ball(0.0006, 4).translate((x, y, 0)) for x, y in edge),
        *(s.ball(0.0006, 4).translate((0, y, z)) for y in (0, long * 0.86) for z in (-0.0065, 0.0065)),
    )
    blade = s.mirrored(right)
    if not short:
        blade = (
            blade
            - s.hull(*(s.ball(0.006, 10).translate((0, y, 0.0095)) for y in (0, long * 0.6)))
            - s.hull(*(s.ball(0.006, 10).translate((0, y, -0.0095)) for y in (0, long * 0.6)))
        )
    b.add("blade", blade.translate((0, 0.2, 0)), p.STEEL)
    b.add(
        "hilt",
        [
            s.tube(
                [(-0.12, 0.215, 0), (-0.06, 0.2, 0), (0.06, 0.2, 0), (0.12, 0.215, 0)], [0.012, 0.013, 0.013, 0.012]
            ),
            s.mirrored(s.ball(0.017, 18).translate((0.122, 0.216, 0))),
            s.box(0.06, 0.03, 0.03, 0.008).translate((0, 0.2, 0)),
        ],
        p.GOLD,
    )
    b.add("grip", s.lathe(s.curve([(0.013, 0.05), (0.017, 0.12), (0.0145, 0.19)])), p.LEATHER, turned=True)
    b.add(
        "grip",
        [s.ring(0.0163, 0.0026, 20, 8).rotate((8, 0, 0)).translate((0, 0.065 + 0.016 * k, 0)) for k in range(8)],
        p.LEATHER.in_color(rgb("4a2c1a")),
    )
    b.add(
        "hilt",
        s.lathe(s.curve([(0.01, 0.055), (0.026, 0.04), (0.028, 0.022), (0.012, 0.005), (0.004, 0.0)])),
        p.GOLD,
        turned=True,
    )
    b.add(
        "gem",
        s.mirrored(s.ellipsoid(0.006, 0.009, 0.009, 14).rotate((0, 90, 0))).translate((0, 0.031, 0.026))
        + s.ball(0.0115, 14).translate((0, 0.2, 0.012)),
        p.GLASS.in_color(rgb("a01f33")),
        keep=True,
    )


@shape(
    "shield",
    "buckler",
    "a round shield; a knight's shield with a cross",
    0.8,
    "board",
    "board rim boss emblem cross=emblem",
)
def _shield(b: Builder) -> None:
    if b.says("round", "viking", "buckler", "wooden"):
        dome = s.ellipsoid(0.4, 0.4, 0.09, 64) ^ s.box(2, 2, 1, 0).translate((0, 0, 0.5))
        hollow = s.ellipsoid(0.385, 0.385, 0.07, 64)
        b.add("board", (dome - hollow).translate((0, 0.4, 0)), p.PLANKS)
        b.add("rim", s.along_z(s.ring(0.395, 0.018, 56)).translate((0, 0.4, 0.005)), p.IRON)
        b.add(
            "boss",
            s.ellipsoid(0.1, 0.1, 0.075, 32).translate((0, 0.4, 0.07)) ^ s.box(1, 1, 1, 0).translate((0, 0.4, 0.54)),
            p.STEEL,
        )
        rivets = [
            s.ball(0.011, 10).translate((0.0, 0.355, 0.025)).rotate((0, 0, 30 * k)).translate((0, 0.4, 0))
            for k in range(12)
        ]
        b.add("rim", rivets, p.BRASS)
        return
    outline = [
        (0, 0.0),
        (0.2, 0.17),
        (0.3, 0.42),
        (0.31, 0.75),
        (0.16, 0.79),
        (0, 0.76),
        (-0.16, 0.79),
        (-0.31, 0.75),
        (-0.3, 0.42),
        (-0.2, 0.17),
    ]
    bend = Manifold.cylinder(2, 0.95, 0.95, 128, True).rotate((90, 0, 0)).translate((0, 0.4, -0.9))
    inner = Manifold.cylinder(2.2, 0.915, 0.915, 128, True).rotate((90, 0, 0)).translate((0, 0.4, -0.9))
    inset = [(x * 0.88, 0.4 + (y - 0.4) * 0.9) for x, y in outline]
    b.add("rim", (s.prism(outline, 2) ^ bend) - inner, p.STEEL)
    b.add("board", (s.prism(inset, 2) ^ bend.translate((0, 0, 0.012))) - inner, p.PAINT.in_color(rgb("2f57a0")))
    cross = s.box(0.075, 0.6, 2, 0).translate((0, 0.44, 0)) + s.box(0.44, 0.075, 2, 0).translate((0, 0.52, 0))
    b.add("emblem", (cross ^ bend.translate((0, 0, 0.021))) - inner, p.GOLD)


@shape(
    "hammer",
    "mallet mjolnir sledgehammer",
    "a hammer with a wooden handle; a war hammer",
    0.35,
    "head",
    "head handle grip=handle",
)
def _hammer(b: Builder) -> None:
    b.add(
        "handle",
        s.tube([(0, 0, 0), (0, 0.1, 0), (0, 0.22, 0), (0, 0.3, 0)], [0.016, 0.014, 0.0115, 0.012]).scale(
            (0.8, 1, 1.15)
        ),
        p.OAK,
    )
    if b.says("war", "mjolnir", "thor", "sledge", "mallet", "sledgehammer"):
        b.add(
            "head", s.box(0.17, 0.085, 0.085, 0.014).translate((0, 0.3, 0)), p.STEEL if not b.says("mallet") else p.OAK
        )
        b.add(
            "band",
            [s.box(0.018, 0.092, 0.092, 0.01).translate((x, 0.3, 0)) for x in (-0.055, 0.055)],
            p.BRASS,
            keep=True,
        )
        return
    b.add(
        "head",
        [
            s.along_x(s.cylinder(0.022, 0.03, 0.004)).translate((0.06, 0.3, 0)),
            s.along_x(s.cylinder(0.0155, 0.05, 0.003)).translate((0.03, 0.3, 0)),
            s.box(0.046, 0.036, 0.034, 0.006).translate((0, 0.3, 0)),
        ],
        p.STEEL,
    )
    claw = s.hull(
        s.box(0.01, 0.03, 0.03, 0.004).translate((-0.02, 0.3, 0)),
        s.box(0.01, 0.014, 0.034, 0.003).translate((-0.06, 0.3, 0)),
    ) + s.hull(
        s.box(0.01, 0.014, 0.034, 0.003).translate((-0.06, 0.3, 0)),
        s.box(0.004, 0.004, 0.036, 0.001).translate((-0.088, 0.282, 0)),
    )
    notch = s.hull(
        s.box(0.01, 0.06, 0.001, 0).translate((-0.055, 0.295, 0)),
        s.box(0.01, 0.06, 0.014, 0).translate((-0.095, 0.29, 0)),
    )
    b.add("head", claw - notch, p.STEEL)


@shape(
    "axe",
    "hatchet battleaxe tomahawk",
    "an axe with a wooden handle; a double battle axe",
    0.8,
    "head",
    "head blade=head handle shaft=handle",
)
def _axe(b: Builder) -> None:
    b.add(
        "handle",
        s.tube([(0, 0, 0.012), (0, 0.2, 0), (0, 0.45, 0.006), (0, 0.72, 0)], [0.022, 0.017, 0.017, 0.018]).scale(
            (0.75, 1, 1.2)
        ),
        p.OAK,
    )
    body = s.hull(
        s.box(0.04, 0.1, 0.05, 0.006).translate((0, 0.66, 0)), s.box(0.02, 0.1, 0.02, 0.004).translate((0.06, 0.66, 0))
    )
    arc = [(0.19 + 0.035 * math.cos(t), 0.66 + 0.14 * math.sin(t)) for t in np.linspace(-1.45, 1.45, 13)]
    blade = s.hull(
        s.box(0.02, 0.1, 0.022, 0.004).translate((0.06, 0.66, 0)),
        *(s.ball(0.0012, 6).translate((x, y, 0)) for x, y in arc),
    )
    whole = body + blade
    if b.says("double", "battle", "battleaxe", "viking", "minotaur"):
        whole = s.mirrored(whole)
    else:
        whole = whole + s.box(0.035, 0.06, 0.04, 0.006).translate((-0.03, 0.66, 0))
    b.add("head", whole, p.STEEL)


@shape("key", "", "an old golden key", 0.1, "body", "")
def _key(b: Builder) -> None:
    loops = [
        s.along_z(s.ring(0.012, 0.0032, 28)).translate((x, y, 0))
        for x, y in ((0, 0.088), (-0.011, 0.072), (0.011, 0.072))
    ]
    bits = [s.box(0.018, 0.006, 0.005, 0.001).translate((0.01, y, 0)) for y in (0.004, 0.02)] + [
        s.box(0.006, 0.02, 0.005, 0.001).translate((0.017, 0.012, 0))
    ]
    b.add(
        "body",
        [
            s.capsule((0, 0, 0), (0, 0.065, 0), 0.0042),
            s.ring(0.0052, 0.0018, 24).translate((0, 0.056, 0)),
            *loops,
            *bits,
        ],
        b.pick(p.BRASS, p.IRON, p.GOLD),
    )


@shape("umbrella", "parasol", "an open umbrella; a beach parasol", 1.0, "cloth", "cloth handle=grip grip pole")
def _umbrella(b: Builder) -> None:
    ribs, shell = 8, []
    for radius in (0.5, 0.492):
        rim = s.ellipsoid(radius, radius * 0.55, radius, 64) ^ s.box(2, 1, 2, 0).translate((0, 0.5, 0))
        scallops = s.around_y(s.ellipsoid(0.16, 0.1, 0.21, 24).translate((0.55, 0, 0)), ribs, 22.5)
        shell.append(rim - s.union(scallops))
    b.add(
        "cloth",
        (shell[0] - shell[1].translate((0, -0.008, 0))).translate((0, 0.62, 0)),
        b.pick(p.CLOTH.in_color(rgb("b8342f")), p.CLOTH.in_color(rgb("2f6090")), p.CLOTH.in_color(rgb("e0a83a"))),
    )
    b.add(
        "pole",
        [
            s.capsule((0, 0.08, 0), (0, 0.94, 0), 0.008),
            *s.around_y(s.capsule((0, 0.62, 0), (0.4, 0.72, 0), 0.004, segments=6), ribs),
        ],
        p.STEEL,
    )
    b.add(
        "grip", s.tube([(0, 0.22, 0), (0, 0.05, 0), (0.035, 0.0, 0), (0.08, 0.01, 0), (0.085, 0.06, 0)], 0.014), p.OAK
    )
