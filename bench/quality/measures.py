"""Numbers for what a model made, one function for each feature; `common` is measured for all.

A measure is told its unit in its name where it is no share. Shares and overlaps are 0 to 1.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import igl
import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import cKDTree

from aigc.mesh.bake import texels
from aigc.mesh.segments import segment
from aigc.mesh.simplify import simplify
from aigc.models.foreground import Foreground
from bench.quality.cases import Case
from bench.quality.looking import look, read, welded
from tests.mesh.segment_kit import agreement, turned

Array = NDArray[Any]
Values = dict[str, float]


@dataclass(frozen=True)
class Made:
    """What came out of one case."""

    case: Case
    inputs: dict[str, str]
    files: dict[str, tuple[str, bytes]]
    """Name -> role and content."""
    info: dict[str, Any]

    @property
    def main(self) -> tuple[str, bytes]:
        """Format and content of the main file."""
        name, (_, data) = next((name, file) for name, file in self.files.items() if file[0] == "model")
        return name.rsplit(".", 1)[1], data

    @property
    def meshes(self) -> list[trimesh.Trimesh]:
        """Those of the main file."""
        kind, data = self.main
        return read(data, kind)

    def of_role(self, role: str) -> dict[str, bytes]:
        """The files of that role."""
        return {name: data for name, (kind, data) in self.files.items() if kind == role}


def common(made: Made) -> Values:
    """What every mesh can be asked."""
    meshes = made.meshes
    whole = welded(meshes)
    edges = np.sort(whole.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    values = {
        "triangles": float(sum(len(mesh.faces) for mesh in meshes)),
        "watertight": float((counts == 2).all()),
        "open edges": float((counts == 1).sum() / len(counts)),
        "thumbnail": float(bool(made.of_role("thumbnail"))),
    }
    charts = [mesh for mesh in meshes if getattr(mesh.visual, "uv", None) is not None]
    if charts:
        values |= _texture_space(charts)
    return values


def _texture_space(meshes: list[trimesh.Trimesh]) -> Values:
    """How well the textures are used: covered share of the squares, overlap of islands, stretch of areas.

    Islands overlap only where they lie on the same texture.
    """
    uv = np.concatenate([np.asarray(mesh.visual.uv) for mesh in meshes]).astype(np.float32)
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)]).astype(np.int32)
    pictures = [_picture_of(mesh) for mesh in meshes]
    names = list(dict.fromkeys(pictures))
    square = np.repeat([names.index(picture) for picture in pictures], [len(mesh.faces) for mesh in meshes])
    corners = uv[faces].astype(np.float64)
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    flat = np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]) / 2
    solid = np.concatenate([mesh.area_faces for mesh in meshes])
    used = (solid > 1e-12) & (flat > 1e-12)
    covered = sum(len(texels(uv, faces[square == number], 512).index) for number in range(len(names))) / 512**2
    ratio = flat[used] / solid[used]
    weight = solid[used] / solid[used].sum()
    mean = float((ratio * weight).sum())
    spread = float((np.abs(np.log2(ratio / mean)) * weight).sum())
    return {
        "uv coverage": covered / len(names),
        "uv overlap": max(0.0, float(flat.sum()) - covered) / max(float(flat.sum()), 1e-9),
        "uv stretch, octaves": spread,
    }


def _picture_of(mesh: trimesh.Trimesh) -> bytes:
    """What tells one texture from another; nothing for a mesh without one."""
    picture = getattr(getattr(mesh.visual, "material", None), "baseColorTexture", None)
    return b"" if picture is None else picture.tobytes()


def of_picture(made: Made) -> Values:
    """Does the mesh look like the picture from the front: outline, and colours where both are."""
    picture = np.asarray(Image.open(made.inputs["image"]).convert("RGBA"))
    mask = np.asarray(Foreground().find(picture).mask) > 0.5
    return _likeness(made, picture, mask, 0.0)


def _likeness(made: Made, picture: Array, mask: Array, azimuth: float) -> Values:
    seen = look(made.meshes, azimuth)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    size = (seen.mask.shape[1], seen.mask.shape[0])
    wanted = cv2.resize(mask[box].astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
    overlap = (wanted & seen.mask).sum() / max(1, (wanted | seen.mask).sum())
    values = {"silhouette overlap": float(overlap)}
    aspect = (columns[-1] - columns[0] + 1) / (rows[-1] - rows[0] + 1) / (size[0] / size[1])
    values["aspect error"] = float(abs(np.log2(aspect)))
    if any(getattr(mesh.visual, "uv", None) is not None for mesh in made.meshes):
        both = cv2.erode((wanted & seen.mask).astype(np.uint8), np.ones((5, 5))) > 0
        target = cv2.resize(np.ascontiguousarray(picture[..., :3][box]), size, interpolation=cv2.INTER_AREA)
        difference = np.abs(_lab(target) - _lab(seen.colors))[both]
        values["colour error, ΔE"] = float(np.linalg.norm(difference, axis=1).mean()) if both.any() else 100.0
    return values


def _lab(rgb: Array) -> Array:
    """CIELAB, 100 units from black to white."""
    return cv2.cvtColor(np.ascontiguousarray(rgb, np.uint8).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def of_text(made: Made) -> Values:
    """How near the model says that its shape is to the words."""
    return {name: float(made.info[key]) for key, name in (("score", "own score"),) if key in made.info}


def of_retopology(made: Made) -> Values:
    """Distance between old and new surface, in thousandths of the diagonal, both ways."""
    before, after = welded(_input_mesh(made)), welded(made.meshes)
    diagonal = float(np.linalg.norm(before.bounds[1] - before.bounds[0]))
    one, two = (trimesh.sample.sample_surface(mesh, 20_000, seed=1)[0] for mesh in (before, after))
    there, back = cKDTree(two).query(one)[0], cKDTree(one).query(two)[0]
    sampling = cKDTree(trimesh.sample.sample_surface(before, 20_000, seed=2)[0]).query(one)[0]
    both = np.concatenate([there, back])
    return {
        "mean distance, ‰ of the diagonal": 1000 * float(max(0.0, both.mean() - sampling.mean())) / diagonal,
        "99 % distance, ‰": 1000 * float(np.quantile(both, 0.99)) / diagonal,
        "vertices": float(len(after.vertices)),
    }


def of_segmentation(made: Made) -> Values:
    """Parts, how level their sizes are, and whether the same are found in the mesh turned, and with half its faces."""
    areas = np.array([mesh.area for mesh in made.meshes])
    share = areas / areas.sum()
    values = {"parts": float(len(areas)), "largest part": float(share.max()), "smallest part": float(share.min())}
    whole = welded(_input_mesh(made))
    points, faces = whole.vertices.astype(np.float32), whole.faces.astype(np.int32)
    labels, weight = segment(points, faces), np.asarray(whole.area_faces)
    values["stability, turned"] = agreement(labels, segment(turned(points), faces), weight)
    fewer, coarse = simplify(points, faces, max(500, len(faces) // 2))
    nearest = cKDTree(fewer[coarse].mean(axis=1)).query(points[faces].mean(axis=1))[1]
    values["stability, half the faces"] = agreement(labels, segment(fewer, coarse)[nearest], weight)
    return values


def of_completion(made: Made) -> Values:
    """Share of the parts that are closed."""
    # By file: in the main one a part that shows several materials is several meshes.
    kind, whole = made.main
    parts = (made.of_role("part") or {f"mesh.{kind}": whole}).items()
    closed = [welded(read(data, name.rsplit(".", 1)[1])).is_watertight for name, data in parts]
    return {"parts": float(len(closed)), "closed parts": float(np.mean(closed))}


def of_rig(made: Made) -> Values:
    """What a rig must keep, read from the GLB's own bytes."""
    document, binary = _chunks(made.main[1])
    skin = document["skins"][0]
    weights = _accessors(document, binary, "WEIGHTS_0")
    names = [document["nodes"][node].get("name", "") for node in skin["joints"]]
    inverse = _accessor(document, binary, skin["inverseBindMatrices"]).reshape(-1, 4, 4)
    joints = np.array([np.linalg.inv(each.T)[:3, 3] for each in inverse.astype(np.float64)])
    whole = welded(made.meshes)
    inside = np.abs(_winding(whole, joints)) > 0.5
    return _mirrored(dict(zip(names, joints, strict=True)), whole) | {
        "joints": float(len(names)),
        "joints inside": float(inside.mean()),
        "weights sum to one": float(np.abs(weights.sum(axis=1) - 1).max() < 1e-3),
        "named by a template": float(any("hips" in name.lower() or "pelvis" in name.lower() for name in names)),
    }


def _mirrored(joints: dict[str, Array], whole: trimesh.Trimesh) -> Values:
    """How far left joints are from the mirror images of right ones, in hundredths of the height; none without pairs."""
    pairs = [
        (joints[name], joints[other])
        for name in joints
        if "left" in name and (other := name.replace("left", "right")) in joints
    ]
    if not pairs:
        return {}
    left, right = (np.array(side) for side in zip(*pairs, strict=True))
    axis = int(np.argmax(np.abs(left - right).mean(axis=0)))
    middle = (left + right)[:, axis].mean() / 2
    mirrored = right.copy()
    mirrored[:, axis] = 2 * middle - mirrored[:, axis]
    height = float(whole.bounds[1][1] - whole.bounds[0][1])
    return {"left against right, % of the height": 100 * float(np.linalg.norm(left - mirrored, axis=1).mean()) / height}


def _winding(mesh: trimesh.Trimesh, points: Array) -> Array:
    return np.asarray(igl.fast_winding_number(mesh.vertices, mesh.faces.astype(np.int64), points))


def of_image_painting(made: Made) -> Values:
    """Likeness from the view that the model found."""
    picture = np.asarray(Image.open(made.inputs["image"]).convert("RGBA"))
    mask = np.asarray(Foreground().find(picture).mask) > 0.5
    return _likeness(made, picture, mask, float(made.info["azimuth"]))


def of_text_painting(made: Made) -> Values:
    """Distance of the mean colour to the one that the words name."""
    colors = [look(made.meshes, azimuth) for azimuth in (0, 90, 180, 270)]
    pixels = np.concatenate([seen.colors[seen.mask] for seen in colors])
    mean = np.median(pixels, axis=0)[None, None].astype(np.uint8)
    wanted = np.array(made.case.expected["color"], np.uint8)[None, None]
    return {"colour error, ΔE": float(np.linalg.norm(_lab(mean) - _lab(wanted)))}


def of_editing(made: Made) -> Values:
    """Share of the surface outside the region that stayed, and of that inside that changed."""
    before, after = welded(_input_mesh(made)), welded(made.meshes)
    points = trimesh.sample.sample_surface(before, 20_000, seed=1)[0]
    low, high = (np.array(each) for each in made.case.expected["box"])
    inside = ((points >= low) & (points <= high)).all(axis=1)
    diagonal = float(np.linalg.norm(before.bounds[1] - before.bounds[0]))
    squared = igl.point_mesh_squared_distance(points, after.vertices, after.faces.astype(np.int64))[0]
    distance = np.sqrt(squared) / diagonal
    return {
        "kept outside": float((distance[~inside] < 1e-4).mean()) if (~inside).any() else 1.0,
        "mean change inside, ‰ of the diagonal": 1000 * float(distance[inside].mean()) if inside.any() else 0.0,
    }


def _input_mesh(made: Made) -> list[trimesh.Trimesh]:
    path = Path(made.inputs["mesh"])
    return read(path.read_bytes(), path.suffix[1:])


def _chunks(glb: bytes) -> tuple[dict[str, Any], bytes]:
    size = int.from_bytes(glb[12:16], "little")
    return json.loads(glb[20 : 20 + size]), glb[28 + size :]


def _accessors(document: dict[str, Any], binary: bytes, name: str) -> Array:
    return np.concatenate(
        [
            _accessor(document, binary, primitive["attributes"][name])
            for mesh in document["meshes"]
            for primitive in mesh["primitives"]
            if name in primitive["attributes"]
        ]
    )


def _accessor(document: dict[str, Any], binary: bytes, index: int) -> Array:
    accessor = document["accessors"][index]
    view = document["bufferViews"][accessor["bufferView"]]
    width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}[accessor["type"]]
    kind = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}[accessor["componentType"]]
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    values = np.frombuffer(binary, kind, accessor["count"] * width, start).reshape(-1, width)
    return values / np.iinfo(kind).max if accessor.get("normalized") else values


MEASURES: dict[str, Callable[[Made], Values]] = {
    "image_to_raw_mesh": of_picture,
    "image_to_textured_mesh": of_picture,
    "text_to_raw_mesh": of_text,
    "text_to_textured_mesh": of_text,
    "mesh_retopology": of_retopology,
    "uv_unwrapping": lambda made: {},
    "mesh_segmentation": of_segmentation,
    "part_completion": of_completion,
    "auto_rig": of_rig,
    "image_mesh_painting": of_image_painting,
    "text_mesh_painting": of_text_painting,
    "text_mesh_editing": of_editing,
    "image_mesh_editing": of_editing,
}
