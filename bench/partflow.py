"""The part flow against the parametric shape library: held-out captions scored, and sixty prompts drawn side by side.

python -m bench.partflow [--captions 190] [--sheet FILE]

The captions are of another seed than those of the training, and say things in combinations that it has not seen. Three
answers to each are compared: the network's, the library's, and the library's with another seed, which is as near as two
good answers come. What is scored, of primitives alone:

kind     the nearest of the library's shapes, by the mean distance of surface points, is the one that was asked for
legs     of seats and tables, as many things stand on the ground as the caption counts
color    something like the colour that was named covers at least a fifth of the surface
parts    as many primitives as the library uses
apart    share of primitives that hung in the air and were left out
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from manifold3d import Manifold
from PIL import Image, ImageDraw
from scipy.spatial import cKDTree

from aigc.mesh.normals import split_at_creases
from aigc.mesh.preview import thumbnail
from aigc.mesh.types import Mesh
from aigc.models.partflow import decode, net, tokens
from aigc.models.partflow.captions import SHAPES, Request, dressed, subject
from aigc.models.partflow.data import answer
from aigc.models.partflow.model import WEIGHTS
from aigc.models.partflow.primitives import Primitive, Values
from aigc.models.partflow.prompt import PromptReader
from aigc.models.partflow.sampler import Request as Asked
from aigc.models.partflow.sampler import Sampling
from aigc.models.shapes.assemble import assemble, build_pieces
from aigc.models.shapes.builder import Piece
from aigc.models.shapes.palette import color_of
from aigc.models.shapes.retrieval import Retriever
from aigc.models.shapes.words import Wishes, read_wishes
from bench.harness import HERE

HELD_OUT_SEED = 1
_BATCH = 40
_POINTS = 400
_LEGGED = {"chair", "stool", "table"}
PROMPTS = (
    "a chair", "a red chair with three legs", "a blue armchair", "a wooden table with five legs",
    "a purple sofa with two cushions",
    "a bed", "a park bench", "a tall bookshelf", "a cabinet", "a lamp", "a red car", "a yellow taxi", "a police car",
    "a green truck", "a school bus", "a steam train", "an airplane", "a helicopter", "a rocket", "a pirate ship",
    "a hot air balloon", "a castle with six towers", "a brick house", "a church", "a lighthouse", "a windmill",
    "a skyscraper", "a tent", "a well", "a robot", "a gold robot", "a snowman", "a ghost", "a knight", "a wizard",
    "an elephant", "a giraffe", "a dog", "a black cat", "a horse", "a cow", "a pig", "a rabbit", "a teddy bear",
    "a penguin", "a duck", "a dinosaur", "a turtle", "a tree", "a pine tree", "a green cactus", "a red flower",
    "a mushroom", "a blue mug", "a teapot", "a barrel", "a hammer", "a sword", "a birthday cake", "a hamburger",
)  # fmt: skip


def main() -> None:
    """Scores into `results/partflow.json`, and the sheet into a picture."""
    parser = argparse.ArgumentParser(prog="python -m bench.partflow", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--captions", type=int, default=190)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    if options.captions:
        scores = scored(options.captions)
        print(json.dumps(scores, indent=1))
        (HERE / "results" / "partflow.json").write_text(json.dumps(scores, indent=1) + "\n")
    if options.sheet:
        sheet(PROMPTS).save(options.sheet, quality=82)


def held_out(count: int) -> list[Request]:
    """So many captions, in turn of all shapes."""
    made = []
    for number in range(count):
        random = np.random.default_rng([HELD_OUT_SEED, number])
        made.append(dressed(random, subject(random, SHAPES[number % len(SHAPES)])))
    return made


def scored(count: int) -> dict[str, Any]:
    """The scores of the three answers to so many captions, as shares of 1."""
    captions = held_out(count)
    network, facts = net.load(WEIGHTS, "cpu")
    by_name = {shape.name: shape for shape in SHAPES}
    library = [answer(one.text, by_name[one.shape], 0, 0.5) for one in captions]
    again = [answer(one.text, by_name[one.shape], 7, 0.5) for one in captions]
    kinds = _Kinds()
    answers = {"network": drawn(network, [one.text for one in captions]), "library": again}
    result: dict[str, Any] = {"captions": count, "training": facts}
    for name, sets in answers.items():
        scores: dict[str, list[float]] = {
            "kind": [],
            "kind in 3": [],
            "legs": [],
            "color": [],
            "parts": [],
            "apart": [],
        }
        for request, parts, model in zip(captions, sets, library, strict=True):
            places = kinds.nearest(parts)
            scores["kind"].append(places[0] == request.shape)
            scores["kind in 3"].append(request.shape in places[:3])
            if request.part == "leg" and request.shape in _LEGGED:
                scores["legs"].append(standing(parts) == request.count)
            if request.color and covers(model, request.color):
                scores["color"].append(covers(parts, request.color))
            scores["parts"].append(len(parts) == len(model))
            scores["apart"].append(decode.pieces(parts)[1] / len(parts))
        result[name] = {key: round(float(np.mean(values)), 3) for key, values in scores.items()}
        result["of those counted"] = {"legs": len(scores["legs"]), "color": len(scores["color"])}
    return result


def drawn(network: net.PartFlow, captions: Sequence[str]) -> list[list[Primitive]]:
    """What the network draws for each caption."""
    vectors, words = PromptReader().read(captions)
    made: list[list[Primitive]] = []
    for start in range(0, len(captions), _BATCH):
        lot = range(start, min(start + _BATCH, len(captions)))
        sampling = Sampling(network, [Asked(vectors[k], words[k], k) for k in lot], "cpu")
        while not all(map(sampling.is_over, sampling.jobs)):
            sampling.step()
        made += [tokens.decode(sampling.rows(job)) for job in sampling.jobs]
    return made


def standing(parts: Sequence[Primitive]) -> int:
    """How many slender primitives stand on the ground."""
    low = min(float((part.centre - part.reach)[1]) for part in parts)
    feet = [part for part in parts if (part.centre - part.reach)[1] < low + 0.04 and part.reach[1] > 0.15]
    return sum(2 if part.mirror and abs(part.centre[0]) > 0.012 else 1 for part in feet)


def covers(parts: Sequence[Primitive], color: str) -> bool:
    """Whether something like the colour covers a fifth of the surface."""
    wanted = np.array(color_of(color) or (0, 0, 0))
    area = np.array([part.solid().surface_area() * (1 + part.mirror) for part in parts])
    near = np.array([np.abs(np.array(part.finish.color) - wanted).max() < 0.16 for part in parts])
    return bool(area[near].sum() > 0.2 * area.sum())


def surface(parts: Sequence[Primitive]) -> Values:
    """float64 (_POINTS, 3): points of the surface, spread by area."""
    solids = [one.solid() for part in parts for one in ([part, part.mirrored()] if part.mirror else [part])]
    mesh = Manifold.compose(solids).to_mesh()
    corners = np.asarray(mesh.vert_properties[:, :3], float)[np.asarray(mesh.tri_verts, np.int64)]
    a, b, c = (corners[:, k] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    random = np.random.default_rng(0)
    chosen = random.choice(len(area), _POINTS, p=area / area.sum())
    u, v = random.random((2, _POINTS, 1))
    flip = u + v > 1
    u, v = np.where(flip, 1 - u, u), np.where(flip, 1 - v, v)
    return np.asarray(a[chosen] + u * (b - a)[chosen] + v * (c - a)[chosen])


class _Kinds:
    """What each shape looks like."""

    def __init__(self) -> None:
        self._names = [shape.name for shape in SHAPES]
        self._clouds = [surface(answer(f"a {shape.name}", shape, 100, 0.5)) for shape in SHAPES]
        self._trees = [cKDTree(cloud) for cloud in self._clouds]

    def nearest(self, parts: Sequence[Primitive]) -> list[str]:
        """The shapes' names, the most alike first."""
        cloud = surface(parts)
        tree = cKDTree(cloud)
        away = [
            float(tree.query(other)[0].mean() + known.query(cloud)[0].mean())
            for other, known in zip(self._clouds, self._trees, strict=True)
        ]
        return [self._names[k] for k in np.argsort(away)]


@dataclass(frozen=True)
class _Tile:
    side: int = 130
    title: int = 14


def sheet(prompts: Sequence[str], columns: int = 6) -> Image.Image:
    """Each prompt with what the library makes of it at the left and what the network draws at the right.

    Pieces have their plain colours, without the patterns that are baked into a result.
    """
    tile = _Tile()
    network, _ = net.load(WEIGHTS, "cpu")
    retriever = Retriever()
    rows = -(-len(prompts) // columns)
    picture = Image.new("RGB", (columns * 2 * tile.side, rows * (tile.side + tile.title)), "white")
    pen = ImageDraw.Draw(picture)
    for number, (prompt, parts) in enumerate(zip(prompts, drawn(network, prompts), strict=True)):
        left, top = number % columns * 2 * tile.side, number // columns * (tile.side + tile.title)
        pen.text((left + 4, top + 1), prompt, fill="black")
        shape = retriever.match(prompt).shape
        wishes = read_wishes(prompt, shape.parts, shape.names)
        for place, pieces in enumerate((build_pieces(shape, wishes, 3, 0.5), decode.pieces(parts)[0])):
            small = _picture(pieces, wishes if place == 0 else Wishes(), tile.side)
            picture.paste(small, (left + place * tile.side, top + tile.title), small)
    return picture


def _picture(pieces: list[Piece], wishes: Wishes, side: int) -> Image.Image:
    assembly = assemble(pieces, wishes, 1.0, 8_000, lambda _: None)
    source, faces, normals = split_at_creases(assembly.positions, assembly.faces, 38.0)
    colors = np.array([(*piece.finish.color, 1.0) for piece in pieces])[assembly.piece]
    mesh = Mesh(
        assembly.positions[source][faces].reshape(-1, 3),
        np.arange(3 * len(faces), dtype=np.int32).reshape(-1, 3),
        normals=normals[faces].reshape(-1, 3),
        colors=np.repeat((255 * colors).astype(np.uint8), 3, axis=0),
    )
    return Image.open(io.BytesIO(thumbnail(mesh, size=side))).convert("RGBA")


if __name__ == "__main__":
    main()
