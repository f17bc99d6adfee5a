"""Balls, hearts and stars."""

from __future__ import annotations

import math

import manifold3d
import numpy as np
from manifold3d import Manifold

from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, shape
from aigc.models.shapes.finish import Finish, rgb


@shape(
    "ball",
    "football basketball sphere globe planet moon soccer",
    "a ball; a basketball; a beach ball with stripes; a soccer ball; the planet earth; the moon",
    0.24,
    "body",
    "ring",
)
def _ball(b: Builder) -> None:
    if b.says("basketball"):
        grooves = [
            s.ring(0.12, 0.0022, 64, 8),
            s.along_x(s.ring(0.12, 0.0022, 64, 8)),
            s.along_z(s.ring(0.12, 0.0022, 64, 8)),
        ]
        b.add("body", s.ball(0.12, 64) - s.union(grooves), Finish("leather", rgb("d8732c"), None, 0.7, size=0.6))
        b.add("seam", s.ball(0.1185, 48), p.BLACK, keep=True)
    elif b.says("soccer", "football"):
        b.add("body", s.ball(0.12, 64), Finish("patched", rgb("2b2b2e"), rgb("f3f2ee"), 0.4, size=1.1))
    elif b.says("planet", "earth", "globe", "world"):
        b.add("body", s.ball(0.12, 64), Finish("cow", rgb("2b6aa8"), rgb("5c8f4a"), 0.5, size=0.9))
        if b.says("ring", "saturn"):
            b.add(
                "ring",
                (s.cylinder(0.23, 0.006, 0.002, segments=72) - s.cylinder(0.155, 0.1, 0, segments=72)).rotate(
                    (18, 0, 12)
                ),
                p.SAND,
            )
        elif b.says("globe"):
            b.add(
                "stand",
                [
                    s.tube(
                        [(0.03, -0.125, 0), (0.11, -0.08, 0), (0.135, 0, 0), (0.11, 0.08, 0), (0.03, 0.125, 0)], 0.0055
                    ),
                    s.lathe([(0.07, -0.17), (0.06, -0.16), (0.012, -0.15), (0.01, -0.12)]),
                ],
                p.BRASS,
                keep=True,
            )
    elif b.says("moon", "mars", "asteroid"):
        craters = []
        for k in range(26):
            height, turn = 1 - 2 * (k + 0.5) / 26, k * 2.39996
            radius = (1 - height * height) ** 0.5
            craters.append(
                s.ball(0.012 + 0.02 * float(b.random.random()), 16).translate(
                    (0.131 * radius * math.cos(turn), 0.131 * height, 0.131 * radius * math.sin(turn))
                )
            )
        b.add(
            "body",
            s.ball(0.12, 72) - s.union(craters),
            p.STONE.in_color(rgb("b5583a")) if b.says("mars") else p.STONE.in_color(rgb("b4b2ac")),
        )
    else:
        tones = ("d8432f", "f4f1ea", "f0c23a", "f4f1ea", "3f7fc0", "f4f1ea")
        if "" in b.wishes.looks:
            b.add("body", s.ball(0.12, 64), p.PLASTIC)
        else:
            for k, tone in enumerate(tones):
                half = s.box(1, 1, 1, 0).translate((0, 0, 0.5))
                wedge = half ^ half.rotate((0, 119, 0))
                b.add("body", s.ball(0.12, 60) ^ wedge.rotate((0, 60 * k, 0)), p.PLASTIC.in_color(rgb(tone)), keep=True)


@shape("heart", "valentine love", "a red heart", 0.3, "body", "")
def _heart(b: Builder) -> None:
    soft = Blob(0.03).pair("limb", (0.062, 0.19, 0), (0.005, 0.035, 0), 0.072, 0.018, blend=0.015)
    b.add("body", soft.solid(4000).scale((1, 1, 0.8)), Finish("plain", rgb("c3202f"), None, 0.18))


def star(outer: float, inner: float, thick: float) -> Manifold:
    """A five-pointed star that faces +z, higher in the middle."""
    rim = [
        (
            (outer if k % 2 == 0 else inner) * math.sin(k * 0.628318),
            (outer if k % 2 == 0 else inner) * math.cos(k * 0.628318),
        )
        for k in range(10)
    ]
    points = np.array([*((x, y, 0) for x, y in rim), (0, 0, thick), (0, 0, -thick)], np.float32)
    faces = []
    for k in range(10):
        after = (k + 1) % 10
        faces += [(after, k, 10), (k, after, 11)]
    return Manifold(manifold3d.Mesh(points, np.array(faces, np.uint32)))


@shape("star", "starfish", "a golden star; a five pointed star", 0.4, "body", "")
def _goldstar(b: Builder) -> None:
    b.add("body", star(0.2, 0.088, 0.055).translate((0, 0.2, 0)), p.GOLD)
