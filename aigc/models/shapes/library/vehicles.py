"""Things that drive, fly and sail."""

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
    for x in (-0.78, 0.78):
        for z in (-1.2, 1.22):
            _wheel(b, radius, 0.22, x, z)
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
    "train",
    "locomotive engine steam tram",
    "a steam locomotive with a chimney; a toy train engine",
    7.0,
    "boiler",
    "wheel boiler chimney=trim cabin",
)
def _train(b: Builder) -> None:
    body = b.pick(p.PAINT.in_color(rgb("2f5d46")), p.PAINT.in_color(rgb("27303b")), p.PAINT)
    b.add("boiler", s.along_z(s.cylinder(0.78, 4.0, 0.06, segments=44)).translate((0, 1.75, 0.8)), body)
    b.add("boiler", s.box(2.0, 2.3, 1.7, 0.06).translate((0, 2.1, -2.0)), body)
    b.add("trim", s.box(2.3, 0.14, 2.1, 0.06).translate((0, 3.3, -2.0)), p.BLACK, keep=True)
    b.add("window", [s.box(2.06, 0.7, 0.6, 0.05).translate((0, 2.65, z)) for z in (-2.4, -1.6)], p.GLASS, keep=True)
    b.add(
        "trim",
        [s.along_z(s.cylinder(0.8, 0.12, 0.03, segments=44)).translate((0, 1.75, z)) for z in (-0.6, 0.4, 1.5, 2.76)],
        p.BRASS,
        keep=True,
    )
    b.add(
        "trim",
        s.lathe([(0.2, 2.3), (0.2, 3.1), (0.34, 3.3), (0.36, 3.45), (0.26, 3.45)]).translate((0, 0, 2.2)),
        p.BLACK,
        turned=True,
        keep=True,
    )
    b.add(
        "dome",
        s.lathe(s.curve([(0.34, 2.3), (0.34, 2.7), (0.2, 2.95), (0.03, 3.0)])).translate((0, 0, 0.6)),
        p.BRASS,
        turned=True,
        keep=True,
    )
    b.add("chassis", s.box(1.7, 0.3, 6.0, 0.05).translate((0, 0.95, 0)), p.IRON, keep=True)
    b.add(
        "wheel",
        [
            s.along_x(s.cylinder(0.55, 0.16, 0.03, segments=36)).translate((x * 0.8, 0.55, z))
            for x in (-1, 1)
            for z in (-2.2, -0.9, 0.4)
        ],
        p.PAINT.in_color(rgb("9c2a25")),
        keep=True,
    )
    b.add(
        "wheel",
        [
            s.along_x(s.cylinder(0.34, 0.16, 0.03, segments=28)).translate((x * 0.8, 0.34, z))
            for x in (-1, 1)
            for z in (1.6, 2.5)
        ],
        p.PAINT.in_color(rgb("9c2a25")),
        keep=True,
    )
    b.add("rod", [s.box(0.08, 0.12, 2.9, 0.03).translate((x * 0.92, 0.52, -0.9)) for x in (-1, 1)], p.STEEL, keep=True)
    b.add(
        "rod",
        s.hull(
            s.box(2.0, 0.1, 0.1, 0.03).translate((0, 0.18, 3.5)), s.box(1.6, 0.6, 0.1, 0.03).translate((0, 0.65, 3.0))
        ),
        p.IRON,
        keep=True,
    )
    b.add("light", s.along_z(s.cylinder(0.22, 0.24, 0.04)).translate((0, 2.65, 2.75)), p.LAMP, keep=True)


@shape(
    "airplane",
    "plane aeroplane aircraft jet jumbo biplane airliner boeing",
    "an airplane with two wings and jet engines; a passenger plane; a jumbo jet",
    38.0,
    "body",
    "wing=wing engine window tail=tail cockpit=window",
)
def _airplane(b: Builder) -> None:
    hull = s.along_z(
        s.lathe(
            s.curve(
                [(0.1, -18), (1.0, -13.5), (1.85, -8), (2.0, 0), (2.0, 10), (1.6, 14.5), (0.7, 17.3), (0.12, 18)], 5
            ),
            40,
        )
    )
    white = p.ENAMEL
    accent = b.pick(p.PAINT.in_color(rgb("2459a6")), p.PAINT, p.PAINT.in_color(rgb("2f8a6a")))
    b.add("body", hull.translate((0, 4.0, 0)), white)
    wing = s.hull(
        s.box(0.5, 0.55, 6.5, 0.2).translate((1.5, 3.2, 1.0)), s.box(0.4, 0.2, 1.7, 0.08).translate((17, 4.3, -6.0))
    )
    b.add("wing" if "wing" in b.wishes.looks else "body", s.mirrored(wing), white)
    fin = s.hull(
        s.box(0.4, 0.3, 5.0, 0.12).translate((0, 5.4, -14.2)), s.box(0.25, 0.3, 2.2, 0.1).translate((0, 11.3, -17.2))
    )
    b.add("tail", fin, accent)
    b.add(
        "tail",
        s.mirrored(
            s.hull(
                s.box(0.4, 0.35, 3.6, 0.12).translate((0.4, 4.9, -14.8)),
                s.box(0.25, 0.18, 1.4, 0.08).translate((6.4, 5.5, -17.2)),
            )
        ),
        accent,
    )
    engines = b.count("engine", 4 if b.says("jumbo", "747") else 2, 2, 4)
    for x in (5.5, 10.5)[: engines // 2]:
        z = 2.2 - (x - 5.5) * 0.5
        pod = s.along_z(s.lathe(s.curve([(0.6, -2.0), (0.95, -0.8), (1.1, 0.8), (1.0, 1.9), (0.86, 2.0)], 4), 32))
        intake = s.along_z(s.cylinder(0.82, 0.8, 0.0, segments=32)).translate((0, 0, 1.85))
        y = 2.15 + (x - 5.5) * 0.07
        b.add("engine", s.mirrored((pod - intake).translate((x, y, z))), accent)
        b.add(
            "fan",
            s.mirrored(s.along_z(s.cylinder(0.86, 0.3, 0.0, segments=32)).translate((x, y, z + 1.4))),
            p.IRON,
            keep=True,
        )
        b.add("engine", s.mirrored(s.box(0.25, 1.0, 2.4, 0.1).translate((x, y + 0.95, z - 0.9))), white)
    panes = [s.box(4.1, 0.42, 0.34, 0.1).translate((0, 4.6, -9.5 + k * 0.95)) for k in range(23)]
    band = s.box(6, 0.42, 30, 0)
    b.add("window", [pane ^ band.translate((0, 4.6, 0)) for pane in panes], p.GLASS, keep=True)
    b.add(
        "window",
        hull.translate((0, 4.02, 0.03)) ^ s.box(3.2, 0.6, 1.6, 0.1).translate((0, 5.0, 15.8)),
        p.GLASS,
        keep=True,
    )


@shape(
    "helicopter",
    "chopper",
    "a helicopter with a rotor; a rescue helicopter",
    10.0,
    "body",
    "rotor blade=rotor window skid tail=body",
)
def _helicopter(b: Builder) -> None:
    body = b.pick(p.PAINT, p.PAINT.in_color(rgb("e0a12d")), p.PAINT.in_color(rgb("2f6db0")))
    shell = (
        Blob(0.8).egg((0, 1.9, 0.6), (1.05, 1.1, 2.1)).limb((0, 2.2, -1.2), (0, 2.75, -5.6), 0.5, 0.16, 0.9).solid(3600)
    )
    glass = Blob(0.1).egg((0, 1.95, 0.72), (1.03, 1.02, 2.1)).solid(2600) ^ s.box(4, 1.5, 3, 0).translate(
        (0, 2.15, 2.5)
    )
    b.add("body", shell, body)
    b.add("window", glass.translate((0, 0.02, 0.09)).scale((1.01, 1, 1)), p.GLASS, keep=True)
    b.add(
        "body",
        s.hull(
            s.box(0.12, 0.2, 0.8, 0.05).translate((0, 2.8, -5.4)),
            s.box(0.08, 0.2, 0.5, 0.04).translate((0, 4.0, -5.95)),
        ),
        body,
    )
    b.add("rotor", s.cylinder(0.12, 0.7, 0.03).translate((0, 3.2, 0.3)), p.IRON, keep=True)
    blades = s.around_y(s.box(4.6, 0.06, 0.3, 0.02).translate((2.3, 3.5, 0)), b.count("rotor", 4, 2, 6), 20)
    b.add("rotor", [*(blade.translate((0, 0, 0.3)) for blade in blades), s.ball(0.24).translate((0, 3.5, 0.3))], p.IRON)
    b.add(
        "rotor",
        [s.box(0.06, 1.5, 0.14, 0.02).rotate((turn, 0, 0)).translate((0.2, 3.3, -5.65)) for turn in (30, 120)],
        p.IRON,
    )
    rails = [s.tube([(x, 0.3, 2.0), (x, 0.12, 1.6), (x, 0.12, -1.4)], 0.07) for x in (-1, 1)]
    struts = [s.capsule((x, 0.14, z), (x * 0.55, 1.2, z), 0.06) for x in (-1, 1) for z in (-0.7, 1.1)]
    b.add("skid", [*rails, *struts], p.STEEL)


@shape(
    "rocket",
    "spaceship spacecraft missile shuttle",
    "a space rocket with fins; a retro spaceship; a missile",
    8.0,
    "body",
    "fin window nose=tip tip flame",
)
def _rocket(b: Builder) -> None:
    hull = s.lathe(
        s.curve([(0.62, 0.7), (0.95, 2.0), (1.05, 3.4), (0.95, 5.0), (0.62, 6.6), (0.2, 7.7), (0.02, 8.0)], 6), 44
    )
    cut = s.Manifold.cube((6, 10, 6), True)
    red = b.pick(p.PAINT, p.PAINT.in_color(rgb("e37b2c")), p.PAINT.in_color(rgb("2f62b5")))
    b.add("body", hull - cut.translate((0, 11.2, 0)), p.ENAMEL, turned=True)
    b.add("tip", hull ^ cut.translate((0, 11.2, 0)), red, turned=True)
    fins = b.count("fin", 4, 3, 6)
    fin = s.prism([(0.7, 2.6), (0.6, 0.9), (1.1, 0.6), (1.7, -0.1), (2.0, -0.1), (1.95, 0.9), (1.5, 1.9)], 0.16)
    b.add("fin", s.around_y(fin, fins, 45), red)
    b.add("nozzle", s.lathe([(0.62, 0.0), (0.42, 0.5), (0.5, 0.75)]), p.IRON, turned=True)
    for turn in (0, 180):
        b.add("frame", s.along_z(s.ring(0.36, 0.08)).translate((0, 4.7, 0.97)).rotate((0, turn, 0)), p.BRASS, keep=True)
        b.add(
            "window",
            s.along_z(s.cylinder(0.36, 0.2, 0.04)).translate((0, 4.7, 0.92)).rotate((0, turn, 0)),
            p.GLASS.in_color(rgb("3f86a8")),
            keep=True,
        )
    b.add(
        "band",
        [s.cylinder(r, 0.12, 0.03, segments=44).translate((0, y, 0)) for y, r in ((2.5, 1.02), (5.9, 0.83))],
        red,
        turned=True,
    )
    if b.says("flame", "fire", "launch", "flying"):
        b.add(
            "flame",
            s.lathe(s.curve([(0.02, -2.0), (0.25, -1.2), (0.42, -0.3), (0.3, 0.3)])),
            p.LAMP.in_color(rgb("f59a2c")),
            keep=True,
        )


@shape(
    "ship",
    "boat sailboat sailing galleon yacht pirate vessel",
    "a sailing ship with masts and sails; a pirate ship; a galleon; a small sail boat",
    12.0,
    "hull",
    "sail mast hull deck flag",
)
def _ship(b: Builder) -> None:
    masts = b.count("mast", 1 if b.says("sailboat", "yacht", "small") else 2, 1, 3)
    sections = []
    for z, width, deck, keel in (
        (-5.2, 1.0, 3.0, 1.6),
        (-4.0, 1.5, 2.6, 0.4),
        (-1.5, 1.75, 2.0, 0.0),
        (1.5, 1.7, 2.0, 0.0),
        (4.0, 1.05, 2.4, 0.5),
        (5.9, 0.12, 3.0, 1.9),
    ):
        sections.append(
            s.hull(
                s.box(2 * width, 0.1, 0.1, 0.03).translate((0, deck, z)),
                s.box(width * 1.5, 0.1, 0.1, 0.03).translate((0, keel + (deck - keel) * 0.4, z)),
                s.box(0.2, 0.1, 0.1, 0.03).translate((0, keel, z)),
            )
        )
    body = s.union([s.hull(one, two) for one, two in zip(sections[:-1], sections[1:], strict=True)])
    hollow = (
        s.union([s.hull(one, two) for one, two in zip(sections[:-1], sections[1:], strict=True)])
        .scale((0.9, 1, 0.94))
        .translate((0, 0.45, 0))
    )
    b.add("hull", body - hollow, p.PLANKS)
    b.add(
        "deck",
        hollow.translate((0, -0.18, 0)) ^ s.box(8, 0.3, 14, 0).translate((0, 2.0, 0)),
        p.PLANKS.in_color(rgb("c49a66")),
    )
    b.add("deck", s.box(2.2, 0.9, 1.5, 0.06).translate((0, 2.3, -3.9)), p.PLANKS)
    canvas = p.CANVAS if not b.says("pirate") else p.CANVAS.in_color(rgb("3a3a3d"))
    for k in range(masts):
        z = 0.2 if masts == 1 else 2.2 - k * 4.2 / (masts - 1)
        tall = 9.5 if k == 0 or masts < 3 else 8.5
        b.add("mast", s.capsule((0, 1.0, z), (0, tall, z), 0.17, 0.09), p.OAK)
        for low, high, wide in ((3.2, 5.9, 2.5), (6.2, 8.4, 1.9)):
            b.add("mast", s.capsule((-wide, high, z), (wide, high, z), 0.08), p.OAK)
            b.add("mast", s.capsule((-wide, low, z), (wide, low, z), 0.06), p.OAK)
            outer = s.along_x(s.cylinder(2.6, 2 * wide - 0.2, 0, segments=48)).scale((1, (high - low) / 5.2, 0.32))
            inner = s.along_x(s.cylinder(2.54, 3 * wide, 0, segments=48)).scale((1, (high - low) / 5.2, 0.29))
            bulge = (outer - inner) ^ s.box(20, 20, 5, 0).translate((0, 0, 2.5))
            b.add("sail", bulge.translate((0, (low + high) / 2, z)), canvas)
        b.add(
            "flag",
            s.box(0.04, 0.5, 0.9, 0.01).translate((0, tall - 0.1, z - 0.5)),
            p.PAINT if not b.says("pirate") else p.BLACK,
        )
    b.add("mast", s.capsule((0, 2.9, 5.4), (0, 4.2, 8.0), 0.12, 0.06), p.OAK)


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
