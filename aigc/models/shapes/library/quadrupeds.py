"""Animals on four legs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb

_PARTS = "leg tail ear eye nose head patch stripe spot"


@dataclass(frozen=True)
class Gait:
    """The proportions of a four-legged animal that faces +z; lengths in metres.

    Args:
        length, height, girth: of the trunk; height of its back.
        leg: radii at hip and foot. neck: length, degrees above level, radius.
        head: radius, length of the muzzle, radius of the muzzle.
        ear: kind (pointed, hanging, round, long, side) and length.
        tail: kind (thin, bushy, stub, curled, long) and length.
    """

    length: float
    height: float
    girth: float
    leg: tuple[float, float]
    neck: tuple[float, float, float]
    head: tuple[float, float, float]
    ear: tuple[str, float]
    tail: tuple[str, float]


def _beast(b: Builder, g: Gait, coat: Finish, extremity: Finish | None = None) -> tuple[s.Point, float]:
    """The animal's body, eyes and nose; returns the middle of its head and the head's radius."""
    half, belly = g.length / 2, g.height - g.girth
    chest, rump = g.girth * b.vary(1.0, 0.06), g.girth * b.vary(0.92, 0.06)
    body = Blob(g.girth * 0.45)
    body.limb((0, belly, half * 0.62), (0, belly * 1.0, -half * 0.66), chest, rump)
    body.egg((0, belly - g.girth * 0.12, 0), (g.girth * 0.9, g.girth * 0.85, half * 0.85))
    foot = g.leg[1]
    spread = g.girth * 0.55
    for z, back in ((half * 0.72, False), (-half * 0.74, True)):
        knee = (spread, belly * 0.5, z + (-0.06 if back else 0.03) * g.height)
        ankle = (spread, foot * 1.2, z + (-0.03 if back else 0.0) * g.height)
        thigh = g.leg[0] * (1.25 if back else 1.0)
        body.pair("limb", (spread * 0.85, belly, z), knee, thigh, g.leg[0] * 0.72)
        body.pair("limb", knee, ankle, g.leg[0] * 0.72, foot, blend=g.leg[0] * 0.5)
        body.pair(
            "egg",
            (spread, foot * 0.8, z + foot * 0.5 + (-0.03 if back else 0) * g.height),
            (foot * 1.15, foot * 0.8, foot * 1.5),
            blend=foot * 0.5,
        )
    reach, rise = math.cos(math.radians(g.neck[1])), math.sin(math.radians(g.neck[1]))
    start = (0.0, belly + g.girth * 0.25, half * 0.8)
    end = (0.0, start[1] + g.neck[0] * rise, start[2] + g.neck[0] * reach)
    body.limb(start, end, g.neck[2] * 1.25, g.neck[2], g.girth * 0.5)
    radius, muzzle, snout = g.head
    centre = (0.0, end[1] + radius * 0.25, end[2] + radius * 0.45)
    body.egg(centre, (radius * 0.92, radius * 0.95, radius * 1.05), blend=radius * 0.4)
    tip = (0.0, centre[1] - radius * 0.35 - muzzle * 0.12, centre[2] + radius * 0.6 + muzzle)
    body.limb((0, centre[1] - radius * 0.25, centre[2] + radius * 0.5), tip, snout * 1.15, snout, radius * 0.35)
    _ears(body, g.ear, centre, radius)
    _tail(body, g.tail, (0, belly + g.girth * 0.45, -half * 0.66 - rump * 0.75), g.girth)
    b.add("body", body.solid(), coat)
    eye = (radius * 0.62, centre[1] + radius * 0.22, centre[2] + radius * 0.72)
    b.add("eye", s.mirrored(s.ball(radius * 0.15, 16).translate(eye)), p.EYE, keep=True)
    b.add(
        "nose",
        s.ellipsoid(snout * 0.5, snout * 0.38, snout * 0.36, 16).translate(
            (0, tip[1] + snout * 0.45, tip[2] + snout * 0.78)
        ),
        extremity or p.EYE,
        keep=True,
    )
    return centre, radius


def _ears(body: Blob, ear: tuple[str, float], centre: s.Point, radius: float) -> None:
    kind, long = ear
    x, y, z = radius * 0.6, centre[1] + radius * 0.65, centre[2] - radius * 0.15
    if kind == "pointed":
        body.pair(
            "limb", (x, y, z), (x * 1.25, y + long, z - long * 0.1), long * 0.42, long * 0.08, blend=radius * 0.15
        )
    elif kind == "hanging":
        body.pair(
            "egg",
            (radius * 1.02, centre[1] + radius * 0.1, z),
            (long * 0.16, long * 0.55, long * 0.32),
            (0, 0, 10),
            blend=radius * 0.12,
        )
    elif kind == "round":
        body.pair("egg", (x * 1.15, y + long * 0.2, z), (long * 0.55, long * 0.55, long * 0.25), blend=radius * 0.12)
    elif kind == "long":
        body.pair(
            "limb", (x * 0.6, y, z), (x * 0.8, y + long, z - long * 0.15), long * 0.16, long * 0.1, blend=radius * 0.12
        )
    elif kind == "side":
        body.pair(
            "egg",
            (radius * 1.2, centre[1] + radius * 0.45, z),
            (long * 0.6, long * 0.26, long * 0.16),
            (0, 0, -12),
            blend=radius * 0.12,
        )


def _tail(body: Blob, tail: tuple[str, float], root: s.Point, girth: float) -> None:
    kind, long = tail
    x, y, z = root
    thick = girth * 0.16
    if kind == "thin":
        body.chain(
            [(x, y, z), (x, y - long * 0.45, z - long * 0.25), (x, y - long * 0.8, z - long * 0.2)],
            [thick * 0.7, thick * 0.4, thick * 0.4],
            thick,
        )
        body.egg((x, y - long * 0.92, z - long * 0.2), (thick * 0.8, long * 0.16, thick * 0.8), blend=thick)
    elif kind == "bushy":
        body.chain(
            [(x, y, z), (x, y - long * 0.2, z - long * 0.4), (x, y - long * 0.75, z - long * 0.55)],
            [thick, thick * 1.7, thick * 0.6],
            thick,
        )
    elif kind == "stub":
        body.egg((x, y, z), (long, long, long), blend=long)
    elif kind == "curled":
        body.chain(
            [(x, y, z), (x, y + long * 0.5, z - long * 0.35), (x, y + long * 0.8, z + long * 0.05)],
            [thick, thick * 0.85, thick * 0.5],
            thick,
        )
    elif kind == "long":
        body.chain(
            [
                (x, y, z),
                (x, y - long * 0.15, z - long * 0.45),
                (x, y + long * 0.25, z - long * 0.75),
                (x, y + long * 0.65, z - long * 0.7),
            ],
            [thick * 0.75, thick * 0.65, thick * 0.6, thick * 0.45],
            thick,
        )


@shape(
    "dog",
    "puppy hound retriever terrier wolf fox husky labrador corgi",
    "a dog; a golden retriever puppy; a wolf; a red fox with a bushy tail",
    0.8,
    "body",
    _PARTS + " collar",
)
def _dog(b: Builder) -> None:
    wild = b.says("wolf", "fox", "husky", "shepherd")
    young = b.says("puppy", "corgi", "dachshund")
    coat = p.FUR.in_color(rgb("c99552"))
    if b.says("wolf", "husky"):
        coat = Finish("fur", rgb("74777b"), rgb("dcdad4"), 0.95)
    elif b.says("fox"):
        coat = Finish("fur", rgb("c8642b"), rgb("f0e8da"), 0.95)
    else:
        coat = b.pick(
            coat, Finish("fur", rgb("7a4f30"), rgb("b98d60"), 0.95), Finish("fur", rgb("d9b988"), rgb("efe2c8"), 0.95)
        )
    height = 0.36 if young else 0.56
    gait = Gait(
        0.6,
        height,
        0.13 if not young else 0.125,
        (0.06, 0.037),
        (0.17, 52, 0.075),
        (0.115 if not young else 0.125, 0.085, 0.052),
        ("pointed", 0.11) if wild else ("hanging", 0.2),
        ("bushy", 0.34) if wild else ("curled", 0.26),
    )
    centre, radius = _beast(b, gait, coat)
    if b.says("collar"):
        b.add(
            "collar",
            s.ring(0.095, 0.016)
            .rotate((-42, 0, 0))
            .translate((0, centre[1] - radius * 1.0, centre[2] - radius * 0.75)),
            p.PLASTIC,
        )


@shape(
    "cat",
    "kitten tomcat lion tiger leopard panther cheetah lynx",
    "a cat; a tabby kitten; a lion with a mane; a striped tiger",
    0.6,
    "body",
    _PARTS + " mane",
)
def _cat(b: Builder) -> None:
    if b.says("lion"):
        coat, ear = Finish("fur", rgb("cf9d58"), rgb("ecd6ac"), 0.95), ("round", 0.07)
    elif b.says("tiger"):
        coat, ear = Finish("striped", rgb("dc8a33"), rgb("201a17"), 0.95), ("round", 0.07)
    elif b.says("leopard", "cheetah"):
        coat, ear = Finish("spotted", rgb("dba556"), rgb("30241a"), 0.95, size=0.45), ("round", 0.07)
    else:
        coat = b.pick(
            Finish("striped", rgb("c9965c"), rgb("8b5a2e"), 0.95, size=0.7),
            Finish("fur", rgb("6f7277"), rgb("d6d6d4"), 0.95),
            Finish("fur", rgb("d08a45"), rgb("f0dcc0"), 0.95),
        )
        ear = ("pointed", 0.085)
    gait = Gait(0.5, 0.4, 0.098, (0.045, 0.03), (0.1, 55, 0.062), (0.1, 0.022, 0.042), ear, ("long", 0.34))
    centre, _ = _beast(b, gait, coat, p.PLASTIC.in_color(rgb("d98a8f")))
    if b.says("lion", "mane"):
        mane = Blob(0.03)
        for k in range(13):
            turn = 6.2832 * k / 13
            mane.egg(
                (0.118 * math.cos(turn), centre[1] - 0.01 + 0.125 * math.sin(turn), centre[2] - 0.045),
                (0.05, 0.05, 0.058),
            )
        mane.egg((0, centre[1] - 0.1, centre[2] - 0.06), (0.1, 0.12, 0.08))
        b.add("mane", mane.solid(2600), p.FUR.in_color(rgb("7a4523")))


@shape(
    "horse",
    "pony stallion mare foal unicorn zebra donkey",
    "a horse; a brown stallion with a black mane; a zebra; a white unicorn with a horn",
    2.3,
    "body",
    _PARTS + " mane horn hoof",
)
def _horse(b: Builder) -> None:
    coat = b.pick(p.FUR.in_color(rgb("8a5530")), p.FUR.in_color(rgb("5b3a24")), p.FUR.in_color(rgb("b07c48")))
    hair = p.FUR.in_color(rgb("2b211b"))
    if b.says("zebra"):
        coat = Finish("striped", rgb("efece4"), rgb("1f1c1b"), 0.95, size=0.55)
    elif b.says("unicorn"):
        coat, hair = Finish("fur", rgb("f4f1ec"), rgb("ffffff"), 0.95), p.FUR.in_color(rgb("d8a5cf"))
    gait = Gait(1.5, 1.5, 0.3, (0.13, 0.062), (0.72, 58, 0.17), (0.18, 0.3, 0.1), ("pointed", 0.16), ("stub", 0.06))
    centre, radius = _beast(b, gait, coat)
    mane = Blob(0.06)
    for k in range(9):
        t = k / 8
        # Along the back of the neck, which runs from the withers to the back of the head.
        mane.egg((0, 1.42 + (centre[1] - 1.3) * t, 0.42 + (centre[2] - 0.56) * t), (0.045, 0.11, 0.1), (-30, 0, 0))
    mane.egg((0, centre[1] + radius * 0.95, centre[2] + radius * 0.35), (0.05, 0.07, 0.11))
    b.add("mane", mane.solid(1500), hair)
    tail = Blob(0.05).chain(
        [(0, 1.32, -0.76), (0, 1.18, -0.98), (0, 0.8, -1.06), (0, 0.48, -1.0)], [0.05, 0.09, 0.1, 0.035]
    )
    b.add("mane", tail.solid(900), hair)
    if b.says("unicorn", "horn"):
        b.add(
            "horn",
            s.lathe([(0.04, 0), (0.004, 0.42)], 16)
            .rotate((28, 0, 0))
            .translate((0, centre[1] + radius * 0.85, centre[2] + radius * 0.5)),
            p.GOLD,
            keep=True,
        )


@shape(
    "cow",
    "bull ox calf bison buffalo goat",
    "a cow with black patches, horns and an udder; a bull",
    2.2,
    "body",
    _PARTS + " horn udder bell",
)
def _cow(b: Builder) -> None:
    coat = (
        Finish("cow", rgb("f0ece4"), rgb("2a2522"), 0.95)
        if not b.says("bull", "bison", "buffalo", "brown")
        else p.FUR.in_color(rgb("6b4228"))
    )
    centre, radius = _beast(
        b,
        Gait(1.5, 1.35, 0.37, (0.13, 0.075), (0.36, 28, 0.19), (0.2, 0.2, 0.13), ("side", 0.22), ("thin", 0.8)),
        coat,
        p.SKIN.in_color(rgb("d9a198")),
    )
    horn = s.tube(
        [
            (radius * 0.55, centre[1] + radius * 0.8, centre[2]),
            (radius * 1.3, centre[1] + radius * 1.1, centre[2]),
            (radius * 1.5, centre[1] + radius * 1.75, centre[2] + 0.03),
        ],
        [0.045, 0.036, 0.006],
        12,
    )
    b.add("horn", s.mirrored(horn), p.BONE, keep=True)
    if not b.says("bull"):
        b.add(
            "udder",
            Blob(0.05)
            .egg((0, 0.66, -0.42), (0.17, 0.14, 0.2))
            .pair("limb", (0.07, 0.58, -0.36), (0.07, 0.5, -0.36), 0.032, 0.024)
            .pair("limb", (0.07, 0.58, -0.5), (0.07, 0.5, -0.5), 0.032, 0.024)
            .solid(900),
            p.SKIN.in_color(rgb("e4a9a0")),
            keep=True,
        )
    if b.says("bell"):
        b.add(
            "bell",
            s.lathe([(0.08, 0), (0.05, 0.1), (0.02, 0.13)]).translate((0, centre[1] - 0.5, centre[2] - 0.28)),
            p.BRASS,
        )


@shape("pig", "piglet boar hog", "a pink pig with a curly tail; a piglet", 1.1, "body", _PARTS)
def _pig(b: Builder) -> None:
    coat = p.SKIN.in_color(rgb("e9a8a0")) if not b.says("boar") else p.FUR.in_color(rgb("4f3f35"))
    centre, radius = _beast(
        b,
        Gait(0.9, 0.68, 0.255, (0.085, 0.055), (0.1, 20, 0.19), (0.19, 0.1, 0.085), ("pointed", 0.12), ("curled", 0.1)),
        coat,
        p.SKIN.in_color(rgb("d9847f")),
    )
    disc = s.along_z(s.cylinder(0.088, 0.05, 0.015)).translate(
        (0, centre[1] - radius * 0.35 - 0.012, centre[2] + radius * 0.6 + 0.18)
    )
    b.add("nose", disc, p.SKIN.in_color(rgb("dd8e88")), keep=True)


@shape("sheep", "lamb ram", "a white woolly sheep; a lamb", 1.2, "wool", _PARTS + " wool fleece=wool horn")
def _sheep(b: Builder) -> None:
    _beast(
        b,
        Gait(0.8, 0.78, 0.2, (0.06, 0.042), (0.2, 42, 0.1), (0.13, 0.1, 0.07), ("side", 0.14), ("stub", 0.08)),
        Finish("fur", rgb("4f443c"), rgb("6a5d52"), 0.95),
    )
    wool = Blob(0.035)
    for k in range(54):
        height = 1 - 2 * (k + 0.5) / 54
        radius, turn = (1 - height * height) ** 0.5, k * 2.39996
        wool.egg(
            (0.235 * radius * math.cos(turn), 0.6 + 0.2 * radius * math.sin(turn), 0.47 * height),
            (0.085, 0.085, 0.085),
        )
    wool.egg((0, 0.6, 0), (0.23, 0.2, 0.44)).egg((0, 0.92, 0.5), (0.09, 0.06, 0.09))
    b.add("wool", wool.solid(5200), Finish("leaves", rgb("f1ece0"), rgb("fffdf6"), 0.98, size=1.3))
    if b.says("ram", "horn"):
        curl = s.tube(
            [(0.1, 0.95, 0.5), (0.22, 0.97, 0.42), (0.26, 0.85, 0.42), (0.22, 0.78, 0.52)], [0.045, 0.045, 0.035, 0.012]
        )
        b.add("horn", s.mirrored(curl), p.BONE, keep=True)


@shape("giraffe", "", "a giraffe with a long neck and patches", 4.8, "body", _PARTS + " neck=body horn")
def _giraffe(b: Builder) -> None:
    coat = Finish("patched", rgb("ecd5a0"), rgb("a8642c"), 0.9, size=0.8)
    centre, _ = _beast(
        b,
        Gait(1.5, 2.55, 0.36, (0.15, 0.085), (2.05, 74, 0.16), (0.19, 0.22, 0.1), ("side", 0.22), ("thin", 1.0)),
        coat,
    )
    knobs = [
        s.capsule(
            (x * 0.08, centre[1] + 0.12, centre[2] - 0.02), (x * 0.1, centre[1] + 0.34, centre[2] - 0.05), 0.03, 0.035
        )
        for x in (-1, 1)
    ]
    b.add("horn", knobs, p.FUR.in_color(rgb("6a4526")), keep=True)
