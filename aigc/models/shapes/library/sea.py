"""Animals of the sea and its shore."""

from __future__ import annotations

import math

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb


@shape(
    "whale",
    "orca humpback",
    "a blue whale with a big mouth; a whale that spouts; an orca",
    12.0,
    "body",
    "body belly fin=body tail=body fluke=body eye spout",
)
def _whale(b: Builder) -> None:
    orca = b.says("orca", "killer")
    skin = p.HIDE.in_color(rgb("23262b" if orca else b.pick("4d6f91", "5b7787", "3f5f8a")))
    body = (
        Blob(0.5)
        .egg((0, 1.5, 1.6), (1.35, 1.25, 2.4))
        .egg((0, 1.55, -0.2), (1.2, 1.2, 2.3))
        .chain([(0, 1.6, -1.6), (0, 1.75, -3.2), (0, 2.1, -4.4)], [0.85, 0.45, 0.24])
    )
    body.pair("egg", (0.75, 2.3, -4.95), (0.85, 0.11, 0.42), (0, 24, 14), blend=0.25)
    body.pair("egg", (1.75, 0.85, 1.3), (0.95, 0.12, 0.42), (0, 30, -24), blend=0.25)
    if orca:
        body.limb((0, 2.4, -0.6), (0, 3.6, -1.1), 0.28, 0.07, blend=0.25)
    b.add("body", body.solid(9000), skin)
    belly = s.ellipsoid(1.18, 0.9, 2.75, 48).translate((0, 1.05, 1.25))
    grooves = [s.box(0.05, 2, 6, 0).translate((x * 0.24, 0, 1)) for x in range(-4, 5)] if not orca else []
    b.add("belly", belly - s.union(grooves) if grooves else belly, p.HIDE.in_color(rgb("e6e4dc")), keep=True)
    b.add("eye", s.mirrored(s.ball(0.11, 16).translate((1.17, 1.55, 2.7))), p.EYE, keep=True)
    if orca:
        b.add("patch", s.mirrored(s.ellipsoid(0.2, 0.2, 0.42, 18).translate((1.0, 2.0, 2.45))), p.WHITE, keep=True)
    if b.says("spout", "spouts", "fountain", "spouting"):
        jets = [
            s.tube([(0, 2.6, 1.9), (0, 3.6, 1.9), (0.35, 4.2, 1.9), (0.75, 3.9, 1.9)], [0.12, 0.11, 0.13, 0.06], 10)
        ]
        b.add(
            "spout",
            s.union([turned for jet in jets for turned in s.around_y(jet.translate((0, 0, -1.9)), 5)]).translate(
                (0, 0, 1.9)
            ),
            p.CLEAR,
        )


@shape(
    "octopus",
    "squid kraken cuttlefish",
    "an octopus with eight tentacles; a purple kraken",
    1.2,
    "body",
    "body tentacle=body arm=body leg=body head=body eye sucker",
)
def _octopus(b: Builder) -> None:
    skin = Finish("skin", rgb(b.pick("b5533c", "8a4f9e", "c2704a")), rgb("e0a184"), 0.45)
    count = b.count("tentacle", 8, 5, 10)
    body = Blob(0.06).egg((0, 0.5, -0.06), (0.21, 0.27, 0.23), (-14, 0, 0)).egg((0, 0.24, 0.02), (0.16, 0.14, 0.15))
    suckers = []
    for k in range(count):
        turn = 2 * math.pi * (k + 0.5) / count
        sway = 0.7
        line, widths = [], [0.075, 0.062, 0.05, 0.036, 0.024, 0.014]
        for step, (reach, height) in enumerate(
            [(0.08, 0.2), (0.22, 0.1), (0.36, 0.045), (0.5, 0.035), (0.6, 0.075), (0.58, 0.15)]
        ):
            angle = turn + sway * (step / 5) ** 2
            line.append((reach * math.cos(angle), height, reach * math.sin(angle)))
        body.chain(line, widths, 0.02)
        suckers += [s.ball(0.016, 10).translate((x, y + 0.03, z)) for x, y, z in line[4:]]
    b.add("body", body.solid(12_000), skin)
    b.add("sucker", suckers, p.SKIN.in_color(rgb("f1c9b0")), keep=True)
    b.add("eye", s.mirrored(s.ball(0.05, 20).translate((0.085, 0.34, 0.135))), p.WHITE, keep=True)
    b.add("eye", s.mirrored(s.ellipsoid(0.03, 0.018, 0.02, 16).translate((0.095, 0.34, 0.175))), p.EYE, keep=True)


@shape(
    "crab",
    "lobster crayfish",
    "a red crab with big claws; a crab on the beach",
    0.3,
    "shell",
    "shell body=shell claw leg eye pincer=claw",
)
def _crab(b: Builder) -> None:
    tone = Finish("spotted", rgb(b.pick("c9402a", "d2622f", "b5382c")), rgb("d9653f"), 0.4, size=0.4)
    shell = s.ellipsoid(0.1, 0.05, 0.075, 40) ^ s.box(1, 1, 1, 0).translate((0, 0.485, 0))
    b.add("shell", shell.translate((0, 0.062, 0)), tone)
    b.add("shell", s.ellipsoid(0.095, 0.03, 0.07, 32).translate((0, 0.055, 0)), tone.in_color(rgb("e9c39a")))
    legs = Blob(0.006)
    for z, spread in ((0.035, 24), (0.005, 4), (-0.025, -16), (-0.05, -38)):
        c, d = math.cos(math.radians(spread)), math.sin(math.radians(spread))
        legs.pair("limb", (0.075, 0.06, z), (0.075 + 0.06 * c, 0.085, z + 0.06 * d), 0.011, 0.009)
        legs.pair(
            "limb", (0.075 + 0.06 * c, 0.085, z + 0.06 * d), (0.075 + 0.095 * c, 0.006, z + 0.095 * d), 0.009, 0.004
        )
    b.add("leg", legs.solid(5000), tone)
    arms = Blob(0.01)
    arms.pair("limb", (0.075, 0.06, 0.06), (0.125, 0.07, 0.095), 0.013, 0.014)
    arms.pair("limb", (0.125, 0.07, 0.095), (0.11, 0.075, 0.14), 0.014, 0.02)
    arms.pair("egg", (0.104, 0.08, 0.165), (0.034, 0.026, 0.034), (0, -20, 0))
    arms.pair("limb", (0.118, 0.084, 0.178), (0.118, 0.09, 0.218), 0.016, 0.011)
    arms.pair("limb", (0.118, 0.09, 0.218), (0.094, 0.09, 0.248), 0.011, 0.003)
    arms.pair("limb", (0.082, 0.08, 0.178), (0.07, 0.084, 0.208), 0.011, 0.008)
    arms.pair("limb", (0.07, 0.084, 0.208), (0.084, 0.086, 0.238), 0.008, 0.003)
    b.add("claw", arms.solid(5000), tone)
    b.add("stalk", s.mirrored(s.capsule((0.03, 0.085, 0.06), (0.034, 0.118, 0.072), 0.006)), tone)
    b.add("eye", s.mirrored(s.ball(0.011, 16).translate((0.035, 0.124, 0.074))), p.EYE, keep=True)
