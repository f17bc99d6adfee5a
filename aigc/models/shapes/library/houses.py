"""Things to live in."""

from __future__ import annotations

import math

from manifold3d import Manifold

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import rgb


def _window(b: Builder, x: float, y: float, z: float, turn: float, width: float = 0.8, height: float = 1.1) -> None:
    """A window with a frame and a cross, in a wall that faces +z before it is turned."""
    frame = s.box(width + 0.16, height + 0.16, 0.12, 0.03) - s.box(width - 0.04, height - 0.04, 1, 0)
    bars = [s.box(0.06, height, 0.1, 0.015), s.box(width, 0.06, 0.1, 0.015)]
    sill = s.box(width + 0.3, 0.09, 0.26, 0.03).translate((0, -height / 2 - 0.1, 0.05))
    spin = (0, turn, 0)
    b.add("frame", [part.translate((x, y, z)).rotate(spin) for part in (frame, *bars, sill)], p.ENAMEL, keep=True)
    b.add("window", s.box(width, height, 0.06, 0.01).translate((x, y, z)).rotate(spin), p.GLASS, keep=True)


@shape(
    "house",
    "cottage home hut mansion cabin villa farmhouse shed barn",
    "a house with a pitched roof, a door and windows; a small cottage; a haunted mansion; a log cabin",
    9.0,
    "wall",
    "wall roof door window chimney storey=storey floor=storey story=storey",
)
def _house(b: Builder) -> None:
    storeys = b.count("storey", 2 if b.says("mansion", "villa", "haunted", "tall") else 1, 1, 4)
    width, depth, high = b.vary(7.0, 0.1), b.vary(5.4, 0.1), 2.7 * storeys
    wall = (
        p.PLANKS
        if b.says("cabin", "log", "wooden", "barn", "hut", "shed")
        else b.pick(p.PLASTER, p.BRICK, p.PLASTER.in_color(rgb("e3c58e")))
    )
    roof = (
        p.SLATE
        if b.says("mansion", "haunted")
        else p.THATCH
        if b.says("hut", "thatched")
        else b.pick(p.TILES, p.TILES, p.SLATE)
    )
    b.add("base", s.box(width + 0.2, 0.4, depth + 0.2, 0.06).translate((0, 0.2, 0)), p.STONE)
    b.add("wall", s.box(width, high, depth, 0.03).translate((0, 0.3 + high / 2, 0)), wall)
    top, rise = 0.3 + high, b.vary(2.5, 0.15)
    gable = (
        s.prism([(-depth / 2, 0), (depth / 2, 0), (0, rise)], width - 0.04).rotate((0, 90, 0)).translate((0, top, 0))
    )
    b.add("wall", gable, wall)
    slope = (rise**2 + (depth / 2) ** 2) ** 0.5
    angle = math.degrees(math.atan2(rise, depth / 2))
    for side in (-1, 1):
        slab = s.box(width + 0.7, 0.2, slope + 0.55, 0.05).rotate((side * angle, 0, 0))
        b.add("roof", slab.translate((0, top + rise / 2 + 0.03, side * depth / 4 * 1.03)), roof)
    b.add("roof", s.along_x(s.cylinder(0.16, width + 0.74, 0.03)).translate((0, top + rise + 0.13, 0)), roof)
    b.add("chimney", s.box(0.75, 1.9, 0.75, 0.03).translate((width * 0.28, top + rise * 0.82, -depth * 0.12)), p.BRICK)
    b.add(
        "chimney",
        s.box(0.9, 0.18, 0.9, 0.04).translate((width * 0.28, top + rise * 0.82 + 0.95, -depth * 0.12)),
        p.STONE,
    )
    front = depth / 2
    b.add("frame", s.box(1.35, 2.25, 0.16, 0.03).translate((0, 1.42, front)), p.ENAMEL, keep=True)
    b.add("door", s.box(1.1, 2.08, 0.2, 0.02).translate((0, 1.34, front + 0.02)), p.OAK.in_color(rgb("6f3f2a")))
    b.add("knob", s.ball(0.06, 14).translate((0.4, 1.32, front + 0.15)), p.BRASS, keep=True)
    b.add(
        "base",
        [
            s.box(1.9, 0.2, 0.9, 0.04).translate((0, 0.1, front + 0.5)),
            s.box(1.6, 0.2, 0.5, 0.04).translate((0, 0.3, front + 0.3)),
        ],
        p.STONE,
    )
    for storey in range(storeys):
        y = 1.75 + 2.7 * storey
        for x in (-width * 0.32, width * 0.32) if storey == 0 else (-width * 0.32, 0.0, width * 0.32):
            _window(b, x, y, front, 0)
        for x in (-width * 0.27, width * 0.27):
            _window(b, x, y, front, 180)
        for turn in (90, -90):
            _window(b, 0.0, y, width / 2, turn)


@shape(
    "church",
    "chapel cathedral temple",
    "a church with a bell tower and a spire; a small chapel",
    18.0,
    "wall",
    "wall roof door window tower=wall",
)
def _church(b: Builder) -> None:
    wall = b.pick(p.PLASTER, p.BLOCKS)
    b.add("wall", s.box(5.6, 5.0, 10.0, 0.05).translate((0, 2.5, -1.5)), wall)
    gable = s.prism([(-2.8, 0), (2.8, 0), (0, 3.4)], 9.96).translate((0, 5.0, -1.5))
    b.add("wall", gable, wall)
    for side in (-1, 1):
        b.add(
            "roof",
            s.box(0.22, 4.95, 10.5, 0.06).rotate((0, 0, side * 39.5)).translate((side * 1.5, 6.72, -1.5)),
            p.SLATE,
        )
    b.add("wall", s.box(3.2, 9.5, 3.2, 0.05).translate((0, 4.75, 4.0)), wall)
    b.add("wall", s.box(3.5, 0.35, 3.5, 0.08).translate((0, 9.6, 4.0)), p.STONE)
    b.add(
        "roof",
        s.hull(
            s.box(3.3, 0.1, 3.3, 0.03).translate((0, 9.8, 4.0)), s.box(0.1, 0.1, 0.1, 0.02).translate((0, 15.6, 4.0))
        ),
        p.SLATE,
    )
    b.add(
        "cross",
        [
            s.box(0.12, 1.3, 0.12, 0.02).translate((0, 16.2, 4.0)),
            s.box(0.75, 0.12, 0.12, 0.02).translate((0, 16.4, 4.0)),
        ],
        p.GOLD,
        keep=True,
    )

    def arched(width: float, height: float) -> Manifold:
        return s.box(width, height, 0.3, 0) + s.along_z(s.cylinder(width / 2, 0.3, 0)).translate((0, height / 2, 0))

    b.add("door", arched(1.4, 2.2).translate((0, 1.1, 5.6)), p.PLANKS, keep=True)
    b.add(
        "window",
        [arched(0.8, 1.4).translate((0, 8.0, z)) for z in (5.55, 2.45)]
        + [arched(0.8, 1.4).rotate((0, 90, 0)).translate((x, 8.0, 4.0)) for x in (-1.55, 1.55)],
        p.BLACK,
        keep=True,
    )
    b.add(
        "window",
        [
            arched(0.75, 1.9).rotate((0, 90, 0)).translate((x, 2.7, -5.0 + k * 2.3))
            for x in (-2.75, 2.75)
            for k in range(4)
        ],
        p.GLASS.in_color(rgb("3f6a8f")),
        keep=True,
    )
    b.add(
        "window",
        s.along_z(s.cylinder(0.65, 0.3, 0.03)).translate((0, 5.6, 5.55)),
        p.GLASS.in_color(rgb("8f4a5f")),
        keep=True,
    )


@shape("tent", "tipi teepee wigwam yurt", "a camping tent; a tipi with poles", 3.0, "cloth", "cloth pole door")
def _tent(b: Builder) -> None:
    if b.says("tipi", "teepee", "wigwam"):
        outer, inner = s.lathe([(1.5, 0), (0.16, 2.7)], 14), s.lathe([(1.45, 0), (0.1, 2.72)], 14)
        b.add("cloth", outer - inner - s.prism([(-0.4, 0), (0.4, 0), (0, 1.5)], 3).translate((0, 0, 1.5)), p.CANVAS)
        b.add("pole", s.around_y(s.capsule((1.35, 0.2, 0), (-0.25, 3.3, 0), 0.035), 7), p.OAK)
        return
    cloth = b.pick(p.CLOTH.in_color(rgb("d07a35")), p.CLOTH.in_color(rgb("4f7d5c")), p.CLOTH.in_color(rgb("3f6fa0")))
    shell = s.prism([(-1.35, 0), (1.35, 0), (0.05, 1.75), (-0.05, 1.75)], 2.6)
    inside = s.prism([(-1.28, -0.1), (1.28, -0.1), (0, 1.68)], 2.52)
    b.add("cloth", shell - inside - s.prism([(-0.55, -0.1), (0.55, -0.1), (0, 1.35)], 1).translate((0, 0, 1.3)), cloth)
    b.add("floor", s.box(2.6, 0.05, 2.5, 0.01).translate((0, 0.025, 0)), p.CLOTH.in_color(rgb("4a4d52")), keep=True)
    b.add("pole", s.capsule((0, 1.75, -1.35), (0, 1.75, 1.35), 0.03), p.STEEL)
    flap = s.prism([(0, 0), (0.62, 0), (0.02, 1.35)], 0.03).rotate((0, -55, 0)).translate((-0.58, 0.02, 1.3))
    b.add("cloth", flap, cloth)
    pegs = [s.capsule((x * 1.35, 0.05, z), (x * 1.75, 0.02, z * 1.05), 0.015) for x in (-1, 1) for z in (-1.2, 0, 1.2)]
    b.add("pole", pegs, p.STEEL)


@shape(
    "skyscraper",
    "highrise office block apartment building",
    "a skyscraper with many windows; a tall office building; an apartment block",
    60.0,
    "wall",
    "wall window storey floor=storey storey",
)
def _skyscraper(b: Builder) -> None:
    storeys = b.count("storey", 14, 3, 30)
    concrete = b.pick(p.CONCRETE, p.PLASTER, p.BRICK, p.STEEL)
    y, size = 0.0, 11.0
    b.add("wall", s.box(size + 2, 1.2, size + 2, 0.15).translate((0, 0.6, 0)), p.STONE)
    split = [storeys] if storeys < 8 else [storeys // 2, storeys // 3, storeys - storeys // 2 - storeys // 3]
    y = 1.2
    for tier, levels in enumerate(split):
        side = size - tier * 2.2
        tall = levels * 3.2
        b.add(
            "window",
            s.box(side - 0.3, tall, side - 0.3, 0.05).translate((0, y + tall / 2, 0)),
            p.GLASS.in_color(rgb("35556e")),
            keep=True,
        )
        b.add(
            "wall", [s.box(side, 0.9, side, 0.06).translate((0, y + 0.4 + k * 3.2, 0)) for k in range(levels)], concrete
        )
        count = max(3, int(side / 1.8))
        places = [-side / 2 + 0.2 + (side - 0.4) * k / count for k in range(count + 1)]
        fin, edge = s.box(0.4, tall, 0.4, 0.05), side / 2 - 0.15
        fins = [fin.translate((x, y + tall / 2, z)) for x in places for z in (-edge, edge)]
        fins += [fin.translate((x, y + tall / 2, z)) for x in (-edge, edge) for z in places[1:-1]]
        b.add("wall", fins, concrete)
        y += tall
        b.add("wall", s.box(side + 0.3, 0.6, side + 0.3, 0.1).translate((0, y + 0.2, 0)), concrete)
    b.add("mast", s.capsule((0, y, 0), (0, y + 7, 0), 0.25, 0.06), p.STEEL)
