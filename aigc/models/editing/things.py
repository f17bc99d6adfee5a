"""Things to add: from the library of shapes, and small parts that belong to other things."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from aigc.mesh.types import Mesh
from aigc.models.editing.phrase import words_of
from aigc.models.shapes import palette as p
from aigc.models.shapes import solids as s
from aigc.models.shapes.assemble import assemble, build_pieces, painted_mesh
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Builder, Shape
from aigc.models.shapes.finish import Finish, rgb
from aigc.models.shapes.retrieval import Retriever
from aigc.models.shapes.understanding import understand
from aigc.models.shapes.words import read_wishes, singular
from aigc.runner.model import InputInvalid

_FACES = 6_000
_UNKNOWN = "name one everyday thing: a hat, a sword, a chimney, a crown, wings, horns, a flower"


def _hat(b: Builder) -> None:
    if b.says("witch", "wizard", "magic", "pointed", "pointy", "cone", "conical", "party", "santa"):
        b.add("hat", s.lathe([(0.1, 0), (0.098, 0.012), (0.07, 0.1), (0.012, 0.24), (0, 0.25)]), p.CLOTH)
        b.add("brim", s.lathe([(0.17, 0.0), (0.175, 0.008), (0.1, 0.022)]), p.CLOTH)
        return
    crown = s.lathe([(0.1, 0.0), (0.1, 0.02), (0.094, 0.13), (0.088, 0.142), (0, 0.146)])
    if b.says("cap", "beanie", "bowler"):
        crown = s.lathe(s.curve([(0.1, 0.0), (0.102, 0.03), (0.09, 0.085), (0.05, 0.118), (0, 0.124)]))
    b.add("hat", crown, p.VELVET.in_color(rgb("33302f")))
    b.add(
        "brim", s.lathe([(0.155, 0.0), (0.16, 0.006), (0.158, 0.014), (0.09, 0.018)]), p.VELVET.in_color(rgb("33302f"))
    )
    b.add("band", s.lathe([(0.1025, 0.016), (0.104, 0.02), (0.1025, 0.045), (0.09, 0.046)]), p.VELVET, keep=True)


def _horns(b: Builder) -> None:
    horn = Blob(0.02).chain(
        [(0.05, 0, 0), (0.085, 0.06, 0), (0.1, 0.12, 0.01), (0.095, 0.17, 0.03)], [0.026, 0.021, 0.013, 0.004]
    )
    solid = horn.solid(2500)
    b.add("horn", [solid] if b.says("unicorn", "one", "single") else [s.mirrored(solid)], p.BONE)


def _wings(b: Builder) -> None:
    wing = Blob(0.02)
    for k in range(6):
        tip = (0.32 - 0.035 * k, 0.2 - 0.075 * k, -0.03)
        wing.limb((0.03 + 0.02 * k, 0.0 - 0.01 * k, 0), tip, 0.03, 0.014)
    solid = wing.solid(4000).scale((1, 1, 0.5))
    b.add("wing", s.mirrored(solid), Finish("plain", rgb("f1efe9"), None, 0.7))


def _chimney(b: Builder) -> None:
    b.add("chimney", s.box(0.16, 0.42, 0.16, 0.005).translate((0, 0.21, 0)), p.BRICK)
    b.add("top", s.box(0.2, 0.05, 0.2, 0.008).translate((0, 0.42, 0)), p.CONCRETE, keep=True)


def _flag(b: Builder) -> None:
    b.add("pole", s.cylinder(0.01, 0.6, 0.004).translate((0, 0.3, 0)), p.STEEL, keep=True)
    b.add("flag", s.box(0.26, 0.16, 0.008, 0.003).translate((0.135, 0.5, 0)), p.CLOTH.in_color(rgb("c42f2b")))
    b.add("ball", s.ball(0.018).translate((0, 0.605, 0)), p.GOLD, keep=True)


def _handle(b: Builder) -> None:
    points = [(0, -0.1, 0), (0.06, -0.09, 0), (0.09, 0, 0), (0.06, 0.09, 0), (0, 0.1, 0)]
    b.add("handle", s.tube(points, 0.016), p.CERAMIC)


def _antenna(b: Builder) -> None:
    b.add("antenna", s.cylinder(0.008, 0.22, 0.003).translate((0, 0.11, 0)), p.IRON, keep=True)
    b.add("ball", s.ball(0.026).translate((0, 0.23, 0)), p.PLASTIC)


def _wheel(b: Builder) -> None:
    tyre = s.along_x(s.ring(0.14, 0.045, 48, 16))
    b.add("tyre", tyre, p.RUBBER, keep=True)
    b.add("wheel", s.along_x(s.cylinder(0.115, 0.05, 0.008, segments=40)), p.STEEL)
    b.add("hub", s.along_x(s.cylinder(0.035, 0.075, 0.008)), p.CHROME, keep=True)


def _ears(b: Builder) -> None:
    ear = Blob(0.02).egg((0.06, 0.07, 0), (0.035, 0.075, 0.016), (0, 0, -12)).solid(2000)
    b.add("ear", s.mirrored(ear), p.FUR)


def _tail(b: Builder) -> None:
    tail = Blob(0.03).chain(
        [(0, 0, 0), (0.004, 0.03, -0.1), (0.006, 0.1, -0.18), (0.005, 0.2, -0.2)], [0.036, 0.034, 0.029, 0.017]
    )
    b.add("tail", tail.solid(2500), p.FUR)


def _bow(b: Builder) -> None:
    loop = Blob(0.01).egg((0.055, 0, 0), (0.05, 0.036, 0.02), (0, 0, 14)).solid(1500)
    b.add("bow", [s.mirrored(loop), s.ball(0.02)], p.CLOTH.in_color(rgb("c42f2b")))


def _box(b: Builder) -> None:
    b.add("body", s.box(0.3, 0.3, 0.3, 0.012).translate((0, 0.15, 0)), p.PLASTIC)


def _ball(b: Builder) -> None:
    b.add("body", s.ball(0.15, 56).translate((0, 0.15, 0)), p.PLASTIC)


def _column(b: Builder) -> None:
    b.add("body", s.cylinder(0.12, 0.4, 0.01, segments=48).translate((0, 0.2, 0)), p.PLASTIC)


def _cone(b: Builder) -> None:
    b.add("body", s.lathe([(0.15, 0), (0.15, 0.006), (0.004, 0.36), (0, 0.362)], 48), p.PLASTIC)


def _ring(b: Builder) -> None:
    b.add("body", s.ring(0.15, 0.04, 56, 20), p.PLASTIC)


def _pyramid(b: Builder) -> None:
    b.add("body", s.frustum((0.32, 0.32), (0.01, 0.01), 0.3, 0.004), p.PLASTIC)


def _plinth(b: Builder) -> None:
    b.add("body", s.box(0.5, 0.08, 0.5, 0.01).translate((0, 0.04, 0)), p.STONE)
    b.add("body", s.box(0.42, 0.06, 0.42, 0.01).translate((0, 0.105, 0)), p.STONE)


def _small(name: str, words: str, make: Callable[[Builder], None], size: float = 0.3) -> Shape:
    parts = {word: word for word in ("brim", "band", "ball", "pole", "top", "hub", "tyre")}
    return Shape(name, tuple(words.split()), (), size, frozenset({name, "body", "brim", "top"}), parts, make)


SMALL = (
    _small("hat", "cap beanie bowler tophat sombrero fedora", _hat),
    _small("horn", "antler unicornhorn", _horns),
    _small("wing", "angelwing", _wings),
    _small("chimney", "smokestack", _chimney),
    _small("flag", "banner pennant", _flag),
    _small("handle", "grip loop", _handle),
    _small("antenna", "aerial feeler", _antenna),
    _small("wheel", "tyre tire", _wheel),
    _small("ear", "", _ears),
    _small("tail", "", _tail),
    _small("bow", "bowtie ribbon", _bow),
    _small("box", "cube block", _box),
    _small("sphere", "ball orb bubble", _ball),
    _small("cylinder", "column pillar", _column),
    _small("cone", "spike", _cone),
    _small("ring", "torus halo hoop", _ring),
    _small("pyramid", "", _pyramid),
    _small("plinth", "pedestal stand base podium", _plinth),
)
"""Parts that are nothing by themselves, and plain solids."""


@dataclass(frozen=True)
class Thing:
    """A mesh for some words, what it is, and how well the words fit (0 to 1)."""

    mesh: Mesh
    name: str
    score: float
    warning: str = ""


class Things:
    """Makes things by name."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    def make(self, words: str, seed: int, resolution: int, report: Callable[[float, str], None]) -> Thing:
        """The nearest shape to the words, textured, upright, about its own usual size.

        Raises:
            InputInvalid: no shape comes near.
        """
        shape, score, warning = self._nearest(words)
        wishes = read_wishes(words, shape.parts, shape.names)
        pieces = build_pieces(shape, wishes, seed, 0.5)
        if not pieces:
            raise InputInvalid(f"no {shape.name} could be made of {words[:60]!r}", _UNKNOWN)
        assembly = assemble(pieces, wishes, shape.size, _FACES, lambda step: report(0.1, f"shaping: {shape.name}"))
        mesh = painted_mesh(assembly, wishes, resolution, shape.name, lambda share, what: report(share, what))
        return Thing(mesh.with_(material=replace(mesh.material, name=shape.name)), shape.name, score, warning)

    def _nearest(self, words: str) -> tuple[Shape, float, str]:
        said = [singular(word) for word in words_of(words.replace("-", ""))]
        for word in reversed(said):
            for shape in SMALL:
                if word in shape.names:
                    return shape, 1.0, ""
        understood = understand(self._retriever, words)
        return understood.match.shape, understood.match.score, "; ".join(understood.warnings)
