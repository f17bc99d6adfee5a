"""A mesh painted as a sentence says: solid textures by colour, material and pattern words, part by part.

This is no generative network: it knows words, not the world. The result says which words were understood.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any

import numpy as np

from aigc.features.base import power_of_two
from aigc.features.text_mesh_painting import SolidPaintParameters
from aigc.mesh.ambient import coarse_texels, open_sky
from aigc.mesh.appearance import Appearance
from aigc.mesh.canvas import Canvas, lay_canvas
from aigc.mesh.export import mesh_outputs, texture_outputs
from aigc.mesh.keys import distinct
from aigc.mesh.preview import thumbnail
from aigc.mesh.rays import RayScene
from aigc.mesh.read import read_mesh
from aigc.mesh.shading import linear_to_srgb
from aigc.mesh.transfer import has_colors
from aigc.mesh.types import BoolArray, FloatArray, IntArray, Mesh
from aigc.models.painting.coating import OWN, Coating, divide
from aigc.models.painting.patterns import ALL_PATTERNS
from aigc.models.painting.prompt import Coat, Reading, read_prompt, vocabulary
from aigc.models.painting.wear import age, chips, edges
from aigc.models.shapes.finish import Finish, Frame, Spots, paint
from aigc.models.shapes.lexicon import Lexicon, words_of
from aigc.models.shapes.sentence import SentenceEncoder, weights_folder
from aigc.models.shapes.weather import weather
from aigc.runner.model import InputInvalid, Output, Progress, Result

_STEPS = 7
_MOST_FACES = 300_000
_LONGEST_PROMPT = 2000
_MOST_STRANGERS = 64  # unknown words that are compared with the known ones
_NEAR = 0.62  # likeness from which an unknown word is taken for a known one
_SPELT = 0.85  # share of letters from which an unknown word is taken for a known one misspelt
_ROUND = 0.8  # from here on a part counts as round about its axis
_EXAMPLE = "name colours, materials or patterns, for example: red brick with a slate roof, zebra stripes, mossy stone"


class SolidPaint:
    """Serves text_mesh_painting."""

    def load(self, device: str) -> None:
        """Read the sentence encoder; everything runs on the CPU."""
        folder = weights_folder()
        self._encoder = SentenceEncoder(folder) if folder else None
        self._words = vocabulary()
        self._vectors = self._encoder.encode(self._words) if self._encoder else None
        self._lexicon = Lexicon(self._encoder.pieces if self._encoder else ())

    def unload(self) -> None:
        """Forget it."""
        del self._encoder, self._vectors, self._lexicon

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """The mesh `inputs["mesh"]` with one texture that looks as `inputs["text"]` says.

        Raises:
            InputInvalid: the mesh cannot be read, or no word of the prompt says how anything looks.
        """
        settings = SolidPaintParameters(**params)
        progress(0.01, "preprocessing", 1, _STEPS, "reading the prompt")
        reading = self._read(inputs["text"], progress)
        progress(0.04, "preprocessing", 2, _STEPS, "reading the mesh")
        meshes = read_mesh(inputs["mesh"], _MOST_FACES)
        resolution = power_of_two(settings.texture_resolution)
        canvas = lay_canvas(
            meshes,
            resolution,
            lambda share, doing: progress(0.06 + 0.3 * share, "preprocessing", 3, _STEPS, doing),
            settings.keep_uv,
        )
        if canvas.uv_fault:
            progress.warn(f"{canvas.uv_fault}, so the mesh was unwrapped anew")
        progress(0.38, "sampling", 4, _STEPS, "looking for the parts")
        coating = divide(canvas, meshes, reading, settings.parts)
        for word in coating.lost:
            progress.warn(
                f"no part of this mesh could be recognised as {word!r}; name its parts in the file, or say top, "
                "bottom, left, right, front or back instead"
            )
        painted = _painted(canvas, meshes, coating, reading, settings, progress)
        progress(0.93, "exporting", 7, _STEPS, "writing the mesh")
        info = {
            "method": "solid textures by words",
            "understood": list(dict.fromkeys(reading.understood)),
            "taken_for": reading.near,
            "not_understood": list(dict.fromkeys([*reading.unknown, *coating.lost])),
            "thing": reading.thing,
            "parts": len(coating.parts),
            "found_by": coating.placed,
        }
        outputs = mesh_outputs(painted, settings.output_format, extras={"model": "solid textures"})
        if settings.output_format == "glb":
            outputs += texture_outputs(painted)
        drawing = partial(progress, 0.96, "exporting", 7, _STEPS, "drawing the thumbnail")
        outputs.append(Output("thumbnail.png", "thumbnail", thumbnail(painted, between=drawing)))
        return Result(outputs, info)

    def _read(self, text: str, progress: Progress) -> Reading:
        """The prompt, understood; what was not is said in warnings."""
        if not re.search(r"\w", text):
            raise InputInvalid("the prompt has no words", _EXAMPLE)
        if len(text) > _LONGEST_PROMPT:
            progress.warn(f"only the first {_LONGEST_PROMPT:,} of {len(text):,} characters of the prompt were read")
        reading = read_prompt(text[:_LONGEST_PROMPT], self._nearest)
        if reading.whole is None and not reading.parts and not reading.weather:
            raise InputInvalid(
                f"no word of {text[:80]!r} names a colour, a material or a pattern that is known here "
                "(in English, and the commonest in German, French, Spanish and Chinese)",
                _EXAMPLE,
            )
        for word, known in reading.near.items():
            progress.warn(f"{word!r} is not known and was taken for {known!r}")
        if reading.unknown:
            strange = ", ".join(list(dict.fromkeys(reading.unknown))[:12])
            progress.warn(f"these words say nothing here and were passed over: {strange}")
        return reading

    def _nearest(self, words: Sequence[str]) -> dict[str, str]:
        """The known word that each of these comes near to, if any: in meaning if it is English, else in spelling."""
        words = [word for word in words if re.fullmatch(r"[a-z'-]{3,}", word)][:_MOST_STRANGERS]
        misspelt = {word: get_close_matches(word, self._words, 1, _SPELT) for word in words if not self._knows(word)}
        return {word: found[0] for word, found in misspelt.items() if found} | self._meant(
            [word for word in words if word not in misspelt]
        )

    def _knows(self, word: str) -> bool:
        return all(self._lexicon.knows(piece) for piece in words_of(word))

    def _meant(self, words: list[str]) -> dict[str, str]:
        if self._encoder is None or self._vectors is None or not words:
            return {}
        likeness = self._encoder.encode(words) @ self._vectors.T
        best = likeness.argmax(axis=1)
        return {
            word: self._words[index]
            for word, index, row in zip(words, best.tolist(), likeness, strict=True)
            if row[index] > _NEAR
        }


def _painted(
    canvas: Canvas,
    meshes: list[Mesh],
    coating: Coating,
    reading: Reading,
    settings: SolidPaintParameters,
    progress: Progress,
) -> Mesh:
    """The mesh with every texel painted."""
    count = len(canvas.cover.index)
    color, surface = np.zeros((count, 3), np.float32), np.zeros((count, 2), np.float32)
    chip = np.zeros(count, np.float32)
    coats = _Coats(canvas, meshes, coating, settings)
    for block in canvas.blocks():
        progress(0.45 + 0.2 * block.start / count, "texturing", 5, _STEPS, "painting")
        coats.paint(block, color, surface, chip)
    coarse = coarse_texels(canvas.cover)
    scene = RayScene(canvas.positions, canvas.faces)
    points, normals = canvas.at(coarse)

    def light(share: float) -> None:
        progress(0.66 + 0.1 * share, "texturing", 6, _STEPS, "casting ambient light")

    def wear(share: float) -> None:
        progress(0.77 + 0.1 * share, "texturing", 6, _STEPS, "wearing the edges")

    sky = open_sky(scene, canvas.cover, coarse, points, normals, canvas.extent, light)
    edge = edges(scene, canvas.cover, coarse, points, normals, canvas.extent, wear)
    for block in canvas.blocks():
        progress(0.88 + 0.04 * block.start / count, "texturing", 6, _STEPS, "weathering")
        points, normals = canvas.at(block)
        points = coats.units(points)
        age(color[block], surface[block, 0], sky[block], edge[block] * chip[block], points, settings.wear)
        weather(color[block], surface[block], points, normals, reading.weather)
    look = np.concatenate([sky[:, None], np.clip(surface, 0, 1)], axis=1)
    return canvas.painted(np.clip(color, 0, 1), look, "painted", jpeg=True)


class _Coats:
    """All coats, ready to be laid on any run of texels."""

    def __init__(self, canvas: Canvas, meshes: list[Mesh], coating: Coating, settings: SolidPaintParameters) -> None:
        self._canvas, self._coating = canvas, coating
        self._low = canvas.positions.min(axis=0)
        self._span = np.maximum(np.ptp(canvas.positions, axis=0), 1e-9)
        self._extent = np.float32(canvas.extent)
        size = settings.pattern_size
        self._finishes = [_sized(coat, size) for coat in coating.coats]
        self._frames = {
            part.label: _frame(canvas, coating.label == part.label, self._low, settings.seed + rank)
            for rank, part in enumerate(coating.parts)
        }
        self._ends = {part.label: np.stack([part.low, part.high]) * self._span / self._extent for part in coating.parts}
        own = settings.keep_colors and has_colors(meshes)
        self._meshes = meshes if own else []
        self._appearances = [Appearance(mesh) for mesh in self._meshes]
        self._bare = _sized(Coat(), size)

    def units(self, points: FloatArray) -> FloatArray:
        """Points from the box's corner, in extents."""
        return np.asarray((points - self._low) / self._extent, np.float32)

    def paint(self, block: slice, color: FloatArray, surface: FloatArray, chip: FloatArray) -> None:
        """Lay the coats on these texels, in place."""
        canvas = self._canvas
        points, normals = canvas.at(block)
        face = canvas.cover.face[block]
        number = self._coating.at(face, (points - self._low) / self._span, normals)
        label = self._coating.label[face]
        units = self.units(points)
        offset = block.start
        key = (number.astype(np.int64) + 1) * (int(self._coating.label.max()) + 1) + label
        for value in np.unique(key).tolist():
            mine = np.flatnonzero(key == value)
            coat, part = int(number[mine[0]]), int(label[mine[0]])
            if coat == OWN and self._meshes:
                self._keep(mine + offset, color, surface)
                continue
            finish = self._bare if coat == OWN else self._finishes[coat]
            # The ends of the part are added, so that a gradient is the same in every block.
            ends = self._ends[part].astype(np.float32)
            spots = Spots(
                np.concatenate([units[mine], ends]),
                np.concatenate([normals[mine], np.zeros_like(ends)]),
                self._frames[part],
            )
            tone, rough, metallic = paint(finish, spots, ALL_PATTERNS)
            target = mine + offset
            color[target], surface[target, 0], surface[target, 1] = tone[:-2], rough[:-2], metallic[:-2]
            chip[target] = chips(finish.pattern)

    def _keep(self, texels: IntArray, color: FloatArray, surface: FloatArray) -> None:
        """The mesh's own colours on these texels."""
        canvas = self._canvas
        face = canvas.cover.face[texels]
        for index, mesh in enumerate(self._meshes):
            mine = np.flatnonzero(canvas.owner[face] == index)
            if len(mine):
                corners = mesh.faces[canvas.origin[face[mine]]]
                linear, metallic, rough = self._appearances[index].at(mesh, corners, canvas.cover.weights[texels[mine]])
                target = texels[mine]
                color[target], surface[target, 0], surface[target, 1] = linear_to_srgb(linear), rough, metallic


def _sized(coat: Coat, size: float) -> Finish:
    finish = coat.finish()
    return Finish(finish.pattern, finish.color, finish.second, finish.roughness, finish.metallic, finish.size * size)


def _frame(canvas: Canvas, mine: BoolArray, low: FloatArray, number: int) -> Frame:
    """Where a part lies, and whether it is round about the vertical."""
    points = canvas.positions[distinct(canvas.faces[mine])]
    lowest, highest = points.min(axis=0), points.max(axis=0)
    centre = (lowest + highest) / 2
    corners = canvas.positions[canvas.faces[mine]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, [0, 2]]
    radius = (corners.mean(axis=1) - centre)[:, [0, 2]]
    area = np.linalg.norm(normal, axis=1)
    facing = np.einsum("ij,ij->i", normal, radius) / np.maximum(area * np.linalg.norm(radius, axis=1), 1e-20)
    evenness = np.ptp(points[:, 0]) / max(float(np.ptp(points[:, 2])), 1e-9)
    turned = 0.7 < evenness < 1.4 and float((facing * area).sum()) > _ROUND * max(float(area.sum()), 1e-20)
    # A box faces outwards as well, but only in four directions.
    turn = np.arctan2(normal[:, 0], normal[:, 1])
    filled = np.histogram(turn, 16, (-np.pi, np.pi), weights=area)[0]
    turned = turned and bool((filled > 0.02 * filled.sum()).sum() > 10)
    return Frame(
        ((centre - low) / canvas.extent).astype(np.float32),
        int(np.argmax(highest - lowest)),
        bool(turned),
        float(number % 1009),
    )
