"""Things that drive on roads."""

from __future__ import annotations

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import rgb


def _wheel(b: Builder, radius: float, width: float, x: float, z: float) -> None:
    """A tyre with a rim, standing on the ground, its axle along x."""
    tyre = s.lathe(
        [
            (radius * 0.62, -width / 2),
            (radius * 0.9, -width / 2),
            (radius, -width * 0.32),
            (radius, width * 0.32),
            (radius * 0.9, width / 2),
            (radius * 0.62, width / 2),
        ],
        36,
    )
    b.add("tyre", s.along_x(tyre).translate((x, radius, z)), p.RUBBER, keep=True)
    rim = s.lathe(
        [
            (radius * 0.64, -width * 0.4),
            (radius * 0.64, width * 0.4),
            (radius * 0.5, width * 0.36),
            (radius * 0.16, width * 0.3),
            (radius * 0.14, width * 0.5),
            (0.0, width * 0.52),
        ],
        36,
    )
    flat = rim + rim.mirror((0, 1, 0))
    b.add("rim", s.along_x(flat).translate((x, radius, z)), p.STEEL, keep=True)


@shape(
    "car",
    "automobile sedan coupe taxi jeep convertible racecar",
    "a car with four wheels; a sports car; a vintage automobile; a police car",
    4.2,
    "body",
    "wheel=rim rim tyre tire=tyre window door=body roof bumper light",
)
def _car(b: Builder) -> None:
    sporty = b.says("sport", "race", "racing", "racecar", "coupe", "fast")
    color = b.pick("c0332b", "2c63b0", "e3b12d", "47875a", "e9e7e2", "3b4046")
    body = p.PAINT.in_color(rgb("f0c02c" if b.says("taxi") else color))
    low = 0.24 if sporty else 0.3
    waist = 0.62 if sporty else 0.74
    shell = s.hull(
        s.box(1.62, 0.2, 3.9, 0.09).translate((0, low + 0.13, 0)),
        s.box(1.7, 0.14, 3.5, 0.06).translate((0, low + 0.3, 0)),
        s.box(1.56, 0.1, 2.5, 0.045).translate((0, waist, -0.35)),
        s.box(1.5, 0.1, 0.9, 0.045).translate((0, waist - 0.07, 1.3)),
    )
    radius = 0.335
    arches = [
        s.along_x(s.cylinder(radius * 1.2, 0.7, 0.02, segments=40)).translate((x * 0.85, radius, z))
        for x in (-1, 1)
        for z in (-1.2, 1.22)
    ]
    b.add("body", shell - s.union(arches), body)
    wells = s.union(
        [
            s.along_x(s.cylinder(radius * 1.19, 0.2, 0.01, segments=40)).translate((x * 0.55, radius, z))
            for x in (-1, 1)
            for z in (-1.2, 1.22)
        ]
    )
    b.add("trim", wells ^ shell, p.BLACK, keep=True)
    roof = 1.12 if sporty else 1.34
    front, back = (0.2, -0.95) if sporty else (0.12, -1.02)
    cabin = s.hull(
        s.box(1.46, 0.06, 2.35, 0.03).translate((0, waist, -0.3)),
        s.box(1.14, 0.06, front - back, 0.03).translate((0, roof, (front + back) / 2)),
    )
    b.add("window", cabin, p.GLASS, keep=True)
    b.add(
        "roof" if "roof" in b.wishes.looks else "body",
        s.hull(
            s.box(1.2, 0.05, front - back + 0.16, 0.025).translate((0, roof - 0.01, (front + back) / 2)),
            s.box(1.06, 0.05, front - back, 0.025).translate((0, roof + 0.045, (front + back) / 2)),
        ),
        body,
    )
    top, mid = roof - 0.005, (front + back) / 2
    pillars = []
    for x in (-1, 1):
        pillars.append(s.capsule((x * 0.715, waist, 0.86), (x * 0.565, top, front), 0.035, 0.032, 10))
        pillars.append(s.capsule((x * 0.715, waist, -1.46), (x * 0.565, top, back), 0.05, 0.035, 10))
        pillars.append(s.capsule((x * 0.735, waist, mid), (x * 0.575, top, mid), 0.035, 0.032, 10))
    b.add("body", pillars, body)
    for side in (-0.78, 0.78):
        for z in (-1.2, 1.22):
            _wheel(b, radius, 0.22, side, z)
    b.add(
        "light",
        [s.ellipsoid(0.16, 0.085, 0.06, 18).translate((x * 0.56, low + 0.3, 1.9)) for x in (-1, 1)],
        p.LAMP,
        keep=True,
    )
    b.add(
        "backlight",
        [s.box(0.34, 0.1, 0.08, 0.03).translate((x * 0.58, low + 0.34, -1.86)) for x in (-1, 1)],
        p.PLASTIC.in_color(rgb("a3161a")),
        keep=True,
    )
    b.add(
        "bumper",
        [s.box(1.6, 0.13, 0.16, 0.06).translate((0, low + 0.08, z)) for z in (-1.93, 1.93)],
        p.CHROME if b.says("vintage", "old", "classic") else p.BLACK,
        keep=True,
    )
    b.add("grille", s.box(0.62, 0.16, 0.08, 0.03).translate((0, low + 0.27, 1.91)), p.IRON, keep=True)
    b.add(
        "handle",
        [
            s.box(0.03, 0.03, 0.16, 0.012).translate((x * 0.855, waist - 0.12, z))
            for x in (-1, 1)
            for z in (-0.2, -0.85)
        ],
        p.CHROME,
        keep=True,
    )
    b.add("mirror", s.mirrored(s.ellipsoid(0.07, 0.06, 0.05, 14).translate((0.83, waist + 0.08, 0.62))), body)
    if b.says("taxi"):
        b.add("sign", s.box(0.5, 0.14, 0.16, 0.04).translate((0, roof + 0.13, mid)), p.LAMP, keep=True)
    if b.says("police"):
        b.add(
            "siren",
            [s.box(0.34, 0.12, 0.18, 0.04).translate((x * 0.19, roof + 0.12, mid)) for x in (1,)],
            p.PLASTIC,
            keep=True,
        )
        b.add(
            "siren",
            s.box(0.34, 0.12, 0.18, 0.04).translate((-0.19, roof + 0.12, mid)),
            p.PLASTIC.in_color(rgb("2450b8")),
            keep=True,
        )
    if sporty:
        b.add(
            "body",
            [
                s.box(1.5, 0.035, 0.3, 0.015).translate((0, waist + 0.24, -1.75)),
                *(s.box(0.05, 0.26, 0.16, 0.015).translate((x * 0.55, waist + 0.12, -1.72)) for x in (-1, 1)),
            ],
            body,
        )


@shape(
    "truck",
    "lorry pickup dumptruck firetruck",
    "a truck with a cargo bed; a lorry; a fire engine",
    6.0,
    "cabin",
    "wheel=rim rim tyre cargo load=cargo bed=cargo cabin window",
)
def _truck(b: Builder) -> None:
    body = p.PAINT.in_color(
        rgb("c62f27" if b.says("fire", "firetruck") else b.pick("2f6db0", "d8872a", "c0332b", "4c8557"))
    )
    b.add("chassis", s.box(1.1, 0.2, 5.6, 0.04).translate((0, 0.7, 0)), p.IRON, keep=True)
    b.add(
        "cabin",
        s.hull(
            s.box(2.0, 0.5, 1.7, 0.12).translate((0, 1.0, 1.95)), s.box(1.9, 0.3, 1.3, 0.12).translate((0, 2.25, 1.82))
        ),
        body,
    )
    b.add(
        "window",
        s.hull(
            s.box(1.72, 0.1, 0.1, 0.04).translate((0, 1.62, 2.66)),
            s.box(1.62, 0.1, 0.1, 0.04).translate((0, 2.16, 2.5)),
        ),
        p.GLASS,
        keep=True,
    )
    b.add("window", s.mirrored(s.box(0.1, 0.5, 0.8, 0.06).translate((0.94, 1.86, 1.95))), p.GLASS, keep=True)
    if b.says("dump", "dumptruck", "pickup", "open", "sand"):
        bed = s.box(2.2, 1.0, 3.5, 0.05).translate((0, 1.4, -0.95)) - s.box(2.0, 1.0, 3.3, 0.03).translate(
            (0, 1.55, -0.95)
        )
        b.add("cargo", bed, body)
        if b.says("sand", "dump", "dumptruck", "load"):
            b.add("load", Blob(0.3).egg((0, 1.6, -0.95), (0.95, 0.55, 1.55)).solid(1500), p.SAND, keep=True)
    else:
        b.add(
            "cargo",
            s.box(2.2, 1.9, 3.6, 0.06).translate((0, 1.8, -0.95)),
            p.PLASTIC.in_color(rgb("eceae4")) if not b.says("fire", "firetruck") else body,
        )
        b.add(
            "cargo",
            [s.box(2.24, 1.94, 0.06, 0.02).translate((0, 1.8, -0.95 + z)) for z in (-1.75, -0.6, 0.6, 1.75)],
            p.STEEL,
        )
    if b.says("fire", "firetruck"):
        rungs = [s.along_x(s.cylinder(0.03, 0.6, 0.005, segments=10)).translate((0, 2.9, z / 4)) for z in range(-10, 7)]
        b.add(
            "ladder",
            [*rungs, *(s.box(0.07, 0.1, 4.4, 0.02).translate((x, 2.9, -0.5)) for x in (-0.3, 0.3))],
            p.STEEL,
            keep=True,
        )
        b.add(
            "siren",
            s.box(1.0, 0.16, 0.24, 0.06).translate((0, 2.45, 2.0)),
            p.PLASTIC.in_color(rgb("2450b8")),
            keep=True,
        )
    for x in (-0.88, 0.88):
        for z in (-2.1, -1.1, 1.85):
            _wheel(b, 0.5, 0.36, x, z)
    b.add(
        "light",
        [s.along_z(s.cylinder(0.13, 0.1, 0.03)).translate((x * 0.7, 0.98, 2.78)) for x in (-1, 1)],
        p.LAMP,
        keep=True,
    )
    b.add("bumper", s.box(2.05, 0.24, 0.2, 0.06).translate((0, 0.72, 2.78)), p.STEEL, keep=True)
    b.add("grille", s.box(0.9, 0.4, 0.08, 0.03).translate((0, 1.12, 2.79)), p.IRON, keep=True)


@shape(
    "bus",
    "coach minibus van",
    "a bus with many windows; a school bus; a red double decker bus",
    9.0,
    "body",
    "wheel=rim rim window roof door",
)
def _bus(b: Builder) -> None:
    decks = 2 if b.says("double", "decker") else 1
    body = p.PAINT.in_color(
        rgb("efb52b" if b.says("school") else "b8292a" if decks == 2 else b.pick("d8872a", "2f6db0", "47875a"))
    )
    height = 1.9 * decks + 0.5
    b.add("body", s.box(2.3, height, 8.4, 0.22).translate((0, 0.45 + height / 2, 0)), body)
    for deck in range(decks):
        y = 1.75 + deck * 1.85
        for k in range(6):
            b.add("window", s.box(2.36, 0.75, 0.95, 0.06).translate((0, y, -3.3 + k * 1.2)), p.GLASS, keep=True)
        b.add("window", s.box(1.95, 0.85, 8.46, 0.06).translate((0, y, 0)), p.GLASS, keep=True)
    b.add(
        "trim",
        s.box(2.34, 0.14, 8.44, 0.05).translate((0, 1.05, 0)),
        p.WHITE if not b.says("school") else p.BLACK,
        keep=True,
    )
    b.add("door", s.box(0.1, 1.7, 0.9, 0.04).translate((1.13, 1.45, 3.4)), p.GLASS, keep=True)
    for x in (-0.95, 0.95):
        for z in (-2.6, 2.5):
            _wheel(b, 0.5, 0.36, x, z)
    b.add(
        "light",
        [s.along_z(s.cylinder(0.14, 0.12, 0.03)).translate((x * 0.8, 0.85, 4.2)) for x in (-1, 1)],
        p.LAMP,
        keep=True,
    )


@shape(
    "bicycle",
    "bike cycle",
    "a bicycle with two wheels; a bike",
    1.75,
    "frame",
    "wheel=tyre tyre saddle=saddle seat=saddle handlebar",
)
def _bicycle(b: Builder) -> None:
    paint = b.pick(p.PAINT, p.PAINT.in_color(rgb("2f6db0")), p.PAINT.in_color(rgb("3f7f63")))
    for z in (-0.52, 0.52):
        b.add("tyre", s.along_x(s.ring(0.32, 0.022, 48)).translate((0, 0.34, z)), p.RUBBER, keep=True)
        b.add("rim", s.along_x(s.ring(0.295, 0.012, 48, 8)).translate((0, 0.34, z)), p.STEEL, keep=True)
        spokes = [
            s.cylinder(0.005, 0.3, 0, segments=6).translate((0, 0.15, 0)).rotate((k * 30, 0, 0)).translate((0, 0.34, z))
            for k in range(12)
        ]
        b.add("rim", [*spokes, s.along_x(s.cylinder(0.025, 0.1, 0.005)).translate((0, 0.34, z))], p.STEEL, keep=True)
    crank, seat, head, low = (0, 0.3, -0.06), (0, 0.82, -0.2), (0, 0.86, 0.36), (0, 0.74, 0.39)
    b.add(
        "frame",
        [
            s.capsule(crank, seat, 0.02),
            s.capsule((0, 0.78, -0.19), head, 0.02),
            s.capsule(crank, low, 0.023),
            s.capsule(low, (0, 0.95, 0.34), 0.023),
        ],
        paint,
    )
    for x in (-0.05, 0.05):
        b.add(
            "frame",
            [
                s.capsule(crank, (x, 0.34, -0.52), 0.012),
                s.capsule((0, 0.76, -0.19), (x, 0.34, -0.52), 0.012),
                s.tube([low, (x, 0.66, 0.42), (x, 0.34, 0.52)], 0.014),
            ],
            paint,
        )
    b.add(
        "handlebar",
        s.tube([(-0.27, 0.98, 0.2), (-0.22, 1.0, 0.3), (0, 0.98, 0.36), (0.22, 1.0, 0.3), (0.27, 0.98, 0.2)], 0.013),
        p.STEEL,
        keep=True,
    )
    b.add("grip", s.mirrored(s.capsule((0.255, 0.985, 0.24), (0.28, 0.975, 0.13), 0.018)), p.RUBBER, keep=True)
    b.add(
        "saddle",
        s.hull(
            s.ellipsoid(0.08, 0.03, 0.07, 18).translate((0, 0.88, -0.28)),
            s.ellipsoid(0.03, 0.025, 0.06, 18).translate((0, 0.88, -0.08)),
        ),
        p.LEATHER,
        keep=True,
    )
    b.add(
        "rod",
        [
            s.along_x(s.cylinder(0.09, 0.02, 0.004)).translate((0.05, 0.3, -0.06)),
            s.capsule((0.08, 0.3, -0.06), (0.1, 0.16, 0.02), 0.012),
            s.capsule((-0.08, 0.3, -0.06), (-0.1, 0.44, -0.14), 0.012),
            s.box(0.09, 0.025, 0.08, 0.01).translate((0.14, 0.16, 0.02)),
            s.box(0.09, 0.025, 0.08, 0.01).translate((-0.14, 0.44, -0.14)),
            s.capsule((-0.09, 0.3, -0.06), (0.09, 0.3, -0.06), 0.014),
        ],
        p.IRON,
        keep=True,
    )
