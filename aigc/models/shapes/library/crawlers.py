"""Small animals that hop, crawl and weave."""

from __future__ import annotations

import math

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb


@shape(
    "frog",
    "toad treefrog",
    "a green frog that sits; a toad; a tree frog with red eyes",
    0.18,
    "body",
    "body leg=body belly eye mouth crown",
)
def _frog(b: Builder) -> None:
    skin = Finish("spotted", rgb(b.pick("5f9e3c", "6f8f3f", "3f8f5f")), rgb("3d6b2a"), 0.4, size=0.5)
    if b.says("toad"):
        skin = Finish("spotted", rgb("8a6f4a"), rgb("5f4a30"), 0.9, size=0.5)
    body = (
        Blob(0.02)
        .egg((0, 0.05, -0.02), (0.048, 0.042, 0.058), (-24, 0, 0))
        .egg((0, 0.082, 0.035), (0.046, 0.03, 0.04))
        .pair("egg", (0.027, 0.107, 0.038), (0.016, 0.016, 0.016), blend=0.008)
    )
    body.pair("egg", (0.052, 0.032, -0.03), (0.022, 0.026, 0.046), (0, 14, 0), blend=0.015)
    body.pair("limb", (0.06, 0.018, -0.055), (0.068, 0.012, 0.0), 0.013, 0.009)
    body.pair("limb", (0.036, 0.05, 0.03), (0.052, 0.022, 0.042), 0.013, 0.01)
    body.pair("limb", (0.052, 0.022, 0.042), (0.05, 0.007, 0.062), 0.01, 0.007)
    for spread in (-0.5, 0.1, 0.7):
        dx, dz = 0.026 * math.sin(spread), 0.026 * math.cos(spread)
        body.pair("limb", (0.05, 0.006, 0.06), (0.05 + dx, 0.005, 0.06 + dz), 0.005, 0.006, blend=0.005)
        body.pair("limb", (0.068, 0.006, 0.0), (0.072 + dx * 1.2, 0.005, dz * 1.2), 0.006, 0.006, blend=0.005)
    b.add("body", body.solid(9000), skin)
    b.add("belly", s.ellipsoid(0.038, 0.03, 0.028, 24).translate((0, 0.058, 0.036)), p.SKIN.in_color(rgb("e7e3b4")))
    iris = p.PLASTIC.in_color(rgb("c63324" if b.says("tree", "treefrog", "red") else "e2b53a"))
    b.add("eye", s.mirrored(s.ball(0.0125, 20).translate((0.0295, 0.11, 0.044))), iris, keep=True)
    b.add("eye", s.mirrored(s.ellipsoid(0.0052, 0.0075, 0.006, 14).translate((0.034, 0.111, 0.0525))), p.EYE, keep=True)
    if b.says("prince", "crown", "king"):
        points = [s.cylinder(0.0035, 0.014, 0, top=0.0).translate((0.013, 0.137, 0))]
        band = s.lathe([(0.0135, 0.12), (0.015, 0.132), (0.0125, 0.132), (0.0115, 0.12)], 24)
        b.add(
            "crown",
            s.union([band, *(one for each in points for one in s.around_y(each, 6))]).translate((0, -0.006, 0.02)),
            p.GOLD,
            keep=True,
        )


@shape(
    "snail",
    "slug",
    "a snail with a spiral shell; a garden snail",
    0.1,
    "shell",
    "shell house=shell body foot=body eye feeler=body",
)
def _snail(b: Builder) -> None:
    skin = Finish("skin", rgb("b9996b"), rgb("8d7350"), 0.5)
    body = (
        Blob(0.012)
        .chain(
            [(0, 0.006, -0.055), (0, 0.009, -0.02), (0, 0.011, 0.02), (0, 0.018, 0.045)], [0.004, 0.012, 0.014, 0.012]
        )
        .limb((0, 0.018, 0.045), (0, 0.032, 0.056), 0.011, 0.011)
    )
    body.pair("limb", (0.005, 0.038, 0.06), (0.011, 0.06, 0.067), 0.0028, 0.002, blend=0.004)
    body.pair("limb", (0.005, 0.03, 0.066), (0.008, 0.03, 0.079), 0.002, 0.0015, blend=0.003)
    b.add("body", body.solid(5000), skin)
    b.add("eye", s.mirrored(s.ball(0.0034, 14).translate((0.011, 0.0615, 0.0675))), p.EYE, keep=True)
    if b.says("slug"):
        return
    points, radii = [], []
    for k in range(30):
        turn, share = -0.6 + k * 0.5, k / 29
        reach = 0.031 * (1 - share) ** 1.25
        points.append((0.012 * share, 0.041 + reach * math.sin(turn), -0.008 + reach * math.cos(turn)))
        radii.append(0.0185 * (1 - share) ** 1.1 + 0.0025)
    shell = Blob(0.001).chain(points, radii, 0.0015)
    b.add("shell", shell.solid(7000), Finish("striped", rgb(b.pick("c58a4f", "a8623c", "d1a866")), rgb("6f4526"), 0.3))


@shape(
    "spider",
    "tarantula arachnid",
    "a spider with eight legs; a hairy black tarantula",
    0.2,
    "body",
    "body leg=body eye abdomen=body fang",
)
def _spider(b: Builder) -> None:
    coat = Finish("fur", rgb(b.pick("3a302b", "5b4433", "2a2a2e")), rgb("6b5545"), 0.95)
    body = (
        Blob(0.01)
        .egg((0, 0.055, -0.042), (0.034, 0.03, 0.042), (12, 0, 0))
        .egg((0, 0.046, 0.016), (0.021, 0.016, 0.024))
        .pair("limb", (0.008, 0.04, 0.036), (0.01, 0.026, 0.046), 0.007, 0.004)
    )
    count = max(3, b.count("leg", 8, 6, 10) // 2)
    for k in range(count):
        turn = math.radians(58 - 116 * k / (count - 1))
        c, d = math.cos(turn), math.sin(turn)
        knee = (0.018 + 0.046 * c, 0.082, 0.014 + 0.046 * d)
        shin = (0.018 + 0.076 * c, 0.052, 0.014 + 0.076 * d)
        foot = (0.018 + 0.094 * c, 0.004, 0.014 + 0.094 * d)
        body.pair("limb", (0.016, 0.046, 0.014 + 0.012 * d), knee, 0.0065, 0.0055, blend=0.005)
        body.pair("limb", knee, shin, 0.0055, 0.0045, blend=0.004)
        body.pair("limb", shin, foot, 0.0045, 0.003, blend=0.004)
    b.add("body", body.solid(11_000), coat)
    eyes = [
        s.ball(radius, 12).translate((x * side, y, z))
        for side in (-1, 1)
        for x, y, z, radius in (
            (0.0055, 0.057, 0.035, 0.0042),
            (0.013, 0.056, 0.029, 0.003),
            (0.009, 0.0625, 0.026, 0.0026),
        )
    ]
    b.add("eye", eyes, p.EYE if not b.says("red") else p.PLASTIC, keep=True)
    if b.says("widow"):
        b.add("mark", s.ellipsoid(0.008, 0.006, 0.014, 14).translate((0, 0.084, -0.045)), p.PLASTIC, keep=True)
