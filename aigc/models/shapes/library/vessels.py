"""Things that hold a drink."""

from __future__ import annotations

from manifold3d import Manifold

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import rgb


def _hollow(profile: list[tuple[float, float]], wall: float, floor: float) -> Manifold:
    """A turned vessel of this outer profile, open at the top."""
    outer = s.lathe(profile, 48)
    inner = [(max(r - wall, 0.004), max(y, profile[0][1] + floor)) for r, y in profile]
    top_radius, top = inner[-1]
    return outer - s.lathe([*inner[:-1], (top_radius, top), (top_radius, top + 0.05)], 48)


@shape(
    "mug", "cup teacup", "a coffee mug with a handle; a cup of tea; a cup full of hot chocolate", 0.12, "body", "handle"
)
def _mug(b: Builder) -> None:
    body = _hollow([(0.036, 0), (0.041, 0.003), (0.043, 0.012), (0.043, 0.09), (0.0425, 0.096)], 0.004, 0.006)
    handle = s.tube(
        [(0.038, 0.078, 0), (0.066, 0.082, 0), (0.076, 0.05, 0), (0.064, 0.022, 0), (0.038, 0.022, 0)], 0.0062
    )
    handle = handle - s.cylinder(0.0395, 0.2, 0, segments=48).translate((0, 0.1, 0))
    b.add(
        "body",
        body,
        b.pick(p.CERAMIC, p.CERAMIC.in_color(rgb("c4553d")), p.CERAMIC.in_color(rgb("3f6d8a"))),
        turned=True,
    )
    b.add("handle" if "handle" in b.wishes.looks else "body", handle, b.pieces[0].finish)
    drink = (
        p.CHOCOLATE.in_color(rgb("3b2114"))
        if not b.says("tea", "milk")
        else p.CHOCOLATE.in_color(rgb("a8632a" if b.says("tea") else "f4efe6"))
    )
    if not b.says("empty"):
        b.add("drink", s.cylinder(0.0395, 0.07, 0, segments=48).translate((0, 0.044, 0)), drink, keep=True)


@shape(
    "teapot",
    "kettle",
    "a teapot with a spout and a lid; a kettle for tea",
    0.26,
    "body",
    "lid=body spout=body handle knob",
)
def _teapot(b: Builder) -> None:
    glaze = b.pick(
        p.CERAMIC.in_color(rgb("3d7a8c")),
        p.CERAMIC.in_color(rgb("b8543f")),
        p.CERAMIC,
        p.CERAMIC.in_color(rgb("6c8a5b")),
    )
    b.add(
        "body",
        s.lathe(
            s.curve(
                [
                    (0.05, 0),
                    (0.056, 0.006),
                    (0.082, 0.04),
                    (0.09, 0.075),
                    (0.078, 0.112),
                    (0.05, 0.134),
                    (0.044, 0.137),
                ],
                6,
            ),
            48,
        ),
        glaze,
        turned=True,
    )
    b.add(
        "body",
        s.lathe(s.curve([(0.047, 0.134), (0.046, 0.14), (0.03, 0.153), (0.01, 0.158)], 4), 40),
        glaze,
        turned=True,
    )
    b.add(
        "knob" if b.says("gold", "royal", "knob") else "body",
        s.ball(0.0125, 18).translate((0, 0.168, 0)),
        p.GOLD if b.says("gold", "royal") else glaze,
    )
    b.add(
        "body",
        s.tube([(0.05, 0.055, 0), (0.1, 0.062, 0), (0.128, 0.1, 0), (0.152, 0.14, 0)], [0.025, 0.019, 0.013, 0.011]),
        glaze,
    )
    b.add(
        "handle" if "handle" in b.wishes.looks else "body",
        s.tube(
            [(-0.065, 0.11, 0), (-0.11, 0.128, 0), (-0.138, 0.09, 0), (-0.118, 0.045, 0), (-0.078, 0.04, 0)], 0.0085
        ),
        glaze,
    )


@shape(
    "vase",
    "amphora urn pitcher jug",
    "a vase; a tall porcelain vase; a greek amphora with two handles",
    0.4,
    "body",
    "handle",
)
def _vase(b: Builder) -> None:
    foot, belly, neck = b.vary(0.06), b.vary(0.115, 0.2), b.vary(0.042, 0.25)
    high = b.vary(0.19, 0.2)
    profile = s.curve(
        [
            (foot, 0),
            (foot, 0.008),
            (foot * 0.8, 0.022),
            (belly, high),
            (belly * 0.8, high + 0.08),
            (neck, 0.34),
            (neck * 1.05, 0.37),
            (neck * 1.5, 0.4),
        ],
        6,
    )
    glaze = b.pick(p.CERAMIC.in_color(rgb("2f5d8a")), p.CERAMIC, p.CLAY, p.CERAMIC.in_color(rgb("7fa28f")))
    b.add("body", _hollow(profile, 0.006, 0.012), glaze, turned=True)
    if b.says("handle", "amphora", "jug", "pitcher", "urn"):
        grip = s.tube(
            [(neck, 0.36, 0), (neck + 0.075, 0.35, 0), (belly + 0.02, 0.29, 0), (belly * 0.93, high + 0.05, 0)], 0.01
        )
        b.add(
            "handle" if "handle" in b.wishes.looks else "body",
            s.mirrored(grip) if not b.says("jug", "pitcher") else grip,
            glaze,
        )


@shape(
    "bottle", "flask wine", "a wine bottle; a glass bottle with a cork; a flask", 0.3, "body", "cork label neck=body"
)
def _bottle(b: Builder) -> None:
    glass = p.GLASS.in_color(rgb("1f4a2c"))
    if b.says("beer"):
        glass = p.GLASS.in_color(rgb("6b3a17"))
    elif b.says("milk", "water"):
        glass = p.CLEAR
    b.add(
        "body",
        s.lathe(
            s.curve(
                [
                    (0.033, 0),
                    (0.037, 0.004),
                    (0.038, 0.02),
                    (0.038, 0.17),
                    (0.034, 0.2),
                    (0.017, 0.228),
                    (0.0145, 0.25),
                    (0.0145, 0.285),
                ],
                5,
            ),
            48,
        ),
        glass,
        turned=True,
    )
    b.add("body", s.ring(0.0145, 0.0025).translate((0, 0.278, 0)), glass)
    b.add("cork", s.cylinder(0.0115, 0.03, 0.002).translate((0, 0.293, 0)), p.BREAD.in_color(rgb("c39a6b")), keep=True)
    band = s.cylinder(0.0386, 0.085, 0.0, segments=48).translate((0, 0.095, 0))
    b.add("label", band, p.PAPER, turned=True, keep=True)


@shape(
    "barrel",
    "keg cask drum",
    "a wooden barrel with iron hoops; a beer keg; a wine cask",
    0.95,
    "stave",
    "stave=stave hoop band=hoop ring=hoop",
)
def _barrel(b: Builder) -> None:
    profile = s.curve([(0.28, 0), (0.325, 0.2), (0.345, 0.45), (0.325, 0.7), (0.28, 0.9)], 6)
    body = s.lathe(profile, 48)
    body = (
        body
        - s.cylinder(0.25, 0.06, 0.0, segments=48).translate((0, 0.9, 0))
        - s.cylinder(0.25, 0.06, 0.0, segments=48)
    )
    b.add("stave", body, p.PLANKS, turned=True)
    for y, radius in ((0.05, 0.297), (0.21, 0.33), (0.69, 0.33), (0.85, 0.297)):
        hoop = s.cylinder(radius, 0.055, 0.008, segments=48) - s.cylinder(0.265, 1, 0, segments=48)
        b.add("hoop", hoop.translate((0, y, 0)), p.IRON, turned=True)


@shape("bucket", "pail", "a bucket with a handle; a wooden pail; a metal bucket of water", 0.4, "body", "handle band")
def _bucket(b: Builder) -> None:
    b.add(
        "body",
        _hollow([(0.11, 0), (0.112, 0.005), (0.15, 0.29), (0.153, 0.3)], 0.008, 0.012),
        b.pick(p.STEEL, p.PLANKS),
        turned=True,
    )
    b.add(
        "band",
        [s.ring(0.1535, 0.006, 48).translate((0, 0.297, 0)), s.ring(0.12, 0.005, 48).translate((0, 0.06, 0))],
        p.IRON,
    )
    b.add(
        "handle",
        s.tube([(-0.152, 0.28, 0), (-0.14, 0.36, 0.05), (0, 0.42, 0.09), (0.14, 0.36, 0.05), (0.152, 0.28, 0)], 0.006),
        p.IRON,
    )


@shape("bowl", "dish basin", "a bowl; a bowl of fruit; a salad bowl", 0.3, "body", "fruit")
def _bowl(b: Builder) -> None:
    b.add(
        "body",
        _hollow(
            s.curve([(0.05, 0), (0.055, 0.006), (0.05, 0.014), (0.105, 0.05), (0.135, 0.095), (0.14, 0.11)], 5),
            0.006,
            0.016,
        ),
        b.pick(p.CERAMIC.in_color(rgb("4c7d94")), p.OAK, p.CERAMIC),
        turned=True,
    )
    if b.says("fruit", "apple", "orange", "full"):
        for k, (x, y, z, tone) in enumerate(
            [
                (0.045, 0.085, 0.03, "c03a2b"),
                (-0.05, 0.085, 0.02, "e08a2c"),
                (0.0, 0.085, -0.05, "7fa33e"),
                (0.0, 0.128, 0.0, "c8432f"),
            ]
        ):
            b.add(
                "fruit",
                s.ball(0.042 + 0.003 * (k % 2), 24).translate((x, y, z)),
                p.CERAMIC.in_color(rgb(tone)),
                keep=True,
            )


@shape(
    "goblet",
    "chalice wineglass grail trophy",
    "a golden goblet; a wine glass; a trophy cup for the winner",
    0.24,
    "body",
    "handle base stem=body",
)
def _goblet(b: Builder) -> None:
    metal = b.pick(p.GOLD, p.SILVER) if not b.says("wine", "glass", "wineglass") else p.CLEAR
    b.add(
        "body",
        _hollow(
            s.curve(
                [
                    (0.045, 0),
                    (0.046, 0.004),
                    (0.02, 0.014),
                    (0.009, 0.03),
                    (0.0085, 0.07),
                    (0.013, 0.082),
                    (0.0085, 0.092),
                    (0.03, 0.11),
                    (0.05, 0.15),
                    (0.053, 0.2),
                    (0.05, 0.225),
                ],
                5,
            ),
            0.003,
            0.105,
        ),
        metal,
        turned=True,
    )
    if b.says("trophy", "winner", "handle", "award"):
        b.add(
            "body",
            s.mirrored(s.tube([(0.048, 0.205, 0), (0.085, 0.215, 0), (0.085, 0.16, 0), (0.042, 0.13, 0)], 0.0055)),
            metal,
        )
        b.add(
            "base",
            s.box(0.11, 0.045, 0.11, 0.006).translate((0, -0.02, 0)),
            p.MARBLE.in_color(rgb("2c2d30")),
            keep=True,
        )
    else:
        for stone in (
            s.around_y(s.ball(0.006, 12).translate((0.052, 0.165, 0)), 6)
            if b.says("jewel", "ruby", "gem", "king")
            else []
        ):
            b.add("gem", stone, p.GLASS.in_color(rgb("9f1f3a")), keep=True)


@shape(
    "cauldron",
    "pot pan saucepan",
    "a witch's cauldron; an iron cooking pot with two handles",
    0.6,
    "body",
    "leg handle soup=drink",
)
def _cauldron(b: Builder) -> None:
    body = _hollow(
        s.curve([(0.1, 0.06), (0.2, 0.1), (0.28, 0.24), (0.26, 0.4), (0.22, 0.46), (0.25, 0.5)], 6), 0.014, 0.02
    )
    b.add("body", body, p.IRON, turned=True)
    b.add("leg", s.around_y(s.capsule((0.15, 0.1, 0), (0.2, 0.02, 0), 0.025, 0.018), b.count("leg", 3, 3, 4)), p.IRON)
    b.add(
        "handle",
        s.mirrored(s.tube([(0.25, 0.42, -0.07), (0.32, 0.43, -0.05), (0.32, 0.43, 0.05), (0.25, 0.42, 0.07)], 0.013)),
        p.IRON,
    )
    brew = (
        p.SCALES.in_color(rgb("5fae3d"))
        if b.says("witch", "magic", "potion", "green")
        else p.CHOCOLATE.in_color(rgb("8a4f25"))
    )
    b.add("drink", s.cylinder(0.245, 0.05, 0, segments=48).translate((0, 0.395, 0)), brew, keep=True)
    if b.says("witch", "magic", "potion", "bubbling"):
        bubbles = [(0.08, 0.04, 0.05), (-0.1, -0.05, 0.04), (0.02, -0.12, 0.03), (-0.04, 0.11, 0.035)]
        b.add("drink", [s.ball(r, 16).translate((x, 0.42, z)) for x, z, r in bubbles], brew, keep=True)
