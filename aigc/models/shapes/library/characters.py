"""Robots, snowmen and ghosts."""

from __future__ import annotations

import math

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb


@shape(
    "robot",
    "android mech cyborg droid",
    "a robot with arms, legs and an antenna; a friendly droid; a battle mech",
    1.6,
    "body",
    "body arm leg head eye antenna joint",
)
def _robot(b: Builder) -> None:
    shell = b.pick(
        p.PAINT.in_color(rgb("4f8fa8")),
        p.PAINT.in_color(rgb("d9822f")),
        p.PAINT.in_color(rgb("d5d8da")),
        p.PAINT.in_color(rgb("b9433a")),
    )
    metal = p.IRON
    b.add(
        "body",
        s.hull(
            s.box(0.5, 0.1, 0.32, 0.05).translate((0, 1.12, 0)), s.box(0.38, 0.1, 0.26, 0.05).translate((0, 0.72, 0))
        ),
        shell,
    )
    b.add("panel", s.box(0.26, 0.18, 0.05, 0.02).translate((0, 1.02, 0.152)), p.ENAMEL, keep=True)
    for x, tone in ((-0.07, "d8432f"), (0.0, "f0b83a"), (0.07, "57a85a")):
        b.add(
            "button",
            s.along_z(s.cylinder(0.022, 0.03, 0.008)).translate((x, 1.05, 0.182)),
            p.PLASTIC.in_color(rgb(tone)),
            keep=True,
        )
    b.add("panel", s.box(0.18, 0.018, 0.02, 0.004).translate((0, 0.985, 0.178)), p.BLACK, keep=True)
    b.add(
        "joint",
        [s.cylinder(0.12, 0.12, 0.03).translate((0, 0.66, 0)), s.cylinder(0.075, 0.14, 0.02).translate((0, 1.22, 0))],
        metal,
    )
    b.add(
        "head", s.box(0.36, 0.3, 0.3, 0.07).translate((0, 1.42, 0)), shell if "head" not in b.wishes.looks else p.STEEL
    )
    b.add("face", s.box(0.28, 0.17, 0.05, 0.04).translate((0, 1.43, 0.137)), p.BLACK, keep=True)
    eyes = b.count("eye", 2, 1, 4)
    for k in range(eyes):
        x = (k - (eyes - 1) / 2) * (0.2 / max(1, eyes - 1) if eyes > 2 else 0.13)
        b.add(
            "eye",
            s.along_z(s.cylinder(0.042 if eyes < 3 else 0.03, 0.03, 0.012)).translate((x, 1.44, 0.165)),
            p.LAMP.in_color(rgb("8fe3f2")),
            keep=True,
        )
    b.add("joint", s.mirrored(s.along_x(s.cylinder(0.06, 0.05, 0.015)).translate((0.2, 1.43, 0))), metal)
    for k in range(b.count("antenna", 1, 0, 3)):
        x = (0, -0.11, 0.11)[k]
        b.add("antenna", s.capsule((x, 1.56, 0), (x, 1.7, 0), 0.011), metal)
        b.add("antenna", s.ball(0.032, 18).translate((x, 1.72, 0)), p.PLASTIC)
    b.add("joint", s.mirrored(s.ball(0.085, 24).translate((0.3, 1.1, 0))), metal)
    b.add("arm", s.mirrored(s.capsule((0.34, 1.04, 0), (0.39, 0.86, 0.01), 0.05, 0.045)), metal)
    b.add(
        "arm",
        s.mirrored(
            s.hull(
                s.cylinder(0.065, 0.03, 0.012).translate((0.4, 0.83, 0.02)),
                s.cylinder(0.085, 0.03, 0.012).translate((0.42, 0.62, 0.09)),
            )
        ),
        shell,
    )
    for x in (-1, 1):
        claw = s.tube([(0, 0, 0), (0.07, -0.05, 0), (0.05, -0.13, 0)], [0.028, 0.026, 0.014])
        b.add(
            "hand",
            [claw.translate((x * 0.42, 0.6, 0.1)), claw.mirror((1, 0, 0)).translate((x * 0.42, 0.6, 0.1))],
            metal,
        )
    b.add("joint", s.mirrored(s.capsule((0.12, 0.62, 0), (0.14, 0.36, 0.01), 0.06, 0.055)), metal)
    b.add(
        "leg",
        s.mirrored(
            s.hull(
                s.box(0.15, 0.03, 0.16, 0.015).translate((0.15, 0.38, 0)),
                s.box(0.19, 0.03, 0.2, 0.015).translate((0.155, 0.14, 0)),
            )
        ),
        shell,
    )
    b.add(
        "leg",
        s.mirrored(
            s.hull(
                s.box(0.21, 0.06, 0.3, 0.03).translate((0.155, 0.04, 0.04)),
                s.box(0.16, 0.04, 0.16, 0.02).translate((0.155, 0.13, 0)),
            )
        ),
        metal,
    )


@shape("snowman", "", "a snowman with a carrot nose, a hat and a scarf", 1.6, "body", "scarf hat nose arm button")
def _snowman(b: Builder) -> None:
    b.add(
        "body",
        Blob(0.06)
        .egg((0, 0.4, 0), (0.45, 0.42, 0.45))
        .egg((0, 0.98, 0), (0.33, 0.31, 0.33))
        .egg((0, 1.42, 0), (0.23, 0.22, 0.23))
        .solid(5000),
        p.SNOW,
    )
    coal = p.STONE.in_color(rgb("26262a"))
    b.add(
        "button",
        [s.ball(0.028, 10).translate((0, y, z)) for y, z in ((0.85, 0.315), (0.99, 0.335), (1.12, 0.305))],
        coal,
        keep=True,
    )
    b.add("eye", s.mirrored(s.ball(0.028, 12).translate((0.075, 1.48, 0.212))), coal, keep=True)
    b.add(
        "eye",
        [
            s.ball(0.015, 10).translate((x, 1.345 + 4 * x * x, 0.218 - 1.2 * x * x))
            for x in (-0.08, -0.04, 0, 0.04, 0.08)
        ],
        coal,
        keep=True,
    )
    b.add(
        "nose",
        s.along_z(s.lathe([(0.035, 0), (0.03, 0.06), (0.004, 0.26)], 18)).translate((0, 1.42, 0.2)),
        p.PLASTIC.in_color(rgb("e87b2a")),
        keep=True,
    )
    b.add(
        "scarf",
        [
            s.ring(0.225, 0.06, 40).scale((1, 0.8, 1)).translate((0, 1.235, 0)),
            s.box(0.12, 0.36, 0.05, 0.02).rotate((-12, 0, 8)).translate((0.12, 1.05, 0.31)),
        ],
        p.CLOTH.in_color(rgb("b93a35")),
    )
    b.add(
        "hat",
        s.lathe([(0.25, 1.58), (0.25, 1.605), (0.165, 1.61), (0.16, 1.86), (0.15, 1.87)], 36),
        p.CLOTH.in_color(rgb("2b2b30")),
        turned=True,
    )
    b.add(
        "hat",
        s.cylinder(0.168, 0.05, 0.005, segments=36).translate((0, 1.64, 0)),
        p.CLOTH.in_color(rgb("b93a35")),
        keep=True,
    )
    stick = s.union(
        [
            s.tube([(0.28, 1.08, 0), (0.5, 1.2, 0.04), (0.72, 1.38, 0.05)], [0.022, 0.018, 0.012], 8),
            s.capsule((0.6, 1.28, 0.045), (0.72, 1.27, 0.1), 0.012, 0.008),
            s.capsule((0.62, 1.3, 0.045), (0.64, 1.43, 0.02), 0.012, 0.008),
        ]
    )
    b.add("arm", s.mirrored(stick), p.BARK)


@shape(
    "ghost",
    "spirit phantom monster alien creature goblin",
    "a ghost with big eyes; a friendly monster; a green alien",
    1.2,
    "body",
    "eye mouth arm horn",
)
def _ghost(b: Builder) -> None:
    if b.says("ghost", "spirit", "phantom", "spooky"):
        cloth = (
            Blob(0.07)
            .limb((0, 0.85, 0), (0, 0.42, 0), 0.3, 0.34)
            .pair("limb", (0.25, 0.7, 0.05), (0.5, 0.62, 0.14), 0.1, 0.06)
        )
        for k in range(7):
            turn = 6.2832 * k / 7
            cloth.limb(
                (0.27 * math.cos(turn), 0.4, 0.27 * math.sin(turn)),
                (0.3 * math.cos(turn), 0.08 + 0.06 * (k % 2), 0.3 * math.sin(turn) - 0.05),
                0.11,
                0.06,
            )
        b.add("body", cloth.solid(6000), p.CANVAS.in_color(rgb("f4f5f8")))
        eyes = [s.ellipsoid(0.055, 0.08, 0.04, 18).translate((x * 0.11, 0.9, 0.262)) for x in (-1, 1)]
        b.add("eye", [*eyes, s.ellipsoid(0.05, 0.07, 0.04, 18).translate((0, 0.7, 0.305))], p.EYE, keep=True)
        return
    tone = Finish(
        "skin", rgb("6fae4f" if b.says("alien", "goblin", "green") else b.pick("7d5fb0", "4f9fb5", "d97a45")), None, 0.6
    )
    body = Blob(0.08).egg((0, 0.5, 0), (0.3, 0.36, 0.26)).egg((0, 0.88, 0), (0.26, 0.24, 0.23))
    body.pair("limb", (0.27, 0.62, 0.05), (0.42, 0.36, 0.15), 0.085, 0.07).pair(
        "limb", (0.14, 0.25, 0), (0.16, 0.06, 0.02), 0.12, 0.1
    ).pair("egg", (0.16, 0.05, 0.09), (0.11, 0.06, 0.15))
    b.add("body", body.solid(6500), tone)
    number = b.count("eye", 2, 1, 5)
    for k in range(number):
        x = (k - (number - 1) / 2) * 0.19
        b.add(
            "eye",
            s.ball(0.088 if number > 1 else 0.13, 26).translate((x, 0.95, 0.185 - abs(x) * 0.25)),
            p.WHITE,
            keep=True,
        )
        b.add(
            "eye",
            s.ball(0.045 if number > 1 else 0.065, 20).translate(
                (x, 0.95, 0.252 - abs(x) * 0.25 + (0.03 if number == 1 else 0))
            ),
            p.EYE,
            keep=True,
        )
    b.add("mouth", s.ellipsoid(0.12, 0.035, 0.06, 22).translate((0, 0.75, 0.2)), p.EYE, keep=True)
    b.add(
        "tooth",
        s.mirrored(
            s.hull(s.ball(0.02, 10).translate((0.06, 0.765, 0.245)), s.ball(0.005, 8).translate((0.06, 0.71, 0.25)))
        ),
        p.BONE,
        keep=True,
    )
    for k in range(b.count("horn", 2, 0, 2)):
        x = -1 if k else 1
        b.add(
            "horn",
            s.tube([(x * 0.12, 1.06, 0), (x * 0.2, 1.18, 0), (x * 0.19, 1.3, 0.03)], [0.05, 0.038, 0.006]),
            p.BONE,
            keep=True,
        )
