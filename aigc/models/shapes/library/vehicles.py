"""Things that go by rail, air and sea."""

from __future__ import annotations

from itertools import pairwise

from manifold3d import Manifold

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb


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
    cut = Manifold.cube((6, 10, 6), True)
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
    body = s.union([s.hull(one, two) for one, two in pairwise(sections)])
    hollow = (
        s.union([s.hull(one, two) for one, two in pairwise(sections)]).scale((0.9, 1, 0.94)).translate((0, 0.45, 0))
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
    "balloon",
    "airship zeppelin",
    "a hot air balloon with a basket; a party balloon",
    12.0,
    "envelope",
    "envelope basket rope",
)
def _balloon(b: Builder) -> None:
    profile = s.curve([(0.9, 3.2), (1.5, 4.4), (3.2, 7.2), (3.7, 9.2), (2.9, 11.2), (1.2, 12.3), (0.04, 12.5)], 6)
    panels = 12
    body = s.lathe(profile, 72)
    tones = (rgb("d8432f"), rgb("f2c23c"), rgb("3f7fc0")) if "" not in b.wishes.looks else (rgb("f3f2ee"),) * 3
    half = s.box(30, 30, 30, 0).translate((0, 0, 15))
    wedge = half ^ half.rotate((0, 149, 0))
    for k in range(panels):
        finish = p.CLOTH.in_color(tones[k % 3])
        b.add("envelope", body ^ wedge.rotate((0, 30 * k, 0)), finish, keep=k % 2 == 1)
    b.add(
        "basket",
        s.box(1.4, 1.1, 1.4, 0.12).translate((0, 0.55, 0)) - s.box(1.2, 1.1, 1.2, 0.1).translate((0, 0.75, 0)),
        Finish("checkered", rgb("a8743f"), rgb("8a5a2c"), 0.9, size=0.25),
    )
    b.add(
        "basket", s.ring(0.8, 0.09, 4, 10).rotate((0, 45, 0)).scale((1.25, 1, 1.25)).translate((0, 1.1, 0)), p.LEATHER
    )
    b.add(
        "rope",
        [
            s.capsule((x * 0.62, 1.0, z * 0.62), (x * 0.62, 3.3, z * 0.62), 0.035, segments=6)
            for x in (-1, 1)
            for z in (-1, 1)
        ],
        p.CANVAS,
    )
    b.add("rope", s.cylinder(0.18, 0.5, 0.04).translate((0, 2.4, 0)), p.IRON, keep=True)
