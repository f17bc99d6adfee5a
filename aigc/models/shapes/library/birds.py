"""Animals that fly or swim, and a dinosaur."""

from __future__ import annotations

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb, tone

_PARTS = "leg tail ear eye nose head patch stripe spot"


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
        coat.in_color(tone(coat.color, 0.72)),
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
    coat = Finish("plain", coat.color, None, 0.35 if b.says("rubber", "toy", "bath") else 0.6)
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
        Finish("fur", rgb("2b303a"), None, 0.8),
    )
    front = (
        Blob(0.05)
        .egg((0, 0.41, 0.045), (0.185, 0.31, 0.175))
        .pair("egg", (0.055, 0.8, 0.065), (0.075, 0.075, 0.1), blend=0.03)
        .solid(3000)
    )
    b.add("belly", front, Finish("plain", rgb("f3f1ec"), None, 0.9), keep=True)
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
            .limb((0.085, 0.16, 0.0), (0.088, 0.05, 0.03), 0.06, 0.045)
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
    "goldfish shark dolphin tuna",
    "a goldfish with fins; a shark; a tropical fish",
    0.4,
    "body",
    "fin tail=fin eye belly",
)
def _fish(b: Builder) -> None:
    shark = b.says("shark", "dolphin", "whale")
    coat = (
        Finish("scales", rgb("e8852b"), rgb("f6d79a"), 0.4)
        if not shark
        else Finish("skin", rgb("6f7f8c"), rgb("5a6975"), 0.4)
    )
    flat = 0.62 if not shark else 0.85
    body = (
        Blob(0.05)
        .egg((0, 0.16, 0.04), (0.085 * flat, 0.095 if not shark else 0.075, 0.17))
        .limb((0, 0.16, -0.06), (0, 0.165, -0.2), 0.05, 0.018)
    )
    b.add("body", body.solid(5000), coat)
    fin = coat.in_color(tone(coat.color, 0.82))
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
    hide = Finish("scales", rgb("a33a2c" if dragon else b.pick("5f8a45", "7d7a3f", "4f7f7a")), rgb("dcc98a"), 0.6)
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
