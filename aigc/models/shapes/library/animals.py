"""Animals that sit, hop or coil."""

from __future__ import annotations

import math

import numpy as np

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb

_PARTS = "leg tail ear eye nose head patch stripe spot"


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


@shape("turtle", "tortoise", "a turtle with a green shell; a tortoise", 0.5, "shell", _PARTS + " shell")
def _turtle(b: Builder) -> None:
    skin = Finish("scales", rgb("7fa05a"), rgb("c5cf8e"), 0.7, size=0.6)
    shell = s.lathe(s.curve([(0.19, 0.05), (0.205, 0.075), (0.18, 0.13), (0.1, 0.185), (0.01, 0.2)], 6), 44).scale(
        (1, 1, 1.2)
    )
    b.add("shell", shell, Finish("patched", rgb("c9b06a"), rgb("4f6b3a"), 0.5, size=0.75), turned=True)
    b.add(
        "shell",
        s.ring(0.2, 0.018, 44).scale((1, 1, 1.2)).translate((0, 0.065, 0)),
        Finish("scales", rgb("6b7f45"), None, 0.6),
    )
    body = (
        Blob(0.03)
        .egg((0, 0.06, 0), (0.17, 0.04, 0.2))
        .limb((0, 0.07, 0.2), (0, 0.14, 0.29), 0.045, 0.05)
        .egg((0, 0.155, 0.31), (0.05, 0.045, 0.06))
    )
    for z, turn in ((0.15, 35), (-0.15, 145)):
        x, dz = math.sin(np.radians(turn)), math.cos(np.radians(turn))
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
        points.append((reach * math.cos(turn), 0.05 + 0.17 * share, reach * math.sin(turn)))
        radii.append(0.012 + 0.042 * min(1.0, k / 9))
    last = points[-1]
    points += [(last[0] * 0.4, 0.32, 0.02), (0.02, 0.45, 0.04), (0.02, 0.5, 0.12), (0.02, 0.485, 0.2)]
    radii += [0.05, 0.044, 0.042, 0.04]
    body = Blob(0.01).chain(points, radii)
    body.egg((0.02, 0.485, 0.225), (0.052, 0.034, 0.075), blend=0.03)
    if b.says("cobra"):
        body.egg((0.02, 0.43, 0.045), (0.11, 0.11, 0.025), blend=0.04)
    b.add("body", body.solid(9000), Finish("patched", rgb("a9b35a"), rgb("4c6a33"), 0.45, size=0.5))
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
    "butterfly",
    "moth bee insect ladybug beetle",
    "a butterfly with colourful wings; a ladybug with dots; a bee with stripes",
    0.12,
    "wing",
    "wing body antenna leg dot stripe",
)
def _butterfly(b: Builder) -> None:
    dark = Finish("fur", rgb("2c2622"), None, 0.9)
    if b.says("ladybug", "beetle", "ladybird"):
        shell = s.ellipsoid(0.05, 0.042, 0.06, 32) ^ s.box(1, 0.2, 1, 0).translate((0, 0.1, 0))
        red = Finish("spotted", rgb("c2362a"), rgb("1c1a1a"), 0.3, size=0.9)
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
            Finish("striped", rgb("efbb35"), rgb("2a231c"), 0.9, size=1.6),
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
    tone = Finish("spotted", rgb(b.pick("e0812b", "3f7fc0", "b0509a")), rgb("2a211c"), 0.8, size=0.8)
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
