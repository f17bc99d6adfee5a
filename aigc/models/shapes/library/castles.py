"""Things to watch from."""

from __future__ import annotations

import math

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb


@shape(
    "castle",
    "fortress palace citadel",
    "a castle with round towers, walls and a gate; a medieval fortress",
    30.0,
    "wall",
    "tower wall roof gate flag",
)
def _castle(b: Builder) -> None:
    towers = b.count("tower", 4, 2, 8)
    reach = 10.0
    turns = [2 * math.pi * k / towers + math.pi / 4 for k in range(towers)]
    places = [(reach * math.sin(turn) * 1.1, reach * math.cos(turn)) for turn in turns]
    cone = p.SLATE if not b.says("red") else p.TILES
    for k, (x, z) in enumerate(places):
        tall = b.vary(10.5, 0.15)
        _tower(b, x, z, 2.3, tall, cone)
        nx, nz = places[(k + 1) % towers]
        length = math.hypot(nx - x, nz - z)
        turn = math.degrees(math.atan2(nx - x, nz - z))
        middle = ((x + nx) / 2, (z + nz) / 2)
        if towers > 2 or k == 0:
            wall = s.box(1.5, 6.0, length, 0.05).translate((0, 3.0, 0))
            teeth = [
                s.box(1.5, 0.9, 0.8, 0.06).translate((0, 6.4, -length / 2 + 1.2 + t * 1.6))
                for t in range(int((length - 1.6) / 1.6) + 1)
            ]
            b.add(
                "wall",
                [part.rotate((0, turn, 0)).translate((middle[0], 0, middle[1])) for part in (wall, *teeth)],
                p.BLOCKS,
            )
    _tower(b, 0, -1.5, 3.6, 15.5, cone)
    b.add("wall", s.box(6.4, 9.0, 6.4, 0.06).translate((0, 4.5, 0.5)), p.BLOCKS)
    b.add(
        "roof",
        s.hull(
            s.box(7.0, 0.2, 7.0, 0.05).translate((0, 9.0, 0.5)), s.box(0.4, 0.2, 3.6, 0.05).translate((0, 12.0, 0.5))
        ),
        cone,
    )
    front = max(z for _, z in places)
    house = s.box(4.6, 7.4, 2.4, 0.06).translate((0, 3.7, front))
    arch = s.along_z(s.cylinder(1.35, 6, 0, segments=40)).translate((0, 2.6, front)) + s.box(2.7, 2.6, 6, 0).translate(
        (0, 1.3, front)
    )
    b.add("wall", house - arch, p.BLOCKS)
    b.add("wall", [s.box(0.9, 0.9, 2.4, 0.06).translate((x, 7.8, front)) for x in (-1.8, -0.6, 0.6, 1.8)], p.BLOCKS)
    b.add("gate", arch ^ s.box(4, 8, 0.4, 0).translate((0, 2, front + 0.7)), p.PLANKS)
    for y in (1.0, 2.4):
        b.add("hinge", s.box(2.6, 0.22, 0.5, 0.03).translate((0, y, front + 0.7)), p.IRON, keep=True)


def _tower(b: Builder, x: float, z: float, radius: float, tall: float, cone: Finish) -> None:
    """A round tower with battlements under a pointed roof."""
    body = s.lathe(
        [(radius * 1.12, 0), (radius, 1.2), (radius, tall - 1.4), (radius * 1.22, tall - 0.7), (radius * 1.22, tall)],
        40,
    )
    teeth = s.around_y(s.box(0.5, 0.85, radius * 0.42, 0.05).translate((radius * 1.1, tall + 0.35, 0)), 9)
    b.add("wall", s.union([body, *teeth]).translate((x, 0, z)), p.BLOCKS, turned=True)
    roof = s.lathe(
        [
            (radius * 1.06, tall),
            (radius * 1.04, tall + 0.15),
            (radius * 0.42, tall + radius * 1.35),
            (0.05, tall + radius * 2.3),
        ],
        40,
    )
    b.add("roof", roof.translate((x, 0, z)), cone, turned=True)
    slit = s.box(0.36, 1.3, 0.5, 0.05)
    b.add(
        "window",
        [
            slit.translate((0, tall * f, radius - 0.06)).rotate((0, turn, 0)).translate((x, 0, z))
            for f, turn in ((0.45, 0), (0.7, 40), (0.6, -65), (0.5, 160))
        ],
        p.BLACK,
        keep=True,
    )
    pole = tall + radius * 2.3
    b.add("pole", s.capsule((x, pole - 0.2, z), (x, pole + 1.5, z), 0.06), p.IRON, keep=True)
    b.add("flag", s.prism([(0, 0), (1.2, 0.3), (0, 0.65)], 0.06).translate((x, pole + 0.8, z)), p.PAINT)


@shape(
    "tower",
    "watchtower turret keep",
    "a round stone tower; a wizard's tower; a watchtower",
    14.0,
    "wall",
    "wall roof window flag",
)
def _lone_tower(b: Builder) -> None:
    _tower(b, 0, 0, 2.4, b.vary(9.5, 0.15), b.pick(p.SLATE, p.TILES, p.SLATE.in_color(rgb("5a4a86"))))
    b.add(
        "door",
        s.along_z(s.cylinder(0.7, 0.4, 0.03)).translate((0, 1.7, 2.45))
        + s.box(1.4, 1.7, 0.4, 0.03).translate((0, 0.85, 2.45)),
        p.PLANKS,
        keep=True,
    )


@shape("lighthouse", "beacon", "a lighthouse on a rock with red and white bands", 20.0, "wall", "wall rock roof lamp")
def _lighthouse(b: Builder) -> None:
    bands = Finish("bands", rgb("f3f1ea"), rgb("b9342c"), 0.6)
    b.add("wall", s.lathe([(2.6, 1.2), (2.35, 3.0), (1.6, 14.2)], 44), bands, turned=True)
    b.add(
        "rock",
        Blob(0.9)
        .egg((0, 0.3, 0), (5.0, 1.5, 4.5))
        .egg((2.6, 0.2, 1.8), (2.2, 1.3, 1.9))
        .egg((-2.9, 0.1, 1.2), (1.9, 1.2, 1.9))
        .solid(1800),
        p.STONE,
    )
    b.add("rail", s.cylinder(2.25, 0.35, 0.08, segments=44).translate((0, 14.3, 0)), p.IRON, turned=True)
    b.add(
        "rail",
        [
            s.ring(2.15, 0.06, 44, 8).translate((0, 15.3, 0)),
            *s.around_y(s.cylinder(0.05, 1.0, 0).translate((2.15, 14.8, 0)), 14),
        ],
        p.IRON,
    )
    b.add("lamp", s.cylinder(1.05, 1.8, 0.05).translate((0, 15.3, 0)), p.LAMP, keep=True)
    b.add("rail", s.around_y(s.box(0.12, 1.9, 0.12, 0.02).translate((1.08, 15.3, 0)), 8), p.IRON)
    b.add(
        "roof",
        s.lathe(s.curve([(1.45, 16.2), (1.35, 16.4), (0.7, 17.3), (0.12, 17.9), (0.1, 18.5)])),
        p.PAINT,
        turned=True,
    )
    b.add("door", s.box(1.1, 2.1, 0.5, 0.05).translate((0, 2.4, 2.4)), p.OAK, keep=True)
    b.add(
        "window",
        [s.box(0.6, 0.9, 0.5, 0.05).translate((0, y, 2.5 - y * 0.062)) for y in (6.0, 9.0, 12.0)],
        p.GLASS,
        keep=True,
    )


@shape(
    "windmill", "mill", "a windmill with four sails; a dutch mill", 16.0, "wall", "wall sail=sail blade=sail roof door"
)
def _windmill(b: Builder) -> None:
    b.add("wall", s.lathe([(3.1, 0), (2.9, 0.6), (1.95, 9.0)], 40), b.pick(p.PLASTER, p.BRICK), turned=True)
    b.add("roof", s.lathe(s.curve([(2.25, 8.9), (2.1, 9.6), (1.4, 10.8), (0.1, 11.5)]), 40), p.THATCH, turned=True)
    b.add("hub", s.along_z(s.cylinder(0.32, 2.4, 0.08)).translate((0, 9.7, 2.1)), p.OAK)
    arms = b.count("sail", 4, 3, 6)
    arm = [s.box(0.2, 6.2, 0.2, 0.04).translate((0, 3.2, 0))]
    arm += [s.box(1.5, 0.09, 0.09, 0.02).translate((0.62, 1.4 + k * 0.78, 0)) for k in range(7)]
    arm += [s.box(0.09, 4.8, 0.09, 0.02).translate((x, 3.75, 0)) for x in (0.62, 1.32)]
    cloth = s.box(1.25, 4.7, 0.05, 0.01).translate((0.7, 3.75, -0.05))
    for k in range(arms):
        spin = (0, 0, 360 * k / arms + 20)
        b.add("frame", [part.rotate(spin).translate((0, 9.7, 3.1)) for part in arm], p.OAK)
        b.add("sail", cloth.rotate(spin).translate((0, 9.7, 3.1)), p.CANVAS)
    b.add("door", s.box(1.2, 2.2, 0.5, 0.05).translate((0, 1.2, 2.85)), p.OAK.in_color(rgb("70432c")), keep=True)
    for y, z in ((4.4, 2.45), (7.0, 2.18)):
        b.add("window", s.box(0.8, 1.0, 0.4, 0.05).translate((0, y, z)), p.GLASS, keep=True)


@shape("well", "wishing", "a stone well with a roof and a bucket; a wishing well", 2.6, "wall", "roof bucket wall")
def _well(b: Builder) -> None:
    b.add(
        "wall",
        s.cylinder(0.85, 0.85, 0.05, segments=44).translate((0, 0.42, 0))
        - s.cylinder(0.62, 2, 0.0, segments=44).translate((0, 1.1, 0)),
        p.BLOCKS.in_color(rgb("a09a8e")),
        turned=True,
    )
    b.add(
        "water",
        s.cylinder(0.64, 0.1, 0, segments=44).translate((0, 0.4, 0)),
        p.GLASS.in_color(rgb("2f6480")),
        keep=True,
    )
    b.add("post", [s.box(0.13, 1.7, 0.13, 0.02).translate((x, 1.3, 0)) for x in (-0.74, 0.74)], p.OAK)
    for side in (-1, 1):
        b.add("roof", s.box(2.1, 0.09, 0.95, 0.02).rotate((side * 38, 0, 0)).translate((0, 2.28, side * 0.35)), p.TILES)
    b.add("post", s.along_x(s.cylinder(0.07, 1.8, 0.02)).translate((0, 1.75, 0)), p.OAK)
    b.add("rope", s.cylinder(0.016, 0.6, 0).translate((0, 1.45, 0)), p.CANVAS, keep=True)
    pail = s.cylinder(0.12, 0.26, 0.01, 0.15) - s.cylinder(0.105, 0.26, 0.0, 0.135).translate((0, 0.03, 0))
    b.add("bucket", pail.translate((0, 1.05, 0)), p.PLANKS, turned=True)
