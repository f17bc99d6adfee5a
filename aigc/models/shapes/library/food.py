"""Things to eat."""

from __future__ import annotations

import math

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb
from aigc.models.shapes.finish import tone as lighter


@shape(
    "apple",
    "pear peach orange lemon tomato fruit pumpkin pumpkinlantern jackolantern",
    "a red apple with a leaf; a pear; a pumpkin; an orange",
    0.09,
    "body",
    "leaf stem=stem body",
)
def _apple(b: Builder) -> None:
    if b.says("pumpkin", "halloween"):
        lobes = s.around_y(s.ellipsoid(0.1, 0.105, 0.075, 28).translate((0.075, 0.1, 0)), 10)
        shell = s.union(lobes)
        if b.says("face", "halloween", "lantern", "scary", "carved"):
            eye = s.prism([(-0.025, 0), (0.025, 0), (0, 0.04)], 0.4)
            teeth = s.prism(
                [
                    (-0.07, 0.03),
                    (-0.045, 0.0),
                    (-0.03, 0.015),
                    (-0.012, -0.008),
                    (0.012, -0.008),
                    (0.03, 0.015),
                    (0.045, 0.0),
                    (0.07, 0.03),
                    (0.0, 0.012),
                ],
                0.4,
            )
            holes = s.union(
                [
                    eye.translate((-0.055, 0.115, 0.2)),
                    eye.translate((0.055, 0.115, 0.2)),
                    eye.scale((0.6, 0.6, 1)).translate((0, 0.09, 0.2)),
                    teeth.translate((0, 0.05, 0.2)),
                ]
            )
            core = s.ellipsoid(0.14, 0.085, 0.14, 32).translate((0, 0.1, 0))
            shell = shell - core - holes
            b.add("glow", s.ball(0.07, 20).translate((0, 0.08, 0)), p.LAMP.in_color(rgb("ffd25a")), keep=True)
        b.add("body", shell, p.SKIN.in_color(rgb("e07b28")))
        b.add(
            "stem",
            s.tube([(0, 0.18, 0), (0.004, 0.215, 0), (0.03, 0.24, 0)], [0.026, 0.016, 0.018], 10),
            p.BARK.in_color(rgb("6f7a3a")),
            keep=True,
        )
        return
    tone, high = "b8292b", 0.075
    if b.says("orange"):
        tone = "ea8a25"
    elif b.says("lemon"):
        tone = "f0cf3a"
    elif b.says("pear"):
        tone = "b9c250"
    elif b.says("green"):
        tone = "8db845"
    profile = [
        (0.004, 0.008),
        (0.02, 0.0),
        (0.036, 0.018),
        (0.043, 0.045),
        (0.036, 0.072),
        (0.018, 0.081),
        (0.005, 0.07),
    ]
    if b.says("pear"):
        profile, high = (
            [
                (0.004, 0.006),
                (0.022, 0.0),
                (0.041, 0.022),
                (0.04, 0.042),
                (0.024, 0.075),
                (0.016, 0.098),
                (0.004, 0.103),
            ],
            0.1,
        )
    b.add(
        "body",
        s.lathe(s.curve(profile, 6), 44),
        Finish("blend", rgb(tone), lighter(rgb(tone), 1.1, 0.06), 0.3),
        turned=True,
    )
    b.add(
        "stem",
        s.tube([(0, high - 0.008, 0), (0.002, high + 0.008, 0), (0.007, high + 0.02, 0)], [0.0018, 0.0016, 0.0024], 8),
        p.BARK,
        keep=True,
    )
    b.add(
        "leaf",
        Blob(0.003).egg((0.022, high + 0.013, 0), (0.019, 0.0018, 0.009), (0, 0, 20)).solid(400),
        p.LEAVES,
        keep=True,
    )


@shape("banana", "", "a yellow banana", 0.2, "body", "")
def _banana(b: Builder) -> None:
    b.add(
        "body",
        s.tube(
            [
                (-0.095, 0.07, 0),
                (-0.085, 0.05, 0),
                (-0.045, 0.018, 0),
                (0.02, 0.014, 0),
                (0.075, 0.045, 0),
                (0.094, 0.075, 0),
            ],
            [0.005, 0.012, 0.021, 0.021, 0.014, 0.006],
            8,
        ),
        Finish("blend", rgb("edc63a"), rgb("f0cf52"), 0.6),
    )
    b.add(
        "tip",
        [
            s.capsule((-0.095, 0.068, 0), (-0.103, 0.088, 0), 0.0055, 0.0065, 8),
            s.capsule((0.093, 0.073, 0), (0.097, 0.08, 0), 0.0055, 0.004, 8),
        ],
        p.BARK,
        keep=True,
    )


@shape(
    "cake",
    "cupcake muffin pie birthday",
    "a birthday cake with candles; a cupcake with a cherry; a chocolate cake",
    0.25,
    "icing",
    "icing frosting=icing candle cherry tier=tier layer=tier base",
)
def _cake(b: Builder) -> None:
    icing = b.pick(Finish("plain", rgb("f3b9c4"), None, 0.5), Finish("plain", rgb("f6efe2"), None, 0.5), p.CHOCOLATE)
    if b.says("cupcake", "muffin"):
        folds = s.around_y(
            s.hull(
                s.cylinder(0.003, 0.001, 0).translate((0.03, 0, 0)),
                s.cylinder(0.004, 0.001, 0).translate((0.042, 0.045, 0)),
            ),
            24,
        )
        b.add("base", [s.lathe([(0.03, 0), (0.042, 0.045)], 48), *folds], p.PAPER.in_color(rgb("7fb3c4")), turned=True)
        swirl = Blob(0.008)
        for k in range(34):
            turn, share = k * 0.62, k / 33
            reach = 0.033 * (1 - share) + 0.002
            swirl.egg(
                (reach * math.cos(turn), 0.05 + 0.048 * share, reach * math.sin(turn)),
                (0.0145 - 0.006 * share,) * 3,
            )
        swirl.egg((0, 0.055, 0), (0.036, 0.02, 0.036))
        b.add("icing", swirl.solid(5000), icing)
        b.add("cherry", s.ball(0.0105, 24).translate((0, 0.11, 0)), p.CERAMIC.in_color(rgb("b3182b")), keep=True)
        return
    tiers = b.count("tier", 2 if b.says("wedding") else 1, 1, 4)
    y, radius = 0.0, 0.12
    b.add(
        "plate",
        s.lathe([(0.1, 0), (0.155, 0.012), (0.158, 0.016), (0.1, 0.012)], 56).translate((0, -0.012, 0)),
        p.CERAMIC,
        turned=True,
        keep=True,
    )
    for _ in range(tiers):
        b.add(
            "base",
            s.cylinder(radius, 0.075, 0.01, segments=56).translate((0, y + 0.0375, 0)),
            p.BREAD if not b.says("chocolate") else p.CHOCOLATE.in_color(rgb("6b3f26")),
            turned=True,
        )
        drips = Blob(0.008)
        for k in range(18):
            turn = 6.2832 * k / 18
            x, z = radius * math.cos(turn), radius * math.sin(turn)
            drips.limb(
                (x, y + 0.072, z), (x * 1.01, y + 0.052 - 0.018 * float(b.random.random()), z * 1.01), 0.0095, 0.0085
            )
        drips.egg((0, y + 0.075, 0), (radius * 1.02, 0.014, radius * 1.02))
        b.add("icing", drips.solid(4600), icing)
        pearls = s.around_y(s.ball(0.0085, 12).translate((radius + 0.004, y + 0.008, 0)), 30)
        b.add("pearl", pearls, p.ENAMEL, keep=True)
        y, radius = y + 0.078, radius * 0.72
    radius /= 0.72
    if b.says("birthday", "candle"):
        for k in range(b.count("candle", 6, 1, 12)):
            turn = 6.2832 * k / b.count("candle", 6, 1, 12)
            x, z = radius * 0.62 * math.cos(turn), radius * 0.62 * math.sin(turn)
            b.add(
                "candle",
                s.cylinder(0.0042, 0.06, 0.001).translate((x, y + 0.035, z)),
                Finish("bands", rgb("e8eef2"), rgb("4f8fc0"), 0.5, size=0.25),
                keep=True,
            )
            b.add(
                "flame",
                s.lathe(s.curve([(0.001, 0), (0.0045, 0.007), (0.0005, 0.02)], 4), 14).translate((x, y + 0.067, z)),
                p.LAMP.in_color(rgb("f8b53a")),
                keep=True,
            )
    else:
        for x, z in ((0, 0), (0.045, 0.01), (-0.035, 0.03), (0.0, -0.045)):
            b.add(
                "cherry", s.ball(0.0155, 20).translate((x, y + 0.018, z)), p.CERAMIC.in_color(rgb("b3182b")), keep=True
            )


@shape(
    "burger",
    "hamburger cheeseburger sandwich",
    "a hamburger with cheese, salad and tomato",
    0.13,
    "bun",
    "bun cheese salad=lettuce lettuce tomato patty meat=patty",
)
def _burger(b: Builder) -> None:
    bun = Finish("blend", rgb("e2ab62"), rgb("b9702f"), 0.5)
    b.add("bun", s.lathe(s.curve([(0.05, 0), (0.058, 0.006), (0.058, 0.018), (0.054, 0.022)]), 48), bun, turned=True)
    b.add(
        "patty",
        s.lathe(s.curve([(0.055, 0.022), (0.061, 0.028), (0.06, 0.038), (0.054, 0.042)]), 48),
        Finish("crumb", rgb("6b3c22"), rgb("3a1f12"), 0.85),
        turned=True,
        keep=True,
    )
    b.add(
        "cheese",
        s.hull(s.box(0.112, 0.004, 0.112, 0.001).rotate((0, 40, 0)).translate((0, 0.0445, 0))),
        p.PLASTIC.in_color(rgb("f2b430")),
        keep=True,
    )
    b.add(
        "tomato",
        [
            s.cylinder(0.03, 0.008, 0.003).translate((x, 0.051, z))
            for x, z in ((0.024, 0.014), (-0.026, 0.01), (0.0, -0.027))
        ],
        p.CERAMIC.in_color(rgb("c8392b")),
        keep=True,
    )
    frill = Blob(0.004)
    for k in range(26):
        turn = 6.2832 * k / 26
        reach = 0.058 + 0.003 * (k % 2)
        frill.egg(
            (reach * math.cos(turn), 0.0565 + (0.0035 if k % 2 else -0.002), reach * math.sin(turn)),
            (0.0085, 0.003, 0.0085),
        )
    frill.egg((0, 0.057, 0), (0.055, 0.004, 0.055))
    b.add("lettuce", frill.solid(2600), p.LEAVES.in_color(rgb("7fb548")), keep=True)
    b.add(
        "bun",
        s.lathe(s.curve([(0.054, 0.06), (0.06, 0.066), (0.056, 0.083), (0.036, 0.099), (0.003, 0.104)], 6), 48),
        bun,
        turned=True,
    )
    for k in range(26):
        share, turn = ((k + 0.5) / 30) ** 0.5, k * 137.5
        r = 0.05 * share
        y = 0.1047 - 0.016 * share**3
        b.add(
            "seed",
            s.ellipsoid(0.0028, 0.0013, 0.0018, 8)
            .rotate((0, 0, -42 * share))
            .translate((r, y, 0))
            .rotate((0, turn, 0)),
            p.BONE,
            keep=True,
        )


@shape(
    "icecream",
    "cone gelato sundae popsicle",
    "an ice cream cone with scoops; a strawberry ice cream",
    0.2,
    "scoop",
    "scoop ball=scoop cone=cone",
)
def _icecream(b: Builder) -> None:
    b.add(
        "cone",
        s.lathe([(0.004, 0), (0.034, 0.115), (0.037, 0.115), (0.037, 0.122), (0.03, 0.12)], 40),
        Finish("checkered", rgb("d9a35c"), rgb("c58d45"), 0.85, size=0.7),
        turned=True,
        keep=True,
    )
    scoops = b.count("scoop", 2 if b.says("scoops") else 1, 1, 4)
    tones = [rgb("f4b8c0"), rgb("f6ecd2"), rgb("7a4a2e"), rgb("b9dcb0")]
    if b.says("chocolate"):
        tones = [tones[2], *tones[:2], tones[3]]
    elif b.says("vanilla"):
        tones = [tones[1], tones[0], *tones[2:]]
    for k in range(scoops):
        y = 0.138 + 0.048 * k
        ball = Blob(0.008).egg((0, y, 0), (0.04 - 0.004 * k, 0.036 - 0.003 * k, 0.04 - 0.004 * k))
        for n in range(11):
            turn = 6.2832 * n / 11
            ball.egg(
                (
                    (0.037 - 0.004 * k) * math.cos(turn),
                    y - 0.022 + 0.004 * (n % 2),
                    (0.037 - 0.004 * k) * math.sin(turn),
                ),
                (0.011, 0.009, 0.011),
            )
        b.add("scoop", ball.solid(2600), Finish("crumb", tones[k], lighter(tones[k], 0.9), 0.6, size=0.6))
    top = 0.138 + 0.048 * (scoops - 1) + 0.038
    b.add("cherry", s.ball(0.0105, 24).translate((0, top, 0)), p.CERAMIC.in_color(rgb("b3182b")), keep=True)
    b.add(
        "cherry",
        s.tube([(0, top + 0.008, 0), (0.003, top + 0.022, 0), (0.011, top + 0.032, 0)], 0.0011, 8),
        p.BARK,
        keep=True,
    )


@shape(
    "donut",
    "doughnut bagel",
    "a donut with pink icing and sprinkles; a chocolate doughnut",
    0.1,
    "icing",
    "icing glaze=icing frosting=icing sprinkle dough=base base",
)
def _donut(b: Builder) -> None:
    b.add("base", s.ring(0.032, 0.0175, 56, 28).scale((1, 0.9, 1)).translate((0, 0.0158, 0)), p.BREAD, turned=True)
    glaze = Blob(0.004)
    for k in range(40):
        turn = 6.2832 * k / 40
        c, w = math.cos(turn), math.sin(turn)
        glaze.egg((0.032 * c, 0.0215, 0.032 * w), (0.0192, 0.0128, 0.0192))
        if k % 5 == 0:
            glaze.egg((0.0488 * c, 0.016, 0.0488 * w), (0.0045, 0.007, 0.0045))
    top = glaze.solid(5000) ^ s.box(1, 0.05, 1, 0).translate((0, 0.0365, 0))
    b.add("icing", top, Finish("plain", rgb("f0a3ba"), None, 0.25) if not b.says("chocolate") else p.CHOCOLATE)
    tones = ("e8483a", "f3c33a", "4fa0d8", "63b55a", "f7f4ee")
    for k in range(60):
        turn, across, twist = k * 137.5, float(b.random.uniform(-0.7, 0.7)), float(b.random.uniform(0, 180))
        lift = 0.0217 + 0.0132 * (1 - across**2) ** 0.5 + 0.0004
        grain = (
            s.capsule((-0.0024, 0, 0), (0.0024, 0, 0), 0.0011, segments=6)
            .rotate((0, twist, 0))
            .rotate((0, 0, -across * 40))
        )
        b.add(
            "sprinkle",
            grain.translate((0.032 + 0.0168 * across, lift, 0)).rotate((0, turn, 0)),
            p.PLASTIC.in_color(rgb(tones[k % 5])),
            keep=True,
        )


@shape("pizza", "", "a pizza with salami and cheese", 0.32, "crust", "cheese salami crust=crust")
def _pizza(b: Builder) -> None:
    b.add(
        "crust",
        [
            s.cylinder(0.15, 0.012, 0.004, segments=64).translate((0, 0.008, 0)),
            s.ring(0.147, 0.0115, 64).translate((0, 0.0115, 0)),
        ],
        p.BREAD,
        turned=True,
    )
    b.add(
        "cheese",
        s.cylinder(0.141, 0.004, 0.001, segments=64).translate((0, 0.0155, 0)),
        Finish("spotted", rgb("f0c765"), rgb("cf6b33"), 0.5, size=0.4),
        keep=True,
    )
    for k in range(b.count("salami", 12, 0, 24)):
        turn, reach = k * 2.39996, 0.125 * ((k + 0.6) / 12.5) ** 0.5
        b.add(
            "salami",
            s.cylinder(0.0185, 0.004, 0.0015).translate((reach * math.cos(turn), 0.0185, reach * math.sin(turn))),
            Finish("crumb", rgb("a93a2b"), rgb("8a2a22"), 0.4),
            keep=True,
        )
        b.add(
            "basil",
            s.ellipsoid(0.011, 0.0015, 0.006, 12)
            .rotate((0, k * 51, 12))
            .translate((reach * 0.85 * math.cos(turn + 0.7), 0.0195, reach * 0.85 * math.sin(turn + 0.7))),
            p.LEAVES,
            keep=True,
        ) if k % 2 else None
