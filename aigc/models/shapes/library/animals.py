"""Things that walk, fly and swim."""

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
        ear: kind (pointed, hanging, round, long, large) and length. tail: kind (thin, bushy, stub, curled, long) and length.
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
    centre, radius = _beast(b, gait, coat, p.PLASTIC.in_color(rgb("d98a8f")))
    if b.says("lion", "mane"):
        mane = Blob(0.03)
        for k in range(13):
            turn = 6.2832 * k / 13
            mane.egg(
                (0.118 * float(s.np.cos(turn)), centre[1] - 0.01 + 0.125 * float(s.np.sin(turn)), centre[2] - 0.045),
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
            (0.235 * radius * float(s.np.cos(turn)), 0.6 + 0.2 * radius * float(s.np.sin(turn)), 0.47 * height),
            (0.085, 0.085, 0.085),
        )
    wool.egg((0, 0.6, 0), (0.23, 0.2, 0.44)).egg((0, 0.92, 0.5), (0.09, 0.06, 0.09))
    b.add("wool", wool.solid(5200), Finish("leaves", rgb("f1ece0"), rgb("fffdf6"), 0.98, size=1.3))
    if b.says("ram", "horn"):
        curl = s.tube(
            [(0.1, 0.95, 0.5), (0.22, 0.97, 0.42), (0.26, 0.85, 0.42), (0.22, 0.78, 0.52)], [0.045, 0.045, 0.035, 0.012]
        )
        b.add("horn", s.mirrored(curl), p.BONE, keep=True)


@shape(
    "elephant",
    "mammoth",
    "an elephant with a trunk, tusks and large ears; a mammoth",
    3.6,
    "body",
    _PARTS + " trunk tusk",
)
def _elephant(b: Builder) -> None:
    coat = p.HIDE if not b.says("mammoth") else p.FUR.in_color(rgb("6b4a30"))
    body = Blob(0.3).egg((0, 1.75, -0.2), (0.85, 0.85, 1.25)).egg((0, 1.95, 0.65), (0.72, 0.75, 0.7))
    for z in (0.75, -1.0):
        body.pair("limb", (0.45, 1.5, z), (0.47, 0.3, z), 0.34, 0.27).pair(
            "limb", (0.47, 0.3, z), (0.47, 0.14, z), 0.27, 0.29, blend=0.05
        )
    body.egg((0, 2.5, 1.35), (0.56, 0.62, 0.58))
    body.chain(
        [(0, 2.3, 1.75), (0, 1.75, 2.15), (0, 1.1, 2.25), (0, 0.62, 2.35), (0, 0.48, 2.6)],
        [0.33, 0.24, 0.175, 0.135, 0.11],
        0.12,
    )
    body.pair("egg", (0.78, 2.45, 1.05), (0.52, 0.6, 0.085), (0, 28, 8), blend=0.12)
    body.pair("egg", (0.9, 2.1, 1.0), (0.3, 0.42, 0.08), (0, 28, 18), blend=0.12)
    body.chain([(0, 2.1, -1.4), (0, 1.5, -1.6), (0, 0.95, -1.58)], [0.09, 0.05, 0.06], 0.1)
    b.add("body", body.solid(9000), coat)
    tusk = s.tube(
        [(0.27, 2.0, 1.75), (0.34, 1.65, 2.1), (0.33, 1.58, 2.5), (0.28, 1.72, 2.8)], [0.085, 0.078, 0.06, 0.015]
    )
    b.add("tusk", s.mirrored(tusk), p.BONE, keep=True)
    b.add("eye", s.mirrored(s.ball(0.062, 16).translate((0.44, 2.56, 1.72))), p.EYE, keep=True)
    b.add(
        "nail",
        [
            s.ellipsoid(0.06, 0.07, 0.04, 10).translate((x * (0.47 + 0.13 * k), 0.08, z + 0.265 - abs(k) * 0.045))
            for x in (-1, 1)
            for z in (0.75, -1.0)
            for k in (-1, 0, 1)
        ],
        p.BONE,
        keep=True,
    )


@shape("giraffe", "", "a giraffe with a long neck and patches", 4.8, "body", _PARTS + " neck=body horn")
def _giraffe(b: Builder) -> None:
    coat = Finish("patched", rgb("ecd5a0"), rgb("a8642c"), 0.9, size=0.8)
    centre, radius = _beast(
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


@shape("rabbit", "bunny hare", "a rabbit with long ears; an easter bunny", 0.4, "body", _PARTS + " carrot")
def _rabbit(b: Builder) -> None:
    coat = b.pick(
        Finish("fur", rgb("b08a63"), rgb("efe4d0"), 0.95),
        Finish("fur", rgb("8f8b87"), rgb("e6e3de"), 0.95),
        Finish("fur", rgb("efeae2"), rgb("ffffff"), 0.95),
    )
    body = Blob(0.04).egg((0, 0.14, -0.03), (0.105, 0.13, 0.14)).egg((0, 0.13, 0.06), (0.085, 0.1, 0.08))
    body.egg((0, 0.285, 0.1), (0.078, 0.075, 0.082)).egg((0, 0.262, 0.16), (0.045, 0.036, 0.038))
    body.pair("limb", (0.033, 0.33, 0.085), (0.05, 0.52, 0.05), 0.024, 0.02, blend=0.02).pair(
        "egg", (0.047, 0.44, 0.062), (0.03, 0.085, 0.016), (12, 0, -6), blend=0.01
    )
    body.pair("egg", (0.1, 0.08, -0.06), (0.05, 0.085, 0.095), blend=0.04).pair(
        "egg", (0.105, 0.022, 0.02), (0.034, 0.024, 0.085), blend=0.02
    )
    body.pair("limb", (0.05, 0.12, 0.1), (0.05, 0.022, 0.135), 0.032, 0.024).egg(
        (0, 0.12, -0.18), (0.045, 0.045, 0.042), blend=0.02
    )
    b.add("body", body.solid(), coat)
    b.add("eye", s.mirrored(s.ball(0.0155, 16).translate((0.06, 0.3, 0.148))), p.EYE, keep=True)
    b.add(
        "nose",
        s.ellipsoid(0.012, 0.008, 0.008, 12).translate((0, 0.276, 0.197)),
        p.SKIN.in_color(rgb("d98a8f")),
        keep=True,
    )
    b.add(
        "ear",
        s.mirrored(s.ellipsoid(0.015, 0.065, 0.008, 16).rotate((12, 0, -6)).translate((0.048, 0.445, 0.078))),
        p.SKIN.in_color(rgb("e6b3ad")),
        keep=True,
    )
    if b.says("carrot"):
        b.add(
            "carrot",
            s.lathe(s.curve([(0.004, 0), (0.018, 0.06), (0.026, 0.12), (0.012, 0.13)]))
            .rotate((70, 25, 0))
            .translate((0.02, 0.07, 0.12)),
            p.PLASTIC.in_color(rgb("e87b2a")),
            keep=True,
        )


@shape(
    "bear",
    "teddy panda grizzly polar plush",
    "a teddy bear that sits; a brown bear; a panda",
    0.9,
    "body",
    _PARTS + " arm bow belly",
)
def _bear(b: Builder) -> None:
    panda = b.says("panda")
    coat = p.FUR.in_color(rgb("f2f0ea" if panda or b.says("polar") else b.pick("9a6536", "6b4527", "b98650")))
    limbs = p.FUR.in_color(rgb("26262a")) if panda else coat
    b.add(
        "body",
        Blob(0.08)
        .egg((0, 0.3, 0), (0.25, 0.28, 0.22))
        .egg((0, 0.68, 0.03), (0.215, 0.2, 0.195))
        .egg((0, 0.62, 0.2), (0.1, 0.08, 0.08), blend=0.05)
        .solid(5000),
        coat,
    )
    ears = Blob(0.02).pair("egg", (0.17, 0.84, 0.0), (0.075, 0.075, 0.045)).solid(1200)
    b.add("ear" if panda else "body", ears, limbs)
    arms = (
        Blob(0.03)
        .pair("limb", (0.2, 0.44, 0.04), (0.34, 0.24, 0.14), 0.085, 0.078)
        .pair("limb", (0.15, 0.1, 0.1), (0.24, 0.09, 0.36), 0.11, 0.095)
        .pair("egg", (0.25, 0.11, 0.42), (0.1, 0.115, 0.06))
    )
    b.add("arm" if panda else "body", arms.solid(3600), limbs)
    pad = p.FUR.in_color(rgb("dcb98a")) if not panda else p.FUR.in_color(rgb("5a5654"))
    b.add("pad", s.mirrored(s.ellipsoid(0.06, 0.07, 0.03, 20).translate((0.25, 0.11, 0.462))), pad, keep=True)
    b.add(
        "pad",
        s.ellipsoid(0.075, 0.06, 0.05, 20).translate((0, 0.615, 0.245)),
        p.FUR.in_color(rgb("e6cba0")) if not panda else coat,
        keep=True,
    )
    if panda:
        b.add(
            "patch",
            s.mirrored(s.ellipsoid(0.055, 0.065, 0.04, 18).rotate((0, 0, -25)).translate((0.085, 0.72, 0.178))),
            limbs,
            keep=True,
        )
    b.add("eye", s.mirrored(s.ball(0.026, 18).translate((0.08, 0.725, 0.21 if panda else 0.2))), p.EYE, keep=True)
    b.add("nose", s.ellipsoid(0.035, 0.024, 0.022, 18).translate((0, 0.645, 0.292)), p.EYE, keep=True)
    if b.says("bow", "ribbon", "gift"):
        b.add(
            "bow",
            s.mirrored(
                s.hull(
                    s.ellipsoid(0.02, 0.02, 0.02, 12).translate((0, 0.49, 0.21)),
                    s.ellipsoid(0.02, 0.05, 0.02, 12).translate((0.1, 0.49, 0.2)),
                )
            ),
            p.PLASTIC,
            keep=True,
        )


@shape(
    "bird",
    "sparrow robin parrot eagle crow owl chick pigeon",
    "a small bird; a robin with a red breast; a yellow chick; a parrot",
    0.3,
    "body",
    _PARTS + " wing beak belly",
)
def _bird(b: Builder) -> None:
    coat = b.pick(p.FUR.in_color(rgb("4f7fa8")), p.FUR.in_color(rgb("8a6a48")), p.FUR.in_color(rgb("d9a23a")))
    if b.says("chick"):
        coat = p.FUR.in_color(rgb("efc640"))
    elif b.says("parrot"):
        coat = p.FUR.in_color(rgb("3f9a4f"))
    elif b.says("robin"):
        coat = Finish("fur", rgb("7b6248"), rgb("d2622f"), 0.95)
    elif b.says("crow", "raven"):
        coat = p.FUR.in_color(rgb("2a2b30"))
    body = Blob(0.03).egg((0, 0.15, 0), (0.07, 0.072, 0.1), (-22, 0, 0)).egg((0, 0.235, 0.06), (0.052, 0.05, 0.053))
    body.egg((0, 0.12, -0.14), (0.03, 0.012, 0.08), (-18, 0, 0), blend=0.03)
    b.add("body", body.solid(4200), coat)
    b.add(
        "wing",
        s.mirrored(
            Blob(0.015)
            .egg((0.068, 0.155, -0.02), (0.016, 0.05, 0.085), (-28, 8, 0))
            .egg((0.06, 0.125, -0.1), (0.01, 0.022, 0.05), (-28, 8, 0))
            .solid(900)
        ),
        coat.in_color(tuple(c * 0.72 for c in coat.color)),
    )
    b.add(
        "beak",
        s.hull(
            s.ellipsoid(0.016, 0.014, 0.01, 14).translate((0, 0.232, 0.108)),
            s.ball(0.003, 8).translate((0, 0.222, 0.145)),
        ),
        p.PLASTIC.in_color(rgb("e89a2c")),
        keep=True,
    )
    b.add("eye", s.mirrored(s.ball(0.0095, 14).translate((0.038, 0.248, 0.094))), p.EYE, keep=True)
    for x in (-0.028, 0.028):
        toes = [
            s.capsule((x, 0.008, 0.015), (x + dx, 0.006, 0.015 + dz), 0.0055, 0.004, 8)
            for dx, dz in ((0, 0.04), (0.02, 0.032), (-0.02, 0.032), (0, -0.025))
        ]
        b.add(
            "leg",
            [s.capsule((x, 0.1, 0.0), (x, 0.01, 0.015), 0.007, 0.006, 10), *toes],
            p.PLASTIC.in_color(rgb("d98a2c")),
            keep=True,
        )


@shape(
    "duck",
    "duckling goose swan",
    "a yellow rubber duck; a duck on a pond; a white swan",
    0.25,
    "body",
    _PARTS + " beak wing bill=beak",
)
def _duck(b: Builder) -> None:
    swan = b.says("swan", "goose")
    coat = p.PLASTIC.in_color(rgb("f4f1ea" if swan else "f3c53a"))
    coat = p.Finish("plain", coat.color, None, 0.35 if b.says("rubber", "toy", "bath") else 0.6)
    body = Blob(0.035).egg((0, 0.07, 0), (0.082, 0.07, 0.115)).limb((0, 0.085, -0.08), (0, 0.135, -0.145), 0.045, 0.012)
    if swan:
        body.chain([(0, 0.1, 0.07), (0, 0.17, 0.115), (0, 0.25, 0.085), (0, 0.285, 0.105)], [0.04, 0.024, 0.02, 0.026])
        head = (0.0, 0.29, 0.115)
        body.egg(head, (0.028, 0.027, 0.036))
        size = 0.55
    else:
        head, size = (0.0, 0.17, 0.075), 1.0
        body.egg(head, (0.056, 0.054, 0.057))
    body.pair("egg", (0.075, 0.085, -0.02), (0.02, 0.042, 0.075), (-18, 10, 8), blend=0.02)
    b.add("body", body.solid(6000), coat)
    bill = s.hull(
        s.ellipsoid(0.024 * size, 0.012 * size, 0.012, 16).translate((0, head[1] - 0.008, head[2] + 0.05 * size)),
        s.ellipsoid(0.022 * size, 0.006 * size, 0.014 * size, 16).translate(
            (0, head[1] - 0.014 * size, head[2] + 0.086 * size)
        ),
    )
    b.add("beak", bill, p.PLASTIC.in_color(rgb("e5762a")), keep=True)
    b.add(
        "eye",
        s.mirrored(s.ball(0.0095 * size, 14).translate((0.035 * size, head[1] + 0.018 * size, head[2] + 0.04 * size))),
        p.EYE,
        keep=True,
    )


@shape("penguin", "", "a penguin with a white belly", 0.9, "body", _PARTS + " belly beak wing scarf")
def _penguin(b: Builder) -> None:
    b.add(
        "body",
        Blob(0.06)
        .egg((0, 0.42, 0), (0.22, 0.36, 0.2))
        .egg((0, 0.78, 0.02), (0.15, 0.15, 0.15))
        .pair("limb", (0.2, 0.56, 0), (0.31, 0.28, 0.02), 0.055, 0.03, blend=0.03)
        .egg((0, 0.1, -0.2), (0.07, 0.04, 0.09))
        .solid(5600),
        p.Finish("fur", rgb("2b303a"), None, 0.8),
    )
    front = (
        Blob(0.05)
        .egg((0, 0.41, 0.045), (0.185, 0.31, 0.175))
        .pair("egg", (0.055, 0.8, 0.065), (0.075, 0.075, 0.1), blend=0.03)
        .solid(3000)
    )
    b.add("belly", front, p.Finish("fur", rgb("f3f1ec"), None, 0.9), keep=True)
    b.add(
        "beak",
        s.hull(
            s.ellipsoid(0.04, 0.026, 0.02, 16).translate((0, 0.765, 0.155)),
            s.ball(0.008, 10).translate((0, 0.745, 0.235)),
        ),
        p.PLASTIC.in_color(rgb("eb9a2e")),
        keep=True,
    )
    b.add("eye", s.mirrored(s.ball(0.019, 16).translate((0.06, 0.815, 0.15))), p.EYE, keep=True)
    b.add(
        "leg",
        s.mirrored(
            Blob(0.02)
            .egg((0.09, 0.03, 0.08), (0.075, 0.03, 0.11))
            .egg((0.05, 0.025, 0.17), (0.028, 0.02, 0.035))
            .egg((0.13, 0.025, 0.17), (0.028, 0.02, 0.035))
            .solid(900)
        ),
        p.PLASTIC.in_color(rgb("e58a2a")),
        keep=True,
    )
    if b.says("scarf"):
        b.add(
            "scarf",
            [
                s.ring(0.145, 0.035).translate((0, 0.665, 0.02)),
                s.box(0.075, 0.22, 0.035, 0.015).rotate((-14, 0, 6)).translate((0.07, 0.56, 0.185)),
            ],
            p.CLOTH.in_color(rgb("b93a35")),
        )


@shape(
    "fish",
    "goldfish shark whale dolphin tuna",
    "a goldfish with fins; a shark; a tropical fish; a whale",
    0.4,
    "body",
    "fin tail=fin eye belly",
)
def _fish(b: Builder) -> None:
    shark = b.says("shark", "dolphin", "whale")
    coat = (
        p.Finish("scales", rgb("e8852b"), rgb("f6d79a"), 0.4)
        if not shark
        else p.Finish("skin", rgb("6f7f8c"), rgb("5a6975"), 0.4)
    )
    flat = 0.62 if not shark else 0.85
    body = (
        Blob(0.05)
        .egg((0, 0.16, 0.04), (0.085 * flat, 0.095 if not shark else 0.075, 0.17))
        .limb((0, 0.16, -0.06), (0, 0.165, -0.2), 0.05, 0.018)
    )
    b.add("body", body.solid(5000), coat)
    fin = coat.in_color(tuple(min(1, c * 0.82) for c in coat.color))
    tail = (
        s.prism([(-0.02, 0), (0.09, 0.1), (0.06, 0.02), (0.06, -0.02), (0.09, -0.1)], 0.012)
        .rotate((0, 90, 0))
        .translate((0, 0.165, -0.2))
    )
    top = (
        s.prism(
            [(-0.07, 0), (0.08, 0), (0.055, 0.075), (-0.01, 0.06)]
            if not shark
            else [(-0.05, 0), (0.06, 0), (0.075, 0.095), (0.055, 0.1)],
            0.01,
        )
        .rotate((0, 90, 0))
        .translate((0, 0.235 if not shark else 0.22, 0.04))
    )
    side = (
        s.prism([(0, 0.02), (0.08, -0.02), (0.075, -0.05), (0, -0.02)], 0.01)
        .rotate((0, 35, -22))
        .translate((0.045 * flat / 0.62, 0.13, 0.09))
    )
    b.add("fin", [tail, top, s.mirrored(side)], fin)
    b.add(
        "eye",
        s.mirrored(s.ball(0.019 if not shark else 0.011, 18).translate((0.041 * flat / 0.62, 0.185, 0.135))),
        p.WHITE if not shark else p.EYE,
        keep=True,
    )
    b.add("eye", s.mirrored(s.ball(0.011, 14).translate((0.0525 * flat / 0.62, 0.187, 0.142))), p.EYE, keep=True)


@shape("turtle", "tortoise", "a turtle with a green shell; a tortoise", 0.5, "shell", _PARTS + " shell")
def _turtle(b: Builder) -> None:
    skin = p.Finish("scales", rgb("7fa05a"), rgb("c5cf8e"), 0.7, size=0.6)
    shell = s.lathe(s.curve([(0.19, 0.05), (0.205, 0.075), (0.18, 0.13), (0.1, 0.185), (0.01, 0.2)], 6), 44).scale(
        (1, 1, 1.2)
    )
    b.add("shell", shell, p.Finish("patched", rgb("c9b06a"), rgb("4f6b3a"), 0.5, size=0.75), turned=True)
    b.add(
        "shell",
        s.ring(0.2, 0.018, 44).scale((1, 1, 1.2)).translate((0, 0.065, 0)),
        p.Finish("scales", rgb("6b7f45"), None, 0.6),
    )
    body = (
        Blob(0.03)
        .egg((0, 0.06, 0), (0.17, 0.04, 0.2))
        .limb((0, 0.07, 0.2), (0, 0.14, 0.29), 0.045, 0.05)
        .egg((0, 0.155, 0.31), (0.05, 0.045, 0.06))
    )
    for z, turn in ((0.15, 35), (-0.15, 145)):
        x, dz = float(s.np.sin(s.np.radians(turn))), float(s.np.cos(s.np.radians(turn)))
        body.pair("limb", (0.13, 0.06, z), (0.13 + 0.1 * x, 0.025, z + 0.1 * dz), 0.045, 0.03)
    body.limb((0, 0.05, -0.22), (0, 0.03, -0.3), 0.025, 0.006)
    b.add("body", body.solid(4000), skin)
    b.add("eye", s.mirrored(s.ball(0.011, 14).translate((0.035, 0.17, 0.345))), p.EYE, keep=True)


@shape("snake", "serpent cobra python worm", "a coiled snake; a green cobra", 0.9, "body", "eye tongue head tail")
def _snake(b: Builder) -> None:
    points, radii = [], []
    for k in range(30):
        turn, share = k * 0.55, k / 29
        reach = 0.3 - 0.17 * share
        points.append((reach * float(s.np.cos(turn)), 0.05 + 0.17 * share, reach * float(s.np.sin(turn))))
        radii.append(0.012 + 0.042 * min(1.0, k / 9))
    last = points[-1]
    points += [(last[0] * 0.4, 0.32, 0.02), (0.02, 0.45, 0.04), (0.02, 0.5, 0.12), (0.02, 0.485, 0.2)]
    radii += [0.05, 0.044, 0.042, 0.04]
    body = Blob(0.01).chain(points, radii)
    body.egg((0.02, 0.485, 0.225), (0.052, 0.034, 0.075), blend=0.03)
    if b.says("cobra"):
        body.egg((0.02, 0.43, 0.045), (0.11, 0.11, 0.025), blend=0.04)
    b.add("body", body.solid(9000), p.Finish("patched", rgb("a9b35a"), rgb("4c6a33"), 0.45, size=0.5))
    b.add(
        "eye", s.mirrored(s.ball(0.011, 14).translate((0.034, 0.502, 0.255))).translate((0.02, 0, 0)), p.EYE, keep=True
    )
    b.add(
        "tongue",
        [
            s.capsule((0.02, 0.475, 0.29), (0.02, 0.47, 0.34), 0.004, segments=8),
            s.capsule((0.02, 0.47, 0.34), (0.035, 0.465, 0.365), 0.003, segments=8),
            s.capsule((0.02, 0.47, 0.34), (0.005, 0.465, 0.365), 0.003, segments=8),
        ],
        p.PLASTIC,
        keep=True,
    )


@shape(
    "dinosaur",
    "dragon trex tyrannosaurus dino lizard crocodile",
    "a dinosaur with sharp teeth and a long tail; a tyrannosaurus; a dragon with wings",
    4.0,
    "body",
    _PARTS + " wing spike=spike claw tooth=claw teeth=claw",
)
def _dinosaur(b: Builder) -> None:
    dragon = b.says("dragon")
    hide = p.Finish("scales", rgb("a33a2c" if dragon else b.pick("5f8a45", "7d7a3f", "4f7f7a")), rgb("dcc98a"), 0.6)
    body = (
        Blob(0.2)
        .egg((0, 1.55, 0), (0.5, 0.55, 0.8), (-18, 0, 0))
        .chain([(0, 1.75, 0.5), (0, 2.2, 0.85), (0, 2.6, 0.98)], [0.4, 0.27, 0.25])
    )
    body.egg((0, 2.68, 1.15), (0.28, 0.25, 0.34)).limb((0, 2.62, 1.35), (0, 2.55, 1.78), 0.2, 0.13, 0.1)
    body.chain(
        [(0, 1.4, -0.6), (0, 1.15, -1.25), (0, 0.95, -1.95), (0, 1.0, -2.6), (0, 1.15, -3.05)],
        [0.42, 0.28, 0.17, 0.09, 0.02],
    )
    body.pair("limb", (0.33, 1.35, -0.15), (0.45, 0.8, 0.25), 0.33, 0.2).pair(
        "limb", (0.45, 0.8, 0.25), (0.45, 0.3, -0.08), 0.19, 0.115
    ).pair("limb", (0.45, 0.3, -0.08), (0.46, 0.08, 0.0), 0.11, 0.1, blend=0.06)
    body.pair("egg", (0.46, 0.08, 0.2), (0.17, 0.09, 0.28), blend=0.08)
    body.pair("limb", (0.36, 1.75, 0.55), (0.47, 1.5, 0.8), 0.11, 0.07).pair(
        "limb", (0.47, 1.5, 0.8), (0.42, 1.55, 1.02), 0.065, 0.05
    )
    b.add("body", body.solid(9000), hide)
    spikes = []
    for y, z, size in (
        (2.92, 0.98, 0.1),
        (2.62, 0.68, 0.12),
        (2.32, 0.4, 0.14),
        (2.12, 0.05, 0.16),
        (1.98, -0.35, 0.16),
        (1.75, -0.72, 0.15),
        (1.5, -1.15, 0.13),
        (1.25, -1.6, 0.11),
        (1.12, -2.05, 0.09),
        (1.1, -2.45, 0.07),
    ):
        spikes.append(
            s.hull(
                s.ellipsoid(0.03, 0.03, size, 10).translate((0, y - size * 0.3, z)),
                s.ball(0.008, 8).translate((0, y + size * 1.1, z - size * 0.5)),
            )
        )
    b.add("spike", spikes, p.BONE.in_color(rgb("7a2f22" if dragon else "b98a3f")), keep=True)
    b.add(
        "eye", s.mirrored(s.ball(0.055, 16).translate((0.2, 2.79, 1.34))), p.PLASTIC.in_color(rgb("f0c53a")), keep=True
    )
    b.add("eye", s.mirrored(s.ball(0.03, 14).translate((0.227, 2.8, 1.376))), p.EYE, keep=True)
    claws = [
        s.hull(
            s.ball(0.045, 10).translate((x * (0.46 + dx), 0.07, 0.42 - abs(dx) * 0.4)),
            s.ball(0.008, 8).translate((x * (0.46 + dx * 1.2), 0.03, 0.54 - abs(dx) * 0.4)),
        )
        for x in (-1, 1)
        for dx in (-0.1, 0, 0.1)
    ]
    teeth = [
        s.hull(
            s.ball(0.02, 8).translate((x * (0.13 - 0.02 * k), 2.49 - 0.003 * k, 1.5 + 0.08 * k)),
            s.ball(0.003, 6).translate((x * (0.13 - 0.02 * k), 2.41, 1.51 + 0.08 * k)),
        )
        for x in (-1, 1)
        for k in range(4)
    ]
    b.add("claw", claws + teeth, p.BONE, keep=True)
    if dragon or b.says("wing"):
        joints = [(0.25, 2.05, -0.1), (0.95, 2.95, -0.35), (2.1, 2.75, -0.75)]
        tips = [(2.35, 1.75, -1.1), (1.6, 1.45, -0.95), (0.9, 1.45, -0.7)]
        bones = [
            s.capsule(joints[0], joints[1], 0.09, 0.06),
            s.capsule(joints[1], joints[2], 0.06, 0.03),
            *(s.capsule(joints[1], tip, 0.045, 0.015) for tip in (joints[2], *tips)),
        ]
        skin = [
            s.hull(*(s.ball(0.018, 8).translate(point) for point in (joints[1], one, two)))
            for one, two in zip([joints[2], *tips[:-1]], tips, strict=True)
        ]
        skin.append(
            s.hull(
                *(s.ball(0.018, 8).translate(point) for point in (joints[1], tips[-1], joints[0], (0.25, 1.7, -0.4)))
            )
        )
        b.add("body", s.mirrored(s.union(bones)), hide)
        b.add("wing", s.mirrored(s.union(skin)), p.LEATHER.in_color(rgb("c9793f" if dragon else "8a9a5a")))


@shape(
    "butterfly",
    "moth bee insect ladybug beetle spider",
    "a butterfly with colourful wings; a ladybug with dots; a bee with stripes",
    0.12,
    "wing",
    "wing body antenna leg dot stripe",
)
def _butterfly(b: Builder) -> None:
    dark = p.Finish("fur", rgb("2c2622"), None, 0.9)
    if b.says("ladybug", "beetle", "ladybird"):
        shell = s.ellipsoid(0.05, 0.042, 0.06, 32) ^ s.box(1, 0.2, 1, 0).translate((0, 0.1, 0))
        red = p.Finish("spotted", rgb("c2362a"), rgb("1c1a1a"), 0.3, size=0.9)
        b.add("wing", shell.translate((0, 0.012, 0)) - s.box(0.0016, 0.2, 0.2, 0).translate((0, 0.08, -0.02)), red)
        b.add(
            "body",
            [
                s.ellipsoid(0.03, 0.026, 0.022, 20).translate((0, 0.02, 0.058)),
                s.ellipsoid(0.046, 0.012, 0.055, 24).translate((0, 0.012, 0)),
            ],
            p.BLACK,
            keep=True,
        )
        b.add(
            "leg",
            [
                s.capsule((x * 0.03, 0.014, z), (x * 0.062, 0.003, z * 1.3), 0.003, segments=8)
                for x in (-1, 1)
                for z in (-0.03, 0.005, 0.035)
            ],
            p.BLACK,
            keep=True,
        )
        b.add("eye", s.mirrored(s.ball(0.006, 12).translate((0.016, 0.028, 0.073))), p.WHITE, keep=True)
        return
    if b.says("bee", "wasp", "bumblebee"):
        b.add(
            "body",
            Blob(0.01)
            .egg((0, 0.05, -0.015), (0.03, 0.03, 0.045))
            .egg((0, 0.055, 0.035), (0.025, 0.025, 0.025))
            .solid(3000),
            p.Finish("striped", rgb("efbb35"), rgb("2a231c"), 0.9, size=1.6),
            keep=True,
        )
        b.add(
            "wing",
            s.mirrored(s.ellipsoid(0.045, 0.0025, 0.022, 20).rotate((0, 25, 24)).translate((0.045, 0.095, 0.0))),
            p.CLEAR,
        )
        b.add("eye", s.mirrored(s.ball(0.0075, 12).translate((0.014, 0.064, 0.055))), p.EYE, keep=True)
        b.add(
            "leg",
            [
                s.capsule((x * 0.012, 0.03, z), (x * 0.02, 0.008, z), 0.003, segments=8)
                for x in (-1, 1)
                for z in (-0.012, 0.008, 0.026)
            ],
            p.BLACK,
            keep=True,
        )
        return
    tone = p.Finish("spotted", rgb(b.pick("e0812b", "3f7fc0", "b0509a")), rgb("2a211c"), 0.8, size=0.8)
    upper = (
        Blob(0.008)
        .egg((0.052, 0.02, 0.022), (0.045, 0.003, 0.028), (0, -28, 0))
        .egg((0.036, 0.02, -0.026), (0.03, 0.003, 0.024), (0, 24, 0))
        .solid(2400)
    )
    b.add("wing", s.mirrored(upper.rotate((0, 0, 22))), tone)
    b.add(
        "body",
        Blob(0.004)
        .limb((0, 0.02, 0.02), (0, 0.018, -0.05), 0.0065, 0.003)
        .egg((0, 0.022, 0.034), (0.007, 0.007, 0.008))
        .solid(900),
        dark,
        keep=True,
    )
    b.add(
        "antenna",
        s.mirrored(
            s.tube([(0.003, 0.026, 0.038), (0.012, 0.034, 0.058), (0.022, 0.034, 0.066)], [0.0011, 0.0009, 0.0012], 8)
        ),
        p.BLACK,
        keep=True,
    )
