"""Things to sit on, lie on and work at."""

from __future__ import annotations

import math

from manifold3d import Manifold

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import rgb


def _legs(b: Builder, x: float, z: float, height: float, thick: float, splay: float = 0.0) -> list[Manifold]:
    """Legs at the corners of a seat or top, or around it if there are not four."""
    count = b.count("leg", 4, 3, 8)
    if count == 4:
        places = [(i * x, j * z) for i in (-1, 1) for j in (-1, 1)]
    else:
        turns = [2 * math.pi * k / count + math.pi / 2 for k in range(count)]
        places = [(x * math.cos(turn), z * math.sin(turn)) for turn in turns]
    return [
        s.hull(
            s.box(thick, 0.02, thick, 0.008).translate((px * (1 + splay), 0.01, pz * (1 + splay))),
            s.box(thick * 1.3, 0.02, thick * 1.3, 0.008).translate((px, height - 0.01, pz)),
        )
        for px, pz in places
    ]


@shape(
    "chair",
    "seat",
    "a chair with a back rest and four legs; a kitchen chair; a dining chair",
    0.92,
    "frame",
    "leg backrest=back back seat cushion=seat",
)
def _chair(b: Builder) -> None:
    wood = b.pick(p.OAK, p.WALNUT, p.PINE)
    height, width = b.vary(0.45, 0.05), b.vary(0.44)
    b.add("leg" if "leg" in b.wishes.looks else "frame", _legs(b, width / 2 - 0.04, 0.18, height, 0.036, 0.06), wood)
    b.add(
        "seat" if "seat" in b.wishes.looks else "frame",
        s.box(width, 0.05, 0.43, 0.02).translate((0, height, 0.0)),
        wood,
    )
    top, lean = b.vary(0.47), 0.07
    posts = [
        s.capsule(
            (x * (width / 2 - 0.03), height, -0.185),
            (x * (width / 2 - 0.035), height + top, -0.185 - lean),
            0.02,
            0.017,
        )
        for x in (-1, 1)
    ]
    rails = s.box(width - 0.04, 0.11, 0.025, 0.01).rotate((-8, 0, 0)).translate((0, height + top - 0.06, -0.18 - lean))
    slats = [
        s.capsule((x, height, -0.185), (x, height + top - 0.06, -0.185 - lean * 0.9), 0.011, segments=10)
        for x in (-0.12, -0.06, 0.0, 0.06, 0.12)
    ]
    b.add("back" if "back" in b.wishes.looks else "frame", [*posts, rails, *slats], wood)
    if b.says("cushion", "upholstered", "soft"):
        b.add("seat", s.box(width - 0.04, 0.06, 0.39, 0.03).translate((0, height + 0.045, 0)), p.CLOTH)


@shape(
    "stool",
    "barstool",
    "a stool without a back; a bar stool; a round wooden stool",
    0.6,
    "frame",
    "leg seat cushion=seat",
)
def _stool(b: Builder) -> None:
    height = b.vary(0.55)
    b.add("leg" if "leg" in b.wishes.looks else "frame", _legs(b, 0.1, 0.1, height, 0.03, 0.5), p.OAK)
    b.add("frame", s.ring(0.188, 0.011).translate((0, height * 0.35, 0)), p.OAK)
    b.add("seat", s.cylinder(0.19, 0.05, 0.02).translate((0, height, 0)), p.WALNUT, turned=True)


@shape(
    "armchair",
    "recliner throne",
    "an upholstered armchair with thick arms; a cosy reading chair; a leather club chair",
    0.95,
    "body",
    "leg arm cushion seat=cushion",
)
def _armchair(b: Builder) -> None:
    _sofa_of(b, b.vary(0.62, 0.08), 1)


@shape(
    "sofa",
    "couch settee loveseat",
    "a sofa with cushions and arm rests; a couch for three people",
    2.0,
    "body",
    "leg arm cushion seat=cushion pillow",
)
def _sofa(b: Builder) -> None:
    _sofa_of(b, b.vary(1.6, 0.08), b.count("seat", b.count("cushion", 3, 1, 5), 1, 5))


def _sofa_of(b: Builder, width: float, seats: int) -> None:
    cloth = b.pick(p.CLOTH, p.CLOTH.in_color(rgb("b56b4b")), p.CLOTH.in_color(rgb("5f7d5a")), p.VELVET, p.LEATHER)
    b.add("body", s.box(width + 0.1, 0.22, 0.8, 0.05).translate((0, 0.25, 0)), cloth)
    back = s.box(width + 0.1, 0.62, 0.2, 0.08).rotate((-9, 0, 0)).translate((0, 0.58, -0.33))
    arms = [s.box(0.2, 0.45, 0.84, 0.085).translate((x * (width / 2 + 0.1), 0.37, 0.01)) for x in (-1, 1)]
    b.add("body", [back, *arms], cloth)
    step = width / seats
    for k in range(seats):
        x = (k - (seats - 1) / 2) * step
        b.add(
            "cushion" if "cushion" in b.wishes.looks else "body",
            s.box(step - 0.015, 0.16, 0.62, 0.06).translate((x, 0.42, 0.08)),
            cloth,
        )
        b.add(
            "cushion" if "cushion" in b.wishes.looks else "body",
            s.box(step - 0.03, 0.42, 0.16, 0.075).rotate((-12, 0, 0)).translate((x, 0.66, -0.21)),
            cloth,
        )
    feet = [
        s.cylinder(0.028, 0.16, 0.006, 0.04).translate((x * (width / 2 + 0.06), 0.08, z))
        for x in (-1, 1)
        for z in (-0.32, 0.34)
    ]
    b.add("leg", feet, p.WALNUT)


@shape(
    "table",
    "tabletop",
    "a table with four legs; a dining table; a round coffee table",
    1.6,
    "frame",
    "leg top tabletop=top",
)
def _table(b: Builder) -> None:
    wood = b.pick(p.OAK, p.WALNUT, p.PINE)
    height = 0.42 if b.says("coffee", "side") else b.vary(0.74, 0.04)
    if b.says("round", "circular"):
        top = s.cylinder(0.6, 0.045, 0.015, segments=48).translate((0, height, 0))
        x = z = 0.38
    else:
        x, z = b.vary(0.76), b.vary(0.42)
        top = s.box(2 * x + 0.08, 0.045, 2 * z + 0.08, 0.014).translate((0, height, 0))
        apron = [
            s.box(2 * x - 0.08, 0.09, 0.025, 0.006).translate((0, height - 0.065, j * (z - 0.03))) for j in (-1, 1)
        ]
        apron += [
            s.box(0.025, 0.09, 2 * z - 0.08, 0.006).translate((i * (x - 0.03), height - 0.065, 0)) for i in (-1, 1)
        ]
        b.add("frame", apron, wood)
    b.add("top" if "top" in b.wishes.looks else "frame", top, wood)
    b.add("leg" if "leg" in b.wishes.looks else "frame", _legs(b, x - 0.03, z - 0.03, height, 0.055), wood)


@shape(
    "desk",
    "workbench",
    "an office desk with drawers; a writing desk",
    1.4,
    "frame",
    "leg drawer handle knob=handle top",
)
def _desk(b: Builder) -> None:
    wood = b.pick(p.OAK, p.WALNUT)
    b.add("frame", s.box(1.4, 0.04, 0.7, 0.012).translate((0, 0.74, 0)), wood)
    b.add("frame", s.box(0.4, 0.66, 0.62, 0.012).translate((0.46, 0.39, 0)), wood)
    drawers = b.count("drawer", 3, 1, 5)
    step = 0.62 / drawers
    for k in range(drawers):
        y = 0.09 + step * (k + 0.5)
        b.add(
            "drawer" if "drawer" in b.wishes.looks else "frame",
            s.box(0.36, step - 0.025, 0.03, 0.008).translate((0.46, y, 0.315)),
            wood,
        )
        b.add("handle", s.capsule((0.4, y, 0.345), (0.52, y, 0.345), 0.009, segments=10), p.STEEL)
    b.add(
        "leg",
        [s.box(0.045, 0.72, 0.045, 0.01).translate((-0.64, 0.36, z)) for z in (-0.29, 0.29)],
        p.IRON if b.says("metal") else wood,
    )


@shape(
    "bed",
    "bunk mattress",
    "a bed with pillows and a blanket; a double bed with a headboard",
    2.1,
    "blanket",
    "frame headboard=frame pillow blanket duvet=blanket mattress leg=frame",
)
def _bed(b: Builder) -> None:
    wide = 0.95 if b.says("single", "child") else 1.55
    wood = b.pick(p.OAK, p.WALNUT)
    b.add("frame", s.box(wide + 0.08, 0.16, 2.06, 0.025).translate((0, 0.28, 0)), wood)
    b.add("frame", s.box(wide + 0.12, 0.62, 0.07, 0.03).translate((0, 0.72, -1.03)), wood)
    b.add("frame", s.box(wide + 0.12, 0.2, 0.06, 0.02).translate((0, 0.42, 1.03)), wood)
    b.add(
        "frame",
        [s.cylinder(0.045, 0.22, 0.01).translate((x * wide / 2, 0.11, z)) for x in (-1, 1) for z in (-0.98, 0.98)],
        wood,
    )
    b.add("mattress", s.box(wide, 0.2, 1.98, 0.07).translate((0, 0.45, 0)), p.CANVAS.in_color(rgb("f2efe8")))
    b.add(
        "blanket",
        s.box(wide + 0.07, 0.2, 1.32, 0.075).translate((0, 0.485, 0.33)),
        b.pick(p.CLOTH, p.CLOTH.in_color(rgb("a4574a")), p.CLOTH.in_color(rgb("6d8a6a"))),
    )
    b.add(
        "blanket", s.box(wide + 0.075, 0.06, 0.26, 0.03).translate((0, 0.585, -0.25)), p.CANVAS.in_color(rgb("f2efe8"))
    )
    pillows = 1 if wide < 1.2 else 2
    for k in range(pillows):
        x = (k - (pillows - 1) / 2) * 0.72
        b.add(
            "pillow", Blob(0.02).egg((x, 0.6, -0.74), (0.33, 0.085, 0.2)).solid(900), p.CANVAS.in_color(rgb("fbfaf6"))
        )


@shape(
    "bench",
    "pew",
    "a park bench with a back rest; a wooden garden bench",
    1.6,
    "board",
    "leg board slat=board back=board frame=leg",
)
def _bench(b: Builder) -> None:
    for x in (-0.68, 0.68):
        side = [s.capsule((x, 0.43, 0.22), (x, 0.02, 0.27), 0.025), s.capsule((x, 0.43, -0.2), (x, 0.02, -0.27), 0.025)]
        side += [
            s.capsule((x, 0.43, -0.22), (x, 0.43, 0.24), 0.025),
            s.capsule((x, 0.43, -0.2), (x, 0.86, -0.32), 0.022),
        ]
        side += [s.tube([(x, 0.43, 0.22), (x, 0.58, 0.24), (x, 0.65, 0.1), (x, 0.64, -0.26)], 0.02)]
        b.add("leg", side, p.IRON)
    b.add(
        "board",
        [s.box(1.6, 0.03, 0.085, 0.01).translate((0, 0.465, z)) for z in (-0.18, -0.08, 0.02, 0.12, 0.22)],
        p.OAK,
    )
    b.add(
        "board",
        [
            s.box(1.6, 0.085, 0.03, 0.01).rotate((-16, 0, 0)).translate((0, y, -0.19 - (y - 0.5) * 0.3))
            for y in (0.58, 0.7, 0.82)
        ],
        p.OAK,
    )
