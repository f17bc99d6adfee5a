"""Which coat each texel gets: the prompt's words for parts, looked for in the surface."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from aigc.mesh.canvas import Canvas
from aigc.mesh.normals import face_normals
from aigc.mesh.segments import segment
from aigc.mesh.topology import parts as shells
from aigc.mesh.types import FloatArray, IntArray, Mesh
from aigc.models.painting.parts import Part, measured, named_parts, placed_parts, where
from aigc.models.painting.prompt import Coat, Reading
from aigc.models.painting.vocabulary import REGIONS, SMALL

OWN = -1  # the mesh's own colours
_BY_HEIGHT = {"roof", "left", "right", "front", "back", "neck", "middle"}


@dataclass
class Coating:
    """A surface divided among coats.

    Args:
        parts: by falling area. label: int32 (m,), the part of each face.
        coats: what the prompt asks for. of_part: part's label -> number of its coat.
        rules: (word, side, number of the coat), for words that only height and side can find.
        claimed: labels of parts that a word has found.
        placed: word -> how it was found: name, place, height or size. lost: words that were not found.
    """

    parts: list[Part]
    label: IntArray
    coats: list[Coat] = field(default_factory=list)
    of_part: dict[int, int] = field(default_factory=dict)
    rules: list[tuple[str, str, int]] = field(default_factory=list)
    claimed: set[int] = field(default_factory=set)
    placed: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def at(self, face: IntArray, places: FloatArray, normals: FloatArray) -> IntArray:
        """int32 (k,): the number of the coat of these points, or `OWN`. `places` are in the box, 0 to 1."""
        table = np.full(int(self.label.max()) + 1, OWN, np.int32)
        for label, number in self.of_part.items():
            table[label] = number
        found = table[self.label[face]]
        for word, side, number in self.rules:
            mine = where(word, places, normals)
            if side:
                mine &= where(side, places, normals)
            found[mine] = number
        return found


def divide(canvas: Canvas, meshes: list[Mesh], reading: Reading, how: str) -> Coating:
    """The coats of a reading, each upon its part.

    Args:
        how: auto, mesh, shape or none: where parts come from.
    """
    low = canvas.positions.min(axis=0)
    span = np.maximum(np.ptp(canvas.positions, axis=0), 1e-9)
    label, names = _labels(canvas, meshes, reading, how)
    centres = (canvas.positions[canvas.faces].mean(axis=1) - low) / span
    areas = np.linalg.norm(face_normals(canvas.positions, canvas.faces), axis=1)
    coating = Coating(measured(centres.astype(np.float32), areas, label, names), label)
    if reading.whole is not None:
        _spread(coating, reading.whole)
    for word, side, coat in reading.parts:
        _place(coating, word, side, coat, reading.whole is not None)
    return coating


def _spread(coating: Coating, whole: Coat) -> None:
    """The coat of the whole; two colours without a pattern take turns among the parts."""
    coating.coats.append(whole)
    if whole.second is not None and whole.pattern is None and whole.material is None:
        if len(coating.parts) > 1:
            first = Coat(whole.color, None, None, None, whole.gloss)
            coating.coats = [first, Coat(whole.second, None, None, None, whole.gloss)]
        else:
            coating.coats = [Coat(whole.color, whole.second, None, "blend", whole.gloss)]
    coating.of_part = {part.label: rank % len(coating.coats) for rank, part in enumerate(coating.parts)}


def _place(coating: Coating, word: str, side: str, coat: Coat, has_whole: bool) -> None:
    """One coat of one part."""
    number = len(coating.coats)
    found, how = named_parts(word, coating.parts), "name"
    if not found and word not in _BY_HEIGHT:
        found, how = placed_parts(word, coating.parts), "place"
    if side:
        found = [part for part in found if (part.centre[0] > 0.5) == (side == "left")]
    if not found and word in REGIONS:
        coating.coats.append(coat)
        coating.rules.append((word, side, number))
        coating.placed[word] = "height"
        return
    if not found and word not in SMALL:
        # The largest part is what the prompt speaks of as a whole, if it does.
        free = [part for part in coating.parts[has_whole:] if part.label not in coating.claimed]
        found, how = free[:1], "size"
    if not found:
        coating.lost.append(word)
        return
    coating.coats.append(coat)
    coating.placed[word] = how
    for part in found:
        coating.of_part[part.label] = number
        coating.claimed.add(part.label)


def _labels(canvas: Canvas, meshes: list[Mesh], reading: Reading, how: str) -> tuple[IntArray, dict[int, str]]:
    """The part of each face, and what the file calls the parts."""
    one = np.zeros(len(canvas.faces), np.int32)
    wanted = bool(reading.parts) or (reading.whole is not None and reading.whole.second is not None)
    if how == "none" or (how == "auto" and not wanted and len(meshes) == 1):
        return one, {}
    if how != "shape" and len(meshes) > 1:
        return canvas.owner, {index: f"{mesh.name} {mesh.material.name}".lower() for index, mesh in enumerate(meshes)}
    if how != "shape":
        count, piece = shells(canvas.faces, len(canvas.positions))
        if count > 1 or how == "mesh":
            return piece, {}
    return segment(canvas.positions, canvas.faces), {}
