"""Things that keep other things, and lamps."""

from __future__ import annotations

import math

from manifold3d import Manifold

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import rgb


@shape(
    "bookshelf",
    "shelf bookcase rack",
    "a bookshelf full of books; a tall bookcase; wooden shelves",
    1.8,
    "frame",
    "shelf book",
)
def _bookshelf(b: Builder) -> None:
    wood = b.pick(p.OAK, p.WALNUT, p.PINE)
    shelves, height, width = b.count("shelf", 4, 2, 7), b.vary(1.75, 0.06), 0.85
    sides = [s.box(0.035, height, 0.3, 0.008).translate((x * width / 2, height / 2, 0)) for x in (-1, 1)]
    boards = [
        s.box(width, 0.03, 0.29, 0.006).translate((0, 0.06 + k * (height - 0.08) / shelves, 0))
        for k in range(shelves + 1)
    ]
    b.add("frame", [*sides, *boards, s.box(width, height - 0.02, 0.015, 0.002).translate((0, height / 2, -0.14))], wood)
    tones = ("8d3b33", "34506b", "c59a4a", "4c6b4d", "6b4a6f", "c9bda4", "2f3238", "b5653a")
    rise = (height - 0.08) / shelves
    for level in range(shelves):
        x = -width / 2 + 0.04
        while x < width / 2 - 0.1:
            thick, tall = float(b.random.uniform(0.028, 0.055)), float(b.random.uniform(0.62, 0.9)) * (rise - 0.04)
            if b.random.random() < 0.88:
                tone = tones[int(b.random.integers(len(tones)))]
                book = s.box(thick, tall, 0.2, 0.006).translate((x + thick / 2, 0.077 + level * rise + tall / 2, 0.005))
                b.add("book", book, p.LEATHER.in_color(rgb(tone)), keep=True)
            x += thick + 0.003


@shape(
    "cabinet",
    "wardrobe cupboard closet dresser sideboard",
    "a wardrobe with two doors; a wooden cabinet; a chest of drawers",
    1.9,
    "body",
    "door handle knob=handle drawer leg",
)
def _cabinet(b: Builder) -> None:
    wood = b.pick(p.OAK, p.WALNUT, p.PINE)
    height, width, doors = b.vary(1.8, 0.06), 1.1, b.count("door", 2, 1, 4)
    b.add("body", s.box(width, height, 0.55, 0.015).translate((0, height / 2 + 0.08, 0)), wood)
    b.add("body", s.box(width + 0.08, 0.06, 0.62, 0.02).translate((0, height + 0.1, 0)), wood)
    b.add(
        "leg",
        [s.cylinder(0.03, 0.1, 0.006, 0.045).translate((x * 0.46, 0.05, z)) for x in (-1, 1) for z in (-0.2, 0.2)],
        wood,
    )
    step = (width - 0.06) / doors
    for k in range(doors):
        x = (k - (doors - 1) / 2) * step
        b.add(
            "door" if "door" in b.wishes.looks else "body",
            s.box(step - 0.02, height - 0.1, 0.03, 0.008).translate((x, height / 2 + 0.08, 0.285)),
            wood,
        )
        inset = s.box(step - 0.16, (height - 0.34) / 2, 0.02, 0.008)
        b.add("body", [inset.translate((x, 0.08 + height * f, 0.302)) for f in (0.27, 0.73)], wood)
        side = 1 if k < doors / 2 else -1
        b.add("handle", s.ball(0.022, 14).translate((x + side * (step / 2 - 0.07), height * 0.52, 0.325)), p.BRASS)


@shape(
    "lamp",
    "lampshade desklamp",
    "a floor lamp with a shade; a table lamp; a reading lamp",
    0.6,
    "shade",
    "shade base=foot foot stand=foot",
)
def _lamp(b: Builder) -> None:
    metal = b.pick(p.BRASS, p.IRON, p.STEEL)
    tall = 1.15 if b.says("floor", "standing") else 0.3
    b.add(
        "foot",
        s.lathe([(0.14, 0), (0.14, 0.015), (0.12, 0.03), (0.03, 0.045), (0.018, 0.08), (0.016, tall)]),
        metal,
        turned=True,
    )
    if tall < 0.5:
        b.add(
            "foot",
            s.lathe(s.curve([(0.03, 0.03), (0.075, 0.1), (0.085, 0.16), (0.045, 0.23), (0.02, 0.27)])),
            p.CERAMIC.in_color(rgb("4f7f86")),
            turned=True,
        )
    low, high = s.cylinder(0.19, 0.24, 0.004, 0.115, 48), s.cylinder(0.183, 0.26, 0.0, 0.108, 48)
    b.add("shade", (low - high).translate((0, tall + 0.1, 0)), p.CANVAS, turned=True)
    b.add("bulb", s.ball(0.045, 16).translate((0, tall + 0.07, 0)), p.LAMP, keep=True)


@shape(
    "chest",
    "trunk coffer treasure",
    "a treasure chest with iron bands; a pirate's chest full of gold",
    0.8,
    "body",
    "band lid=body lock coin",
)
def _chest(b: Builder) -> None:
    b.add("body", s.box(0.8, 0.36, 0.5, 0.012).translate((0, 0.18, 0)), p.PLANKS)
    barrel = s.along_x(s.cylinder(0.25, 0.8, 0.012, segments=40)) ^ Manifold.cube((2, 1, 2), True).translate(
        (0, 0.5, 0)
    )
    opened = b.says("open", "full", "coin", "gold", "filled")
    tilt, hinge = (-55 if opened else 0), (0, 0.36, -0.25)
    bands = s.along_x(s.cylinder(0.262, 0.06, 0.008, segments=40)) ^ Manifold.cube((2, 1, 2), True).translate(
        (0, 0.5, 0)
    )

    def lid(solid: Manifold) -> Manifold:
        return solid.translate((0, 0, 0.25)).rotate((tilt, 0, 0)).translate(hinge)

    b.add("body", lid(barrel), p.PLANKS)
    b.add("band", [lid(bands.translate((x, 0, 0))) for x in (-0.3, 0.3)], p.IRON)
    b.add("band", [s.box(0.06, 0.38, 0.52, 0.008).translate((x, 0.185, 0)) for x in (-0.3, 0.3)], p.IRON)
    b.add("band", s.box(0.83, 0.05, 0.53, 0.01).translate((0, 0.335, 0)), p.IRON)
    b.add("lock", s.box(0.11, 0.14, 0.04, 0.012).translate((0, 0.33, 0.27)), p.BRASS)
    if opened:
        heap = Blob(0.05).egg((0, 0.34, 0), (0.34, 0.13, 0.19))
        b.add("coin", heap.solid(1500), p.GOLD, keep=True)
        for _ in range(26):
            x, z, turn = (float(v) for v in b.random.uniform(-1, 1, 3))
            coin = s.cylinder(0.035, 0.012, 0.004, segments=14).rotate((turn * 40, 0, x * 50))
            b.add(
                "coin",
                coin.translate((x * 0.22, 0.344 + 0.13 * math.sqrt(1 - 0.42 * x * x - 0.42 * z * z), z * 0.12)),
                p.GOLD,
                keep=True,
            )


@shape(
    "crate",
    "box container package parcel",
    "a wooden crate; a cardboard box; a shipping crate",
    0.8,
    "body",
    "frame=edge edge",
)
def _crate(b: Builder) -> None:
    if b.says("cardboard", "paper", "gift", "present"):
        card = p.PAPER.in_color(rgb("c0925f"))
        b.add("body", s.box(0.8, 0.56, 0.6, 0.012).translate((0, 0.28, 0)), card)
        b.add(
            "edge",
            s.box(0.805, 0.565, 0.09, 0.012).translate((0, 0.2805, 0)),
            p.PAPER.in_color(rgb("d8c09a")),
            keep=True,
        )
        return
    b.add("body", s.box(0.74, 0.74, 0.74, 0.01).translate((0, 0.4, 0)), p.PLANKS)
    bars = []
    for i in (-1, 1):
        for j in (-1, 1):
            bars += [
                s.box(0.8, 0.1, 0.1, 0.01).translate((0, 0.4 + i * 0.35, j * 0.35)),
                s.box(0.1, 0.8, 0.1, 0.01).translate((i * 0.35, 0.4, j * 0.35)),
            ]
            bars.append(s.box(0.1, 0.1, 0.8, 0.01).translate((i * 0.35, 0.4 + j * 0.35, 0)))
    brace = s.box(0.09, 0.98, 0.05, 0.01).rotate((0, 0, 45))
    bars += [brace.translate((0, 0.4, 0.365)), brace.translate((0, 0.4, -0.365))]
    bars += [brace.rotate((0, 90, 0)).translate((0.365, 0.4, 0)), brace.rotate((0, 90, 0)).translate((-0.365, 0.4, 0))]
    b.add("edge" if "edge" in b.wishes.looks else "body", bars, p.OAK)


@shape(
    "gift",
    "present",
    "a gift box with a ribbon and a bow; a birthday present",
    0.4,
    "body",
    "ribbon bow=ribbon lid=body",
)
def _gift(b: Builder) -> None:
    paper = b.pick(p.PLASTIC, p.PLASTIC.in_color(rgb("2f62b5")), p.PLASTIC.in_color(rgb("5a9c58")))
    b.add("body", s.box(0.36, 0.26, 0.36, 0.008).translate((0, 0.13, 0)), paper)
    b.add("body", s.box(0.385, 0.06, 0.385, 0.01).translate((0, 0.27, 0)), paper)
    satin = p.PLASTIC.in_color(rgb("f1c04a"))
    b.add(
        "ribbon",
        [
            s.box(0.055, 0.302, 0.392, 0.008).translate((0, 0.153, 0)),
            s.box(0.392, 0.302, 0.055, 0.008).translate((0, 0.153, 0)),
        ],
        satin,
    )
    loop = s.tube([(0.0, 0.3, 0), (0.07, 0.37, 0.01), (0.13, 0.37, 0), (0.12, 0.32, -0.01), (0.0, 0.305, 0)], 0.017)
    b.add(
        "ribbon",
        [s.mirrored(loop), s.mirrored(loop).rotate((0, 75, 0)), s.ball(0.03, 18).translate((0, 0.315, 0))],
        satin,
    )
