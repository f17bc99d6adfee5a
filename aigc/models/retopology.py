"""A cleaner net of faces upon the same surface: field-aligned quadrilaterals, or decimation."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pynanoinstantmeshes
from scipy.spatial import cKDTree

from aigc.features.base import power_of_two
from aigc.features.mesh_retopology import FieldQuadsParameters, QuadricParameters
from aigc.mesh.carry import carried
from aigc.mesh.export import mesh_outputs
from aigc.mesh.holes import border_loops, fill_holes, without_doublets
from aigc.mesh.normals import face_normals, split_at_creases
from aigc.mesh.preview import thumbnail
from aigc.mesh.quiet import silenced
from aigc.mesh.read import read_mesh
from aigc.mesh.simplify import simplify
from aigc.mesh.topology import compact, edge_counts, is_watertight, joined, parts, weld
from aigc.mesh.transfer import has_colors
from aigc.mesh.types import FloatArray, IntArray, Material, Mesh
from aigc.mesh.unwrap import unwrap, with_normals
from aigc.runner.model import InputInvalid, Output, Progress, Result

_STEPS = 6
_CREASE = 40.0
_LARGEST_HOLE = 40  # edges
_KEEP_QUADS, _KEEP_TEXTURES = ("obj", "ply"), ("obj", "glb", "usdz")
_MENDS = 3  # times less lost is worth twice as many vertices
_TOLD, _SAMPLES = 0.0003, 30_000  # share of a surface that is missing and told, and faces that are looked at
_FAR = 1.5  # edges of the new net
_LONGEST = 12  # square roots of the area; at 6 it takes 2 s, at 20 16 s, at 70 for ever
Settings = FieldQuadsParameters | QuadricParameters


class _Net(NamedTuple):
    """A new net: points, polygons, the triangles that these are cut into.

    Args:
        pieces: how many hung together before, and now.
        missing: share of the old surface that is nowhere near the new one.
    """

    points: FloatArray
    polygons: IntArray
    triangles: IntArray
    pieces: tuple[int, int]
    missing: float

    @property
    def losses(self) -> tuple[int, float]:
        """How many pieces are too many or too few, and what is missing, if it is worth telling."""
        return abs(self.pieces[1] - self.pieces[0]), self.missing if self.missing > _TOLD else 0.0


class _Retopology:
    """What both ways share: reading, carrying over the colours, writing."""

    parameters: type[Settings]
    method: str

    def load(self, device: str) -> None:
        """Nothing to read; everything runs on the CPU."""

    def unload(self) -> None:
        """Nothing to forget."""

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """The surface of `inputs["mesh"]` with about the wished number of vertices.

        Raises:
            InputInvalid: the mesh cannot be read, or the settings contradict the method.
        """
        settings = self.parameters(**params)
        self._check(settings)
        progress(0.03, "preprocessing", 1, _STEPS, "reading the mesh")
        source = read_mesh(inputs["mesh"])
        positions, faces = weld(*joined(source))
        positions, faces = _without_slivers(positions, faces)
        closed = is_watertight(faces)
        progress(0.15, "sampling", 2, _STEPS, f"rebuilding {len(faces):,} faces")
        first = self._net(positions, faces, closed, settings, settings.target_vertex_count)
        progress(0.25, "decoding", 3, _STEPS, "looking for what broke")
        again = self._again(first, closed, settings)
        net = first
        if again:
            progress(0.3, "sampling", 3, _STEPS, f"once more, with {again:,} vertices")
            net = _better(first, self._net(positions, faces, closed, settings, again), closed)
        points, polygons, triangles, pieces, missing = net
        if net is not first and again == 2 * settings.target_vertex_count:
            progress.warn(
                f"made with {len(points):,} vertices: with {settings.target_vertex_count:,} thin parts break; "
                "`keep_thin_parts` off keeps to the number"
            )
        quads = polygons if settings.poly_type == "quad" else None
        mesh = Mesh(points, triangles, quads=quads, name="retopology")
        borders = 0 if closed else len(border_loops(faces)), len(border_loops(triangles))
        _warn_of_borders(closed, triangles, borders, progress)
        _warn_of_losses(net, settings.target_vertex_count, progress)
        kind = settings.output_format
        if quads is not None and kind not in _KEEP_QUADS:
            progress.warn(f"{kind.upper()} holds triangles only: each quad is two of them; obj and ply keep quads")
        if settings.keep_texture and has_colors(source) and kind not in _KEEP_TEXTURES:
            progress.warn(f"{kind.upper()} holds no texture, and the colours are lost; glb, obj and usdz keep them")
        mesh = self._finished(mesh, source, settings, progress)
        progress(0.9, "exporting", 5, _STEPS, "writing the mesh")
        info = {
            "method": self.method,
            "vertices_before": len(positions),
            "vertices": len(points),
            "triangles_before": len(faces),
            "triangles": len(triangles),
            "quads": 0 if mesh.quads is None else int((mesh.quads[:, 2] != mesh.quads[:, 3]).sum()),
            "closed_before": closed,
            "closed": is_watertight(triangles),
            "borders_before": borders[0],
            "borders": borders[1],
            "pieces_before": pieces[0],
            "pieces": pieces[1],
            "surface_kept": round(1 - missing, 4),
        }
        outputs = mesh_outputs(mesh, settings.output_format, extras={"model": self.method})
        drawing = partial(progress, 0.95, "exporting", 6, _STEPS, "drawing the thumbnail")
        outputs.append(Output("thumbnail.png", "thumbnail", thumbnail(mesh, between=drawing)))
        return Result(outputs, info)

    def _check(self, settings: Settings) -> None:
        """Refuse settings that the method cannot fulfil."""

    def _rebuilt(
        self, positions: FloatArray, faces: IntArray, settings: Settings, vertices: int
    ) -> tuple[FloatArray, IntArray]:
        """The new points, about so many as `vertices`, and polygons."""
        raise NotImplementedError

    def _again(self, net: _Net, closed: bool, settings: Settings) -> int | None:
        """With how many vertices to try once more, if that may help."""
        return None

    def _net(self, positions: FloatArray, faces: IntArray, closed: bool, settings: Settings, vertices: int) -> _Net:
        points, polygons = self._rebuilt(positions, faces, settings, vertices)
        if closed:
            points, polygons = fill_holes(points, polygons, _LARGEST_HOLE)
        if polygons.shape[1] == 4:
            polygons = without_doublets(polygons)
        points, polygons = compact(points, polygons)
        triangles = _triangles(points, polygons)
        pieces = parts(faces, len(positions))[0], parts(triangles, len(points))[0]
        return _Net(points, polygons, triangles, pieces, _missing((positions, faces), (points, triangles)))

    def _finished(self, mesh: Mesh, source: list[Mesh], settings: Settings, progress: Progress) -> Mesh:
        """The mesh with normals, and with the old colours where there are any and they are wanted."""
        _, sharp, normals = split_at_creases(mesh.positions, mesh.faces, _CREASE)
        first = source[0].material
        if not (settings.keep_texture and has_colors(source) and settings.output_format in _KEEP_TEXTURES):
            plain = Material(first.name, first.base_color, first.metallic, first.roughness)
            if mesh.quads is not None and settings.output_format in _KEEP_QUADS:
                # Quadrilaterals share their vertices; normals of creases would cut them apart.
                return mesh.with_(material=plain)
            old, faces, normals = split_at_creases(mesh.positions, mesh.faces, _CREASE)
            return mesh.with_(positions=mesh.positions[old], faces=faces, normals=normals, quads=None, material=plain)
        progress(0.6, "texturing", 4, _STEPS, "unwrapping")
        resolution = power_of_two(settings.texture_resolution)
        opened = unwrap(
            mesh.positions,
            mesh.faces,
            resolution,
            between=lambda k, n: progress(0.6 + 0.2 * k / n, "texturing", 4, _STEPS, "unwrapping"),
        )

        def carrying(share: float) -> None:
            progress(0.8 + 0.09 * share, "texturing", 4, _STEPS, "carrying over the colours")

        material = carried(source, mesh.positions, mesh.faces, (normals, sharp), opened, resolution, carrying)
        old, faces, uv, shading = with_normals(opened, sharp, normals)
        quads = None
        if mesh.quads is not None and settings.output_format in _KEEP_QUADS:
            old, uv, faces, shading = opened.source, opened.uv, opened.faces, _shared_normals(mesh)[opened.source]
            quads = _quads_of(faces, mesh.quads)
        return mesh.with_(
            positions=mesh.positions[old], faces=faces, normals=shading, uv=uv, quads=quads, material=material
        )


class FieldQuads(_Retopology):
    """Serves mesh_retopology: faces that follow the surface (Jakob et al., Instant Field-Aligned Meshes, 2015).

    The net is made in one native call, 0.5 s for 3,000 faces: meanwhile no step is told and no cancel is heard.
    """

    parameters = FieldQuadsParameters
    method = "field-aligned remeshing"

    def _rebuilt(
        self, positions: FloatArray, faces: IntArray, settings: Settings, vertices: int
    ) -> tuple[FloatArray, IntArray]:
        assert isinstance(settings, FieldQuadsParameters)
        _refuse_needle(positions, faces)
        # Made of quadrilaterals only, the net is subdivided once more at the end, which gives four times as many.
        wanted = max(24, round(vertices / 4))
        with silenced():
            points, polygons = pynanoinstantmeshes.remesh(
                positions,
                faces.astype(np.uint32),
                wanted,
                rosy=4,
                posy=4,
                creaseAngle=settings.crease_angle,
                smooth_iter=2,
                # Else the border of a plane is frayed, and those of a shirt run into one another.
                align_to_boundaries=not is_watertight(faces),
                deterministic=True,
            )
        # Triangles are these, cut: a net made of triangles from the start takes five times as long and is no better.
        net = np.asarray(polygons, np.int64)
        if len(net) == 0 or not np.isfinite(points).all():
            raise InputInvalid("the surface is too broken to be rebuilt", "repair it first, or use quadric decimation")
        return np.asarray(points, np.float32), net.astype(np.int32)

    def _again(self, net: _Net, closed: bool, settings: Settings) -> int | None:
        assert isinstance(settings, FieldQuadsParameters)
        wanted = settings.target_vertex_count
        if any(net.losses) and settings.keep_thin_parts:
            return 2 * wanted
        # A little else, and it may come out without the pinched edge.
        return round(1.03 * wanted) if closed and not is_watertight(net.triangles) else None


def _better(first: _Net, other: _Net, closed: bool) -> _Net:
    """The one from which less was lost; where that is alike, the one with fewer edges that have not two faces."""
    if any(first.losses):
        return other if all(_MENDS * b <= a for a, b in zip(first.losses, other.losses, strict=True)) else first
    if any(other.losses) or not closed:
        return first
    open_edges = [int((edge_counts(net.triangles)[1] != 2).sum()) for net in (first, other)]
    return other if open_edges[1] < open_edges[0] else first


class Quadric(_Retopology):
    """Serves mesh_retopology: fewer triangles by quadric edge collapse."""

    parameters = QuadricParameters
    method = "quadric decimation"

    def _check(self, settings: Settings) -> None:
        if settings.poly_type == "quad":
            raise InputInvalid(
                "quadric decimation makes triangles only", "choose the model for field-aligned quads, or poly_type tri"
            )

    def _rebuilt(
        self, positions: FloatArray, faces: IntArray, settings: Settings, vertices: int
    ) -> tuple[FloatArray, IntArray]:
        # A closed surface has twice as many triangles as vertices (Euler).
        return simplify(positions, faces, 2 * vertices)


def _refuse_needle(positions: FloatArray, faces: IntArray) -> None:
    """Even faces on something much longer than wide are narrower than it is: the search for them does not end."""
    area = float(np.linalg.norm(face_normals(positions, faces), axis=1).sum()) / 2
    length = float(np.ptp(positions[faces].reshape(-1, 3), axis=0).max())
    if length > _LONGEST * area**0.5:
        raise InputInvalid(
            f"the mesh is {length / area**0.5:.0f} times as long as its surface is wide; even faces do not fit on that",
            "use the model for quadric decimation, or cut the long parts off",
        )


def _without_slivers(positions: FloatArray, faces: IntArray) -> tuple[FloatArray, IntArray]:
    """The mesh, without its faces of no area if it is open anyway: neither way of rebuilding can use them."""
    if is_watertight(faces):
        return positions, faces
    kept = np.linalg.norm(face_normals(positions, faces), axis=1) > 0
    if not kept.any():
        raise InputInvalid("no face of the mesh has an area", "check how it was exported")
    return compact(positions, faces[kept])


def _triangles(points: FloatArray, polygons: IntArray) -> IntArray:
    """Each quadrilateral cut along its shorter diagonal."""
    if polygons.shape[1] == 3:
        return polygons
    a, b, c, d = polygons.T
    first = np.linalg.norm(points[a] - points[c], axis=1) <= np.linalg.norm(points[b] - points[d], axis=1)
    first |= c == d
    one = np.where(first[:, None], polygons[:, [0, 1, 2]], polygons[:, [0, 1, 3]])
    two = np.where(first[:, None], polygons[:, [0, 2, 3]], polygons[:, [1, 2, 3]])
    both = np.stack([one, two], axis=1).reshape(-1, 3)
    return np.ascontiguousarray(both[(both[:, 1] != both[:, 2]) & (both[:, 0] != both[:, 2])])


def _quads_of(faces: IntArray, quads: IntArray) -> IntArray:
    """The quadrilaterals again, in the vertices of the triangles that were cut from them, in order.

    Where the border of an island runs between the two triangles of one, both stay triangles.
    """
    count = np.where(quads[:, 2] == quads[:, 3], 1, 2)
    start = np.cumsum(count) - count
    result = []
    for first, number in zip(start.tolist(), count.tolist(), strict=True):
        one = faces[first].tolist()
        two = faces[first + 1].tolist() if number == 2 else []
        shared = set(one) & set(two)
        if len(shared) == 2:
            # Both run counter-clockwise: the corner that only the second has goes between the two that they share.
            lone = next(corner for corner in two if corner not in shared)
            after = one.index(two[(two.index(lone) - 1) % 3])
            result.append([*one[: after + 1], lone, *one[after + 1 :]])
        else:
            result += [[*triangle, triangle[2]] for triangle in (one, two) if triangle]
    return np.array(result, np.int32)


def _shared_normals(mesh: Mesh) -> FloatArray:
    old, _, normals = split_at_creases(mesh.positions, mesh.faces, 180.0)
    shared = np.zeros_like(mesh.positions)
    shared[old] = normals
    return shared


def _warn_of_borders(closed: bool, triangles: IntArray, borders: tuple[int, int], progress: Progress) -> None:
    _, counts = edge_counts(triangles)
    if closed and not is_watertight(triangles):
        progress.warn(
            f"the input is closed, but the new mesh has {int((counts != 2).sum())} edges that are open or pinched"
        )
    elif borders[0] != borders[1]:
        progress.warn(
            f"the input has {borders[0]} open borders, the new mesh {borders[1]}: two that lay near each other may "
            "have become one, or a narrow slit has closed; more vertices help, and quadric decimation keeps borders"
        )
    elif not closed and (counts > 2).any():
        progress.warn(f"the new mesh is pinched in {int((counts > 2).sum())} edges, which more than two faces share")


def _missing(old: tuple[FloatArray, IntArray], new: tuple[FloatArray, IntArray]) -> float:
    """The share of the old surface that lies farther from the new one than its edges are long."""
    (positions, faces), (points, triangles) = old, new
    looked = faces
    if len(faces) > _SAMPLES:
        looked = faces[np.random.default_rng(0).choice(len(faces), _SAMPLES, replace=False)]
    weight = np.linalg.norm(face_normals(positions, looked), axis=1)
    corners = points[triangles]
    edge = float(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).mean())
    away, _ = cKDTree(np.concatenate([points, corners.mean(axis=1)])).query(positions[looked].mean(axis=1), workers=1)
    return float(weight[away > _FAR * edge].sum() / max(float(weight.sum()), 1e-30))


def _warn_of_losses(net: _Net, vertices: int, progress: Progress) -> None:
    before, after = net.pieces
    if not any(net.losses):
        return
    told = [f"{net.missing:.2%} of the surface is missing"] if net.missing > _TOLD else []
    told += [f"the input has {before} pieces, the new mesh {after}"] if before != after else []
    progress.warn(
        f"{', and '.join(told)}: what is thinner than a face broke or vanished; more than {vertices:,} vertices keep "
        "it, and so does the model for quadric decimation"
    )
