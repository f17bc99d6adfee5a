"""Things to wear."""

from __future__ import annotations

import math

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import rgb


@shape(
    "hat",
    "tophat cap fedora sombrero cowboyhat",
    "a black top hat with a ribbon; a cowboy hat; a witch's pointed hat; a straw hat",
    0.4,
    "felt",
    "felt hat=felt brim=felt ribbon band=ribbon buckle",
)
def _hat(b: Builder) -> None:
    if b.says("witch", "wizard", "pointed"):
        felt = p.CLOTH.in_color(rgb("2a2433" if b.says("witch") else "3a4a8c"))
        cone = Blob(0.02).chain(
            [(0, 0.02, 0), (0, 0.16, 0), (0.015, 0.28, -0.01), (0.06, 0.36, -0.02)], [0.11, 0.075, 0.04, 0.012]
        )
        cut = cone.solid(5000) ^ s.box(1, 1, 1, 0).translate((0, 0.515, 0))
        b.add("felt", cut, felt)
        wide, rise, band = 0.21, 0.02, 0.117
    elif b.says("cowboy", "cowboyhat", "western", "sheriff"):
        felt = p.LEATHER.in_color(rgb(b.pick("8a5f3a", "4a3626")))
        crown = s.hull(
            s.ellipsoid(0.095, 0.02, 0.12, 40).translate((0, 0.02, 0)),
            s.ellipsoid(0.07, 0.02, 0.1, 36).translate((0, 0.125, 0.0)),
        )
        dent = s.ellipsoid(0.026, 0.03, 0.1, 24).translate((0, 0.15, 0))
        b.add("felt", crown - dent, felt)
        brim = []
        for k in range(48):
            turn = 2 * math.pi * k / 48
            x, z = 0.175 * math.cos(turn), 0.2 * math.sin(turn)
            brim.append(s.ball(0.009, 8).translate((x, 0.02 + 0.055 * abs(math.cos(turn)) ** 3, z)))
        pieces = [
            s.hull(
                brim[k],
                brim[(k + 1) % 48],
                s.cylinder(0.06, 0.014, 0.003, segments=24).scale((1, 1, 1.3)).translate((0, 0.018, 0)),
            )
            for k in range(48)
        ]
        b.add("felt", pieces, felt)
        b.add(
            "ribbon",
            s.lathe([(0.0985, 0.02), (0.093, 0.058), (0.08, 0.058), (0.08, 0.02)], 48).scale((1, 1, 1.27)),
            p.BLACK,
            keep=True,
        )
        return
    elif b.says("straw", "sombrero", "sun"):
        felt = p.THATCH.in_color(rgb("d9b765"))
        b.add(
            "felt", s.lathe(s.curve([(0.1, 0.0), (0.098, 0.06), (0.08, 0.1), (0.01, 0.112)], 6), 48), felt, turned=True
        )
        wide, rise, band = 0.22, 0.008, 0.1005
    else:
        felt = p.CLOTH.in_color(rgb("201f24"))
        b.add(
            "felt",
            s.lathe([*s.curve([(0.092, 0.0), (0.088, 0.07), (0.094, 0.17), (0.1, 0.195)], 6), (0.092, 0.2)], 56),
            felt,
            turned=True,
        )
        wide, rise, band = 0.165, 0.016, 0.0945
    brim = s.lathe(
        s.curve(
            [
                (0.08, 0.0),
                (wide * 0.8, 0.0),
                (wide, rise),
                (wide + 0.004, rise + 0.008),
                (wide - 0.004, rise + 0.012),
                (wide * 0.8, 0.012),
                (0.08, 0.014),
            ],
            4,
        ),
        64,
    )
    b.add("felt", brim, felt, turned=True)
    b.add(
        "ribbon",
        s.lathe([(band, 0.012), (band - 0.002, 0.045), (0.08, 0.045), (0.08, 0.012)], 56),
        p.VELVET,
        keep=True,
    )
    if b.says("buckle", "witch", "pilgrim"):
        frame = s.box(0.05, 0.045, 0.012, 0.004) - s.box(0.03, 0.025, 0.1, 0)
        b.add("buckle", frame.translate((0, 0.032, 0.119)), p.GOLD, keep=True)


@shape(
    "helmet",
    "casque headgear viking spartan",
    "a knight's helmet with a visor; a viking helmet with horns; a spartan helmet with a red crest",
    0.36,
    "shell",
    "shell visor horn crest plume=crest",
)
def _helmet(b: Builder) -> None:
    steel = p.STEEL if not b.says("gold", "golden", "bronze", "spartan") else p.BRONZE
    dome = s.ellipsoid(0.115, 0.145, 0.135, 48)
    hollow = s.ellipsoid(0.103, 0.133, 0.123, 40)
    if b.says("viking", "horn"):
        upper = s.box(1, 1, 1, 0).translate((0, 0.5, 0))
        b.add("shell", ((dome - hollow) ^ upper).translate((0, 0.03, 0)), steel)
        b.add("band", s.ring(0.115, 0.013, 48, 10).scale((1, 1.4, 1.17)).translate((0, 0.03, 0)), p.BRASS, keep=True)
        b.add(
            "band",
            (s.ring(0.145, 0.01, 48, 8).rotate((0, 0, 90)) ^ upper).scale((1, 1, 0.94)).translate((0, 0.03, 0)),
            p.BRASS,
            keep=True,
        )
        b.add(
            "guard",
            s.hull(
                s.box(0.03, 0.02, 0.012, 0.004).translate((0, 0.03, 0.136)),
                s.box(0.022, 0.02, 0.012, 0.004).translate((0, -0.045, 0.142)),
            ).translate((0, 0.002, 0)),
            p.BRASS,
            keep=True,
        )
        horn = s.tube(
            [(0.1, 0.07, 0), (0.16, 0.09, 0), (0.2, 0.14, 0), (0.205, 0.21, 0)], [0.034, 0.03, 0.02, 0.003], 18
        )
        b.add("horn", s.mirrored(horn), p.BONE)
        return
    lower = s.cylinder(0.112, 0.2, 0.01, top=0.114, segments=48).scale((1, 1, 1.17)).translate((0, -0.1, 0))
    inside = s.cylinder(0.1, 0.4, 0, segments=40).scale((1, 1, 1.17)).translate((0, -0.14, 0))
    shell = (dome + lower) - s.union([hollow, inside])
    slot = s.box(0.2, 0.02, 0.2, 0.004).translate((0, 0.0, 0.14))
    if b.says("spartan", "greek", "corinthian", "roman"):
        face = s.union(
            [
                s.mirrored(s.ellipsoid(0.036, 0.022, 0.1, 20).translate((0.045, 0.0, 0.13))),
                s.box(0.03, 0.2, 0.2, 0.01).translate((0, -0.13, 0.14)),
            ]
        )
        b.add("shell", (shell - face).translate((0, 0.2, 0)), steel)
        comb = s.along_x(s.cylinder(0.205, 0.03, 0.008, segments=48)).scale((1, 1, 0.95)) - s.along_x(
            s.cylinder(0.14, 1, 0, segments=40)
        ).scale((1, 1, 0.95))
        b.add(
            "crest",
            (comb ^ s.box(1, 1, 1, 0).translate((0, 0.48, -0.02))).translate((0, 0.2, 0)),
            p.FUR.in_color(rgb("a62a24")),
        )
        return
    b.add("shell", (shell - slot).translate((0, 0.2, 0)), steel)
    holes = [
        s.along_z(s.cylinder(0.006, 0.3, 0)).translate((x * 0.02, -0.06 - 0.022 * k, 0.1))
        for x in range(-3, 4)
        for k in range(3)
        if (x + k) % 2
    ]
    visor = (s.ellipsoid(0.122, 0.11, 0.165, 44) ^ s.box(1, 0.2, 0.5, 0).translate((0, -0.06, 0.3))) - s.ellipsoid(
        0.112, 0.1, 0.153, 36
    )
    b.add("visor", (visor - s.union([slot, *holes])).translate((0, 0.2, -0.005)), steel)
    b.add(
        "hinge",
        s.mirrored(s.along_x(s.cylinder(0.018, 0.02, 0.004)).translate((0.118, 0.19, 0.03))),
        p.BRASS,
        keep=True,
    )
    b.add("band", s.ring(0.113, 0.008, 48, 8).scale((1, 1, 1.17)).translate((0, 0.008, 0)), p.BRASS, keep=True)
    if b.says("plume", "feather", "crest", "red"):
        b.add(
            "crest",
            Blob(0.02)
            .chain(
                [(0, 0.34, -0.02), (0, 0.41, -0.06), (0, 0.4, -0.14), (0, 0.33, -0.19)], [0.016, 0.032, 0.034, 0.012]
            )
            .solid(2500),
            p.FUR.in_color(rgb("a62a24")),
        )


@shape(
    "boot",
    "shoe sneaker wellington trainers",
    "a leather boot with laces; a brown hiking boot; a sneaker",
    0.32,
    "leather",
    "leather upper=leather shoe=leather sole lace",
)
def _boot(b: Builder) -> None:
    low = b.says("shoe", "sneaker", "trainers")
    leather = p.LEATHER.in_color(rgb("e6e2da" if low else b.pick("7b4a2d", "4a3024", "2a2523")))
    upper = Blob(0.03).chain(
        [(0, 0.06, -0.08), (0, 0.055, 0.0), (0, 0.05, 0.1), (0, 0.046, 0.15)], [0.045, 0.047, 0.045, 0.04]
    )
    upper.limb((0, 0.06, -0.07), (0, 0.11 if low else 0.26, -0.075), 0.048, 0.044 if low else 0.056)
    if not low:
        upper.egg((0, 0.29, -0.075), (0.058, 0.03, 0.062), blend=0.02)
    body = upper.solid(6000)
    top = 0.135 if low else 0.29
    body = body ^ s.box(1, top, 1, 0).translate((0, top / 2 + 0.016, 0))
    hole = s.cylinder(0.033 if low else 0.043, 0.2 if not low else 0.08, 0.01).translate(
        (0, top - (0.01 if low else 0.05), -0.075)
    )
    b.add("leather", body - hole, leather)
    sole = s.hull(
        s.cylinder(0.048, 0.024, 0.006).translate((0, 0.014, -0.08)),
        s.cylinder(0.047, 0.024, 0.006).translate((0, 0.014, 0.1)),
        s.cylinder(0.04, 0.024, 0.006).translate((0, 0.016, 0.15)),
    )
    grooves = [s.box(0.2, 0.014, 0.012, 0).translate((0, 0.0, z)) for z in (0.13, 0.1, 0.07, 0.04, -0.05, -0.08, -0.11)]
    b.add("sole", sole - s.union(grooves), p.RUBBER if not low else p.RUBBER.in_color(rgb("f3f1ec")), keep=True)
    laces = []
    steps = 4 if low else 6
    for k in range(steps):
        share = k / (steps - 1)
        y = 0.088 + share * (0.026 if low else 0.13)
        z = 0.066 - share * (0.08 if low else 0.09)
        w = 0.027 - 0.003 * share
        laces += [
            s.tube([(-w * x, y, z - 0.014), (0, y + 0.013, z), (w * x, y + 0.006, z - 0.014)], 0.0045, 8)
            for x in (-1, 1)
        ]
    b.add("lace", laces, p.CANVAS if not low else p.WHITE, keep=True)
