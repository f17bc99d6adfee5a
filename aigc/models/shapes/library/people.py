"""People."""

from __future__ import annotations

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import rgb


@shape(
    "person",
    "man woman boy girl human warrior knight wizard soldier king queen princess astronaut pirate doctor hero "
    "character figure child farmer chef elf dwarf",
    "a person standing; a man in a shirt and trousers; a woman in a dress; a knight in armour; "
    "a wizard with a hat and a beard; an astronaut in a space suit; a king with a crown",
    1.75,
    "shirt",
    "shirt jacket=shirt coat=shirt armor=shirt armour=shirt robe=shirt dress=shirt suit=shirt "
    "trouser jeans=trouser pant=trouser shoe boot=shoe hair hat helmet=hat beard=hair skin cape cloak=cape sword",
)
def _person(b: Builder) -> None:
    skin = b.pick(p.SKIN, p.SKIN.in_color(rgb("b97d57")), p.SKIN.in_color(rgb("7d5138")))
    robe = b.says("wizard", "witch", "dress", "robe", "woman", "girl", "princess", "queen", "monk")
    knight, space = b.says("knight", "armor", "armour"), b.says("astronaut", "spacesuit", "space")
    top = b.pick(p.CLOTH, p.CLOTH.in_color(rgb("a44a3f")), p.CLOTH.in_color(rgb("4f7f5f")))
    if knight:
        top = p.STEEL
    elif space:
        top = p.CLOTH.in_color(rgb("f1f0ec"))
    elif b.says("wizard", "witch"):
        top = p.CLOTH.in_color(rgb("4b3f8a"))
    elif b.says("king", "queen"):
        top = p.VELVET
    legs = top if knight or space else p.CLOTH.in_color(rgb("39465c"))
    wide = 1.25 if space or knight else 1.0
    if robe:
        gown = s.lathe(s.curve([(0.3, 0.05), (0.285, 0.1), (0.2, 0.6), (0.155, 0.95), (0.13, 1.05)], 5), 40).scale(
            (1, 1, 0.86)
        )
        b.add("shirt", gown, top, turned=True)
    else:
        for x in (-1, 1):
            leg = Blob(0.05).chain(
                [(x * 0.095, 0.9, 0), (x * 0.11, 0.5, 0.015), (x * 0.115, 0.13, -0.005)],
                [0.1 * wide, 0.073 * wide, 0.058 * wide],
            )
            b.add("trouser", leg.solid(1300), legs)
    for x in (-1, 1):
        boot = (
            Blob(0.03)
            .egg((x * 0.115, 0.045, 0.05), (0.052 * wide, 0.045, 0.115))
            .limb((x * 0.115, 0.05, -0.01), (x * 0.115, 0.15, -0.01), 0.055 * wide, 0.062 * wide)
        )
        b.add("shoe", boot.solid(800), p.LEATHER.in_color(rgb("45301f")) if not space and not knight else top)
    torso = (
        Blob(0.06)
        .egg((0, 1.0, 0), (0.15 * wide, 0.13, 0.11 * wide))
        .egg((0, 1.24, 0.005), (0.18 * wide, 0.2, 0.125 * wide))
    )
    torso.pair("limb", (0.17, 1.37, 0), (0.25 * wide, 1.13, -0.01), 0.07 * wide, 0.055 * wide).pair(
        "limb", (0.25 * wide, 1.13, -0.01), (0.29 * wide, 0.93, 0.05), 0.053 * wide, 0.045 * wide
    )
    b.add("shirt", torso.solid(4200), top)
    hands = s.mirrored(
        Blob(0.02)
        .egg((0.295 * wide, 0.865, 0.065), (0.034, 0.05, 0.044))
        .limb((0.29 * wide, 0.88, 0.08), (0.27 * wide, 0.85, 0.115), 0.016, 0.012)
        .solid(500)
    )
    b.add("skin", hands, skin if not knight and not space else p.LEATHER.in_color(rgb("5f4a38")), keep=True)
    b.add(
        "skin",
        Blob(0.03)
        .limb((0, 1.4, 0), (0, 1.5, 0.01), 0.055, 0.052)
        .egg((0, 1.63, 0.015), (0.098, 0.125, 0.112))
        .egg((0, 1.56, 0.04), (0.068, 0.06, 0.072))
        .egg((0, 1.605, 0.128), (0.014, 0.024, 0.018), blend=0.015)
        .pair("egg", (0.1, 1.615, 0.0), (0.016, 0.03, 0.02), blend=0.01)
        .solid(3600),
        skin,
        keep=True,
    )
    b.add(
        "eye", s.mirrored(s.ellipsoid(0.0165, 0.0125, 0.01, 16).translate((0.038, 1.645, 0.1135))), p.WHITE, keep=True
    )
    b.add("eye", s.mirrored(s.ball(0.0085, 14).translate((0.038, 1.645, 0.1185))), p.EYE, keep=True)
    b.add(
        "mouth",
        s.ellipsoid(0.026, 0.007, 0.01, 16).translate((0, 1.552, 0.1085)),
        p.SKIN.in_color(rgb("a85a50")),
        keep=True,
    )
    b.add(
        "hair",
        s.mirrored(s.capsule((0.024, 1.673, 0.117), (0.056, 1.672, 0.105), 0.0052, segments=8)),
        p.FUR.in_color(rgb("4a3020")),
    )
    _headwear(b, robe, knight, space)
    if not robe and not knight and not space:
        b.add(
            "belt",
            s.ring(0.148, 0.02, 40).scale((1, 1.1, 0.76)).translate((0, 0.98, 0)),
            p.LEATHER.in_color(rgb("3a2617")),
            keep=True,
        )
        b.add("belt", s.box(0.05, 0.042, 0.02, 0.008).translate((0, 0.98, 0.132)), p.BRASS, keep=True)
    if b.says("cape", "cloak", "hero", "king"):
        cape = s.hull(
            s.box(0.32, 0.03, 0.02, 0.008).translate((0, 1.42, -0.12)),
            s.box(0.62, 0.03, 0.03, 0.01).translate((0, 0.25, -0.3)),
        )
        b.add("cape", cape, p.VELVET)
    if knight or b.says("sword", "warrior", "pirate"):
        place = (0.29 * wide, 0.86, 0.1)
        sword = [s.hull(s.box(0.03, 0.02, 0.008, 0.002), s.box(0.012, 0.02, 0.005, 0.001).translate((0, 0.62, 0)))]
        b.add("sword", [part.rotate((58, 0, 0)).translate(place) for part in sword], p.STEEL, keep=True)
        b.add(
            "sword",
            [
                part.rotate((58, 0, 0)).translate(place)
                for part in (
                    s.box(0.15, 0.025, 0.025, 0.008),
                    s.capsule((0, 0, 0), (0, -0.11, 0), 0.012),
                    s.ball(0.02, 12).translate((0, -0.12, 0)),
                )
            ],
            p.BRASS,
            keep=True,
        )
    if b.says("wizard", "staff"):
        b.add(
            "staff",
            s.tube([(-0.33, 0.02, 0.1), (-0.31, 0.9, 0.09), (-0.32, 1.7, 0.08)], [0.018, 0.016, 0.02]),
            p.OAK,
            keep=True,
        )
        b.add("orb", s.ball(0.055, 20).translate((-0.32, 1.77, 0.08)), p.GLASS.in_color(rgb("5fb6e0")), keep=True)


def _headwear(b: Builder, robe: bool, knight: bool, space: bool) -> None:
    """What is on the head: hair, and a hat, a helmet or a crown."""
    tone = b.pick("3a271a", "6a4526", "c39a55", "201a18")
    if knight:
        helm = s.ellipsoid(0.13, 0.165, 0.145, 36).translate((0, 1.645, 0.012))
        b.add(
            "hat",
            helm
            - s.box(0.2, 0.022, 0.3, 0.004).translate((0, 1.65, 0.15))
            - s.box(0.012, 0.14, 0.3, 0.002).translate((0, 1.56, 0.15)),
            p.STEEL,
            keep=True,
        )
        b.add(
            "hat",
            Blob(0.02).chain([(0, 1.8, 0.02), (0, 1.87, -0.06), (0, 1.78, -0.18)], [0.02, 0.035, 0.015]).solid(700),
            p.VELVET,
            keep=True,
        )
        return
    if space:
        b.add(
            "hat",
            s.ball(0.2, 36).translate((0, 1.63, 0)) - s.ellipsoid(0.15, 0.125, 0.2, 30).translate((0, 1.63, 0.12)),
            p.ENAMEL,
            keep=True,
        )
        b.add("hat", s.box(0.32, 0.42, 0.16, 0.05).translate((0, 1.2, -0.2)), p.ENAMEL, keep=True)
        b.add(
            "badge",
            s.box(0.15, 0.1, 0.05, 0.015).translate((0, 1.24, 0.155)),
            p.PLASTIC.in_color(rgb("3f6fa0")),
            keep=True,
        )
        return
    hair = Blob(0.03).egg((0, 1.69, -0.025), (0.106, 0.1, 0.11))
    if robe and not b.says("wizard", "monk"):
        hair.chain([(0, 1.68, -0.07), (0, 1.5, -0.09), (0, 1.32, -0.1)], [0.1, 0.095, 0.06]).pair(
            "limb", (0.09, 1.66, 0), (0.1, 1.45, 0.0), 0.035, 0.025
        )
    face = s.ellipsoid(0.084, 0.11, 0.1, 24).translate((0, 1.6, 0.09))
    b.add("hair", hair.solid(1800) - face, p.FUR.in_color(rgb("e9e6e0" if b.says("wizard", "old") else tone)))
    if b.says("wizard", "witch"):
        b.add(
            "hat",
            s.lathe(
                s.curve([(0.23, 1.72), (0.225, 1.735), (0.125, 1.75), (0.105, 1.8), (0.05, 1.98), (0.008, 2.16)], 5), 40
            ).rotate((-4, 0, 0)),
            p.CLOTH.in_color(rgb("4b3f8a")),
            turned=True,
        )
    if b.says("wizard", "beard", "dwarf", "pirate", "viking"):
        b.add(
            "hair",
            Blob(0.03)
            .chain([(0, 1.545, 0.085), (0, 1.42, 0.125), (0, 1.28, 0.13)], [0.065, 0.055, 0.015])
            .pair("limb", (0.02, 1.575, 0.115), (0.075, 1.555, 0.09), 0.018, 0.012)
            .solid(1200)
            - s.ellipsoid(0.028, 0.012, 0.05, 12).translate((0, 1.55, 0.14)),
            p.FUR.in_color(rgb("e9e6e0" if b.says("wizard", "old") else tone)),
        )
    if b.says("king", "queen", "princess", "crown"):
        band = s.cylinder(0.108, 0.05, 0.004, segments=36) - s.cylinder(0.096, 0.2, 0, segments=36)
        points = s.around_y(
            s.hull(
                s.box(0.012, 0.02, 0.05, 0.002).translate((0.102, 0.02, 0)),
                s.ball(0.006, 8).translate((0.108, 0.085, 0)),
            ),
            8,
        )
        b.add("crown", [part.translate((0, 1.77, -0.015)) for part in (band, *points)], p.GOLD, keep=True)
    elif b.says("hat", "cowboy", "farmer", "pirate"):
        b.add(
            "hat",
            s.lathe(
                s.curve([(0.2, 1.725), (0.21, 1.735), (0.12, 1.745), (0.108, 1.78), (0.1, 1.85), (0.02, 1.87)], 4), 36
            ),
            p.LEATHER,
            turned=True,
        )
    elif b.says("chef", "cook"):
        b.add(
            "hat",
            s.lathe(s.curve([(0.108, 1.72), (0.11, 1.82), (0.15, 1.88), (0.13, 1.97), (0.02, 1.985)], 5), 32),
            p.CANVAS.in_color(rgb("fbfaf7")),
            turned=True,
        )
