"""What things grow on."""

from __future__ import annotations

import math

import numpy as np
from manifold3d import Manifold

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb


@shape("rock", "stone boulder pebble meteor asteroid cliff", "a rock; a mossy boulder; a grey stone", 1.2, "body", "")
def _rock(b: Builder) -> None:
    points = b.random.standard_normal((64, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    points *= b.random.uniform(0.86, 1.0, (64, 1)) * np.array([0.62, 0.42, 0.5])
    b.add("body", s.hull(*(s.ball(0.05, 8).translate(tuple(point)) for point in points)), p.STONE)


@shape(
    "crystal",
    "gem gemstone diamond jewel quartz amethyst",
    "a cluster of crystals; a diamond; a purple amethyst",
    0.6,
    "crystal",
    "crystal shard=crystal rock",
)
def _crystal(b: Builder) -> None:
    glow = Finish("blend", rgb("5b3f9f"), rgb("c9a6ee"), 0.12)
    tone = b.pick(glow, glow.in_color(rgb("2f7fa8")), glow.in_color(rgb("3d9a6f")))
    if b.says("diamond", "jewel"):
        gem = s.lathe([(0.01, -0.2), (0.28, 0.05), (0.28, 0.075), (0.17, 0.15)], 10)
        b.add("crystal", gem.translate((0, 0.2, 0)), p.ICE.in_color(rgb("cfeaf4")))
        return
    shards = b.count("crystal", 9, 3, 16)
    for k in range(shards):
        turn, share = k * 137.5, k / shards
        tall, wide = b.vary(0.52 - 0.32 * share, 0.15), 0.075 - 0.035 * share
        shard = s.lathe([(wide * 0.75, -0.1), (wide, tall * 0.72), (0.004, tall)], 6)
        b.add(
            "crystal",
            shard.rotate((0, 37 * k, 0))
            .rotate((0, 0, -12 - 38 * share if k else 0))
            .rotate((0, turn, 0))
            .translate((0, 0.03, 0)),
            tone,
        )
    b.add(
        "rock",
        Blob(0.03).egg((0, 0, 0), (0.24, 0.09, 0.21)).egg((0.12, 0.02, 0.08), (0.11, 0.07, 0.1)).solid(900),
        p.STONE,
    )


@shape(
    "mountain",
    "volcano hill peak island",
    "a mountain with snow on its peak; a volcano with lava; a small island",
    3000.0,
    "rock",
    "peak=snow snow lava",
)
def _mountain(b: Builder) -> None:
    blob = Blob(0.12)
    for k in range(9):
        turn, far = k * 2.39996, 0.13 * k**0.8
        tall = 0.95 * (1 - 0.78 * far) if k else 1.1
        x, z = far * math.cos(turn), far * math.sin(turn)
        blob.limb((x, -0.05, z), (x * 0.8, tall * b.vary(0.9), z * 0.8), 0.42 - 0.1 * far, 0.02)
    fire = b.says("volcano", "lava", "erupting")
    whole = blob.solid(6000) ^ Manifold.cube((4, 2, 4), True).translate((0, 1, 0))
    if fire:
        crater = s.lathe([(0.02, 0.72), (0.11, 0.8), (0.3, 1.4)])
        whole = whole - crater
        b.add("lava", s.lathe([(0.14, 0.7), (0.15, 0.82)]), p.LAMP.in_color(rgb("f2762a")), keep=True)
    b.add("rock", whole, p.STONE.in_color(rgb("6f665c")) if fire else p.STONE.in_color(rgb("7d7b76")))
    if not fire:
        b.wishes.weather.add("peak")
