"""Machines that work, ride, dive and fight."""

from __future__ import annotations

import math

from manifold3d import Manifold

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb


def _lugged(radius: float, width: float, lugs: int) -> Manifold:
    """A tyre with a coarse tread, its axle along x."""
    tyre = s.lathe(
        [
            (radius * 0.58, -width / 2),
            (radius * 0.9, -width / 2),
            (radius * 0.96, -width * 0.36),
            (radius * 0.96, width * 0.36),
            (radius * 0.9, width / 2),
            (radius * 0.58, width / 2),
        ],
        40,
    )
    lug = s.box(radius * 0.1, width * 0.56, radius * 0.12, 0.01)
    treads = [
        one
        for side in (-1, 1)
        for one in s.around_y(
            lug.rotate((28 * side, 0, 0)).translate((radius * 0.96, side * width * 0.2, 0)), lugs, 4 + 180 / lugs * side
        )
    ]
    return s.along_x(s.union([tyre, *treads]) - s.cylinder(radius * 0.56, 2 * width, 0, segments=40))


def _rim(radius: float, width: float) -> Manifold:
    dish = s.lathe(
        [
            (radius, -width / 2),
            (radius, width / 2),
            (radius * 0.86, width * 0.46),
            (radius * 0.3, width * 0.2),
            (radius * 0.26, width * 0.52),
            (0.0, width * 0.54),
        ],
        36,
    )
    return s.along_x(dish + dish.mirror((0, 1, 0)))


@shape(
    "tractor",
    "harvester bulldozer excavator digger",
    "a tractor with big rear wheels; a farm tractor; a red tractor",
    3.4,
    "body",
    "body hood=body wheel=rim rim tyre tire=tyre cabin=body roof=body exhaust window seat",
)
def _tractor(b: Builder) -> None:
    paint = p.PAINT.in_color(rgb(b.pick("b8322a", "3f8f3a", "2f66b0", "e0a82e")))
    b.add(
        "body",
        s.hull(
            s.box(0.72, 0.62, 0.1, 0.05).translate((0, 1.22, 0.35)),
            s.box(0.62, 0.5, 0.1, 0.05).translate((0, 1.2, 1.55)),
        ),
        paint,
    )
    b.add("chassis", s.box(0.5, 0.36, 2.5, 0.05).translate((0, 0.82, 0.3)), p.IRON, keep=True)
    b.add(
        "grille",
        [s.box(0.44, 0.05, 0.06, 0.015).translate((0, 1.02 + 0.085 * k, 1.6)) for k in range(4)],
        p.IRON,
        keep=True,
    )
    b.add("light", s.mirrored(s.along_z(s.cylinder(0.07, 0.1, 0.02)).translate((0.24, 1.4, 1.58))), p.LAMP, keep=True)
    for x in (-0.72, 0.72):
        b.add("tyre", _lugged(0.78, 0.42, 15).translate((x, 0.78, -0.62)), p.RUBBER, keep=True)
        b.add("rim", _rim(0.47, 0.3).translate((x, 0.78, -0.62)), p.PAINT.in_color(rgb("e9c23c")), keep=True)
    for x in (-0.58, 0.58):
        b.add("tyre", _lugged(0.44, 0.26, 12).translate((x, 0.44, 1.2)), p.RUBBER, keep=True)
        b.add("rim", _rim(0.26, 0.2).translate((x, 0.44, 1.2)), p.PAINT.in_color(rgb("e9c23c")), keep=True)
    guard = s.along_x(s.cylinder(0.92, 0.46, 0.03, segments=44)) - s.along_x(s.cylinder(0.85, 1, 0, segments=44))
    guard = guard ^ s.box(2, 1.2, 3, 0).translate((0, 0.84, 0))
    b.add("body", s.mirrored(guard.translate((0.7, 0.78, -0.62))), paint)
    posts = [
        s.capsule((x * 0.46, 1.1, z), (x * 0.44, 2.32, z * 0.92 - 0.03), 0.035, segments=10)
        for x in (-1, 1)
        for z in (0.22, -1.1)
    ]
    b.add("cabin", posts, paint)
    b.add("body", s.box(1.08, 0.1, 1.6, 0.05).translate((0, 2.36, -0.45)), paint)
    b.add("window", s.box(0.86, 1.0, 1.16, 0.03).translate((0, 1.8, -0.44)), p.GLASS, keep=True)
    b.add("body", s.box(0.94, 0.5, 1.3, 0.05).translate((0, 1.1, -0.45)), paint)
    b.add(
        "exhaust",
        s.lathe(
            [(0.05, 1.5), (0.05, 1.75), (0.08, 1.8), (0.08, 2.1), (0.045, 2.14), (0.045, 2.4), (0.03, 2.4)], 20
        ).translate((0.22, 0, 1.05)),
        p.BLACK,
        keep=True,
    )
    if b.says("bulldozer", "digger", "plough", "plow", "shovel", "excavator"):
        blade = s.prism([(0, 0.15), (0.18, 0.25), (0.12, 0.62), (0.22, 0.95), (0.15, 0.95), (0.02, 0.6)], 2.0)
        b.add("blade", blade.rotate((0, -90, 0)).translate((0, 0, 1.95)), p.STEEL, keep=True)
        b.add("arm", s.mirrored(s.capsule((0.34, 0.8, 0.9), (0.5, 0.5, 2.05), 0.06)), p.IRON, keep=True)


@shape(
    "motorcycle",
    "motorbike scooter moped vespa chopper",
    "a motorcycle with two wheels and a shiny engine; a motor scooter",
    2.2,
    "tank",
    "tank body=tank wheel=rim rim tyre tire=tyre seat engine exhaust handle=bar bar light",
)
def _motorcycle(b: Builder) -> None:
    paint = p.PAINT.in_color(rgb(b.pick("b3271e", "1f1f24", "2458a6", "d9772b")))
    for z in (-0.72, 0.74):
        b.add("tyre", s.ring(0.29, 0.075, 48, 16).rotate((0, 0, 90)).translate((0, 0.365, z)), p.RUBBER, keep=True)
        rim = s.ring(0.225, 0.022, 44, 10).rotate((0, 0, 90)) + s.along_x(s.cylinder(0.06, 0.16, 0.02))
        spokes = [
            s.capsule((0, 0, 0), (0.0, 0.22 * math.cos(t), 0.22 * math.sin(t)), 0.011, segments=8)
            for t in (2 * math.pi * k / 9 for k in range(9))
        ]
        b.add("rim", s.union([rim, *spokes]).translate((0, 0.365, z)), p.CHROME, keep=True)
    b.add(
        "engine",
        [
            s.box(0.3, 0.26, 0.42, 0.06).translate((0, 0.42, 0.0)),
            *(s.along_x(s.cylinder(0.12, 0.06, 0.02)).translate((x, 0.4, -0.02)) for x in (-0.16, 0.16)),
            *(
                s.box(0.22, 0.022, 0.2, 0.008)
                .rotate((tilt, 0, 0))
                .translate(
                    (
                        0,
                        0.56 + 0.04 * k * math.cos(math.radians(tilt)),
                        tilt / 200 + 0.04 * k * math.sin(math.radians(tilt)),
                    )
                )
                for tilt in (-24, 28)
                for k in range(5)
            ),
        ],
        p.STEEL,
        keep=True,
    )
    b.add(
        "tank",
        s.hull(
            s.ellipsoid(0.15, 0.12, 0.2, 28).translate((0, 0.86, 0.2)),
            s.ellipsoid(0.1, 0.08, 0.14, 24).translate((0, 0.84, -0.06)),
        ),
        paint,
    )
    b.add(
        "frame",
        [
            s.capsule((0, 0.78, 0.42), (0, 0.72, -0.3), 0.04),
            s.capsule((0, 0.76, 0.42), (0, 0.3, 0.2), 0.035),
            s.capsule((0, 0.28, 0.2), (0, 0.3, -0.2), 0.035),
            s.capsule((0, 0.3, -0.2), (0, 0.72, -0.3), 0.035),
            s.mirrored(s.capsule((0.1, 0.36, -0.2), (0.1, 0.365, -0.72), 0.03)),
            s.mirrored(s.capsule((0.1, 0.4, -0.66), (0.1, 0.76, -0.46), 0.028)),
        ],
        p.BLACK,
        keep=True,
    )
    fork = s.mirrored(s.capsule((0.1, 0.365, 0.74), (0.09, 0.98, 0.47), 0.03))
    b.add(
        "bar",
        [
            fork,
            s.box(0.26, 0.05, 0.09, 0.02).translate((0, 0.96, 0.48)),
            s.tube(
                [(-0.36, 1.04, 0.28), (-0.2, 1.1, 0.42), (0, 1.02, 0.48), (0.2, 1.1, 0.42), (0.36, 1.04, 0.28)],
                0.018,
                10,
            ),
        ],
        p.CHROME,
        keep=True,
    )
    b.add("grip", s.mirrored(s.capsule((0.3, 1.065, 0.33), (0.39, 1.03, 0.25), 0.03)), p.RUBBER, keep=True)
    b.add(
        "light",
        s.along_z(s.lathe(s.curve([(0.1, 0.07), (0.105, 0.02), (0.07, -0.06), (0.01, -0.09)])))
        .rotate((0, 180, 0))
        .translate((0, 0.92, 0.56)),
        p.CHROME,
        keep=True,
    )
    b.add("lamp", s.along_z(s.cylinder(0.088, 0.03, 0.01)).translate((0, 0.92, 0.635)), p.LAMP, keep=True)
    b.add(
        "seat",
        s.hull(
            s.box(0.24, 0.07, 0.3, 0.035).translate((0, 0.8, -0.25)),
            s.box(0.2, 0.1, 0.12, 0.05).translate((0, 0.87, -0.56)),
        ),
        p.LEATHER.in_color(rgb("2b2320")),
    )
    arc = s.along_x(s.cylinder(0.43, 0.2, 0.03, segments=48)) - s.along_x(s.cylinder(0.395, 1, 0, segments=48))
    b.add(
        "tank",
        (arc ^ s.box(1, 1, 1, 0).rotate((38, 0, 0)).translate((0, 0.62, -0.38))).translate((0, 0.365, -0.72)),
        paint,
    )
    b.add(
        "tank",
        (arc ^ s.box(1, 1, 1, 0).rotate((16, 0, 0)).translate((0, 0.72, -0.14))).translate((0, 0.365, 0.74)),
        paint,
    )
    b.add(
        "exhaust",
        s.mirrored(
            s.tube(
                [(0.14, 0.5, 0.2), (0.19, 0.3, 0.22), (0.19, 0.24, 0.0), (0.2, 0.27, -0.5), (0.2, 0.31, -0.95)],
                [0.035, 0.035, 0.038, 0.058, 0.062],
                14,
            )
        ),
        p.CHROME,
        keep=True,
    )
    b.add(
        "backlight",
        s.ellipsoid(0.06, 0.04, 0.04, 16).translate((0, 0.78, -1.04)),
        p.PLASTIC.in_color(rgb("a3161a")),
        keep=True,
    )


@shape(
    "tank",
    "panzer armored armoured",
    "a military tank with a turret and a long gun; an army tank with tracks",
    6.0,
    "hull",
    "hull body=hull turret=hull gun=hull barrel=hull track wheel hatch=hull star",
)
def _tank(b: Builder) -> None:
    paint = Finish("patched", rgb(b.pick("5d6b3f", "6f7a52", "8f8258")), rgb("47512f"), 0.8, size=1.4)
    b.add(
        "hull",
        s.hull(
            s.box(1.8, 0.1, 3.6, 0.04).translate((0, 0.55, 0)),
            s.box(1.9, 0.1, 4.7, 0.04).translate((0, 0.95, 0)),
            s.box(1.9, 0.1, 3.6, 0.04).translate((0, 1.25, -0.45)),
        ),
        paint,
    )
    b.add("hull", s.mirrored(s.box(0.66, 0.07, 4.5, 0.03).translate((1.18, 1.12, -0.1))), paint)
    outline = s.hull(
        *(
            s.along_x(s.cylinder(r, 0.52, 0.03, segments=36)).translate((0, y, z))
            for y, z, r in ((0.62, 2.0, 0.36), (0.66, -2.0, 0.36), (0.4, 1.35, 0.4), (0.4, -1.45, 0.4))
        )
    )
    core = s.hull(
        *(
            s.along_x(s.cylinder(r, 1, 0, segments=36)).translate((0, y, z))
            for y, z, r in ((0.62, 2.0, 0.29), (0.66, -2.0, 0.29), (0.4, 1.35, 0.33), (0.4, -1.45, 0.33))
        )
    )
    pads = [
        s.box(0.56, 0.06, 0.12, 0.015).translate((0, y, z))
        for z in (-1.3 + 0.24 * k for k in range(12))
        for y in (0.0,)
    ]
    b.add(
        "track",
        s.mirrored(((outline - core) + s.union(pads).translate((0, 0.01, 0))).translate((1.18, 0, 0))),
        p.IRON,
        keep=True,
    )
    wheels = [
        s.along_x(s.cylinder(r, 0.46, 0.04, segments=32)).translate((1.18, y, z))
        for z, y, r in ((2.0, 0.62, 0.27), (-2.0, 0.66, 0.27), *((-1.35 + 0.67 * k, 0.37, 0.3) for k in range(5)))
    ]
    b.add("wheel", s.mirrored(s.union(wheels)), p.STEEL.in_color(rgb("5a5f55")), keep=True)
    turret = s.hull(
        s.box(1.75, 0.08, 2.0, 0.04).translate((0, 1.34, -0.35)),
        s.box(1.6, 0.1, 1.7, 0.05).translate((0, 1.62, -0.35)),
        s.box(1.1, 0.08, 1.2, 0.04).translate((0, 1.92, -0.5)),
    )
    b.add("hull", turret, paint)
    gun = s.along_z(
        s.lathe([(0.13, -3.6), (0.14, -3.56), (0.14, -3.2), (0.095, -3.14), (0.1, -1.6), (0.16, -1.5), (0.18, 0.0)], 28)
    )
    bore = s.along_z(s.cylinder(0.06, 1.0, 0)).translate((0, 1.62, 3.7))
    b.add("hull", gun.translate((0, 1.62, 0.2)) - bore, paint)
    b.add("hull", s.box(0.5, 0.44, 0.36, 0.06).translate((0, 1.62, 0.62)), paint)
    b.add("hatch", s.cylinder(0.3, 0.16, 0.03).translate((0.36, 1.98, -0.6)), paint)
    b.add("antenna", s.capsule((-0.5, 1.9, -0.95), (-0.5, 2.9, -1.02), 0.014, 0.008, 8), p.BLACK, keep=True)
    b.add("light", s.mirrored(s.along_z(s.cylinder(0.09, 0.1, 0.02)).translate((0.8, 1.16, 2.2))), p.LAMP, keep=True)


@shape(
    "cannon",
    "artillery howitzer",
    "an old cannon on wooden wheels; a pirate cannon",
    1.8,
    "barrel",
    "barrel gun=barrel wheel carriage=wheel ball",
)
def _cannon(b: Builder) -> None:
    barrel = s.along_z(
        s.lathe(
            s.curve(
                [
                    (0.03, 0.78),
                    (0.06, 0.72),
                    (0.035, 0.66),
                    (0.19, 0.62),
                    (0.2, 0.4),
                    (0.17, 0.1),
                    (0.14, -0.5),
                    (0.13, -0.78),
                    (0.17, -0.84),
                    (0.16, -0.92),
                ],
                4,
            ),
            44,
        )
    )
    rings = [
        s.along_z(s.ring(r, 0.022, 40, 10)).translate((0, 0, z)) for r, z in ((0.19, -0.42), (0.165, 0.0), (0.145, 0.4))
    ]
    bore = s.along_z(s.cylinder(0.085, 1.0, 0)).translate((0, 0, 0.75))
    metal = p.BRONZE if b.says("bronze", "golden", "brass") else p.IRON
    lifted = (s.union([barrel, *rings]) - bore).rotate((-9, 0, 0)).translate((0, 0.66, 0.12))
    b.add("barrel", lifted, metal)
    b.add("barrel", s.along_x(s.cylinder(0.055, 0.56, 0.01)).translate((0, 0.62, 0.05)), metal)
    cheeks = s.prism(
        [(-1.0, 0.06), (-0.86, 0.02), (0.1, 0.42), (0.22, 0.44), (0.22, 0.62), (-0.1, 0.66), (-0.5, 0.42)], 0.1
    )
    b.add("carriage", s.mirrored(cheeks.rotate((0, -90, 0)).translate((0.23, 0, 0))), p.OAK)
    b.add(
        "carriage", [s.box(0.46, 0.08, 0.08, 0.02).translate((0, y, z)) for y, z in ((0.3, -0.4), (0.12, -0.85))], p.OAK
    )
    wheel = s.ring(0.38, 0.045, 44, 12) + s.cylinder(0.09, 0.2, 0.02)
    spokes = s.around_y(s.capsule((0.05, 0, 0), (0.37, 0, 0), 0.026, 0.03, 10), b.count("spoke", 10, 6, 14))
    b.add("wheel", s.mirrored(s.along_x(s.union([wheel, *spokes])).translate((0.42, 0.425, 0.05))), p.OAK)
    b.add(
        "tyre",
        s.mirrored(
            s.along_x(s.cylinder(0.43, 0.09, 0.01, segments=48) - s.cylinder(0.4, 1, 0, segments=48)).translate(
                (0.42, 0.425, 0.05)
            )
        ),
        p.IRON,
        keep=True,
    )
    b.add("axle", s.along_x(s.cylinder(0.05, 1.1, 0.02)).translate((0, 0.425, 0.05)), p.IRON, keep=True)
    if b.says("ball", "balls", "cannonball", "cannonballs", "pirate"):
        balls = [
            s.ball(0.1, 24).translate((x, y, z))
            for x, y, z in ((0.75, 0.1, 0.5), (0.95, 0.1, 0.5), (0.85, 0.1, 0.67), (0.85, 0.26, 0.56))
        ]
        b.add("ball", balls, p.IRON, keep=True)


@shape(
    "submarine",
    "sub uboat",
    "a yellow submarine with a periscope; a navy submarine",
    7.0,
    "hull",
    "hull body=hull tower=hull window=porthole porthole periscope propeller fin=trim",
)
def _submarine(b: Builder) -> None:
    paint = p.PAINT.in_color(rgb(b.pick("e5b62c", "4c5a66", "2f6f8f")))
    hull = s.along_z(
        s.lathe(
            s.curve(
                [
                    (0.02, -3.4),
                    (0.5, -3.2),
                    (0.9, -2.5),
                    (1.05, -1.2),
                    (1.05, 0.8),
                    (0.85, 2.2),
                    (0.45, 3.1),
                    (0.18, 3.4),
                ],
                6,
            ),
            48,
        )
    )
    b.add("hull", hull.translate((0, 1.25, 0)), paint)
    tower = s.hull(
        *(s.cylinder(r, 0.9, 0.08, segments=32).translate((0, 2.55, z)) for r, z in ((0.42, 0.75), (0.3, -0.5)))
    )
    b.add("hull", tower, paint)
    b.add(
        "trim",
        s.hull(
            *(s.cylinder(r, 0.08, 0.03, segments=32).translate((0, 3.0, z)) for r, z in ((0.46, 0.75), (0.34, -0.5)))
        ),
        p.BLACK,
        keep=True,
    )
    b.add(
        "periscope",
        s.tube([(0, 2.9, 0.3), (0, 3.7, 0.3), (0, 3.85, 0.36), (0, 3.87, 0.55)], 0.06, 12),
        p.STEEL,
        keep=True,
    )
    b.add("periscope", s.along_z(s.cylinder(0.075, 0.08, 0.02)).translate((0, 3.87, 0.56)), p.GLASS, keep=True)
    port = s.along_x(s.cylinder(0.26, 0.14, 0.04, segments=32))
    glass = s.along_x(s.cylinder(0.19, 0.18, 0.04, segments=28))
    places = [(1.02, 1.4, z) for z in (1.3, 0.3, -0.7)][: b.count("window", 3, 1, 3)]
    b.add("trim", s.mirrored(s.union([port.translate(place) for place in places])), p.BRASS, keep=True)
    b.add("porthole", s.mirrored(s.union([glass.translate(place) for place in places])), p.GLASS, keep=True)
    b.add(
        "trim",
        [
            s.box(2.2, 0.08, 0.6, 0.03).translate((0, 1.25, -2.75)),
            s.box(0.08, 2.0, 0.6, 0.03).translate((0, 1.25, -2.75)),
            s.box(3.0, 0.08, 0.5, 0.03).translate((0, 1.35, 2.0)),
        ],
        p.BLACK,
        keep=True,
    )
    blade = s.ellipsoid(0.06, 0.34, 0.16, 20).rotate((0, 35, 0)).translate((0, 0.36, 0))
    b.add(
        "propeller",
        s.union([blade.rotate((0, 0, 90 * k)) for k in range(4)] + [s.along_z(s.cylinder(0.13, 0.5, 0.04))]).translate(
            (0, 1.25, -3.5)
        ),
        p.BRASS,
        keep=True,
    )


@shape(
    "ufo",
    "saucer",
    "a flying saucer with lights; a ufo of aliens",
    5.0,
    "hull",
    "hull body=hull dome light leg alien",
)
def _ufo(b: Builder) -> None:
    metal = p.CHROME if b.says("shiny", "chrome") else p.STEEL.in_color(rgb("a9b4bd"))
    disc = s.lathe(
        s.curve(
            [(0.5, 1.0), (1.3, 1.08), (2.2, 1.38), (2.45, 1.5), (2.2, 1.62), (1.2, 1.95), (0.85, 2.02), (0.01, 2.05)], 6
        ),
        64,
    )
    b.add("hull", disc, metal, turned=True)
    b.add("hull", s.ring(2.42, 0.09, 64).translate((0, 1.5, 0)), metal)
    dome = s.ellipsoid(0.86, 0.8, 0.86, 44) ^ s.box(4, 2, 4, 0).translate((0, 1, 0))
    b.add("dome", dome.translate((0, 1.98, 0)), p.CLEAR.in_color(rgb("7fd6c2")), keep=True)
    count = b.count("light", 12, 6, 20)
    b.add("light", s.around_y(s.ellipsoid(0.13, 0.09, 0.13, 18).translate((1.92, 1.76, 0)), count), p.LAMP, keep=True)
    b.add("beam", s.lathe([(0.45, 0.96), (0.36, 0.86), (0.01, 0.84)], 40), p.LAMP.in_color(rgb("bff3a0")), keep=True)
    legs = s.around_y(s.capsule((0.9, 1.1, 0), (1.5, 0.1, 0), 0.06, 0.05, 12), b.count("leg", 3, 3, 5), 30)
    feet = s.around_y(s.cylinder(0.24, 0.1, 0.03).translate((1.52, 0.05, 0)), b.count("leg", 3, 3, 5), 30)
    b.add("leg", legs + feet, p.IRON, keep=True)
