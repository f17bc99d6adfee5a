"""One part of a thing closed, whatever it was: by caps, as a solid, or as a sheet with a thickness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aigc.mesh.appearance import Appearance
from aigc.mesh.canvas import lay_canvas
from aigc.mesh.caps import Capped, capped
from aigc.mesh.normals import face_normals, shaded, smooth_normals, split_at_creases
from aigc.mesh.simplify import simplify_closed
from aigc.mesh.stats import area, volume
from aigc.mesh.topology import is_watertight, joined, same_points, weld
from aigc.mesh.transfer import ColorSource, has_colors
from aigc.mesh.types import BoolArray, BytePixels, FloatArray, IntArray, Material, Mesh
from aigc.mesh.winding_solid import thickened, winding_numbers, winding_solid, within

_CREASE = 40.0
_THIN = 0.01  # of the root of the area: a part with less volume to its area is a sheet
_SHEET = 0.03  # of the root of the area: the thickness that a sheet gets
_LEAVING = 0.1  # of a cap's points that may lie outside the whole
_FEWEST, _MOST = 3_000, 30_000  # faces of a rebuilt part, which else has twice as many as it had
_LEAST_TEXELS = 128
Surface = tuple[FloatArray, IntArray]
Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Closed:
    """A part as one mesh.

    Args:
        method: closed (it was), caps, winding, sheet, or open where nothing helped.
        kept: share of its area that is the given surface.
    """

    mesh: Mesh
    method: str
    kept: float


@dataclass(frozen=True)
class Closing:
    """How parts are closed.

    Args:
        whole: all parts together, welded; where it is a solid, completed parts do not leave it.
        method: auto, caps or winding.
        cells: along the longest side of a rebuilt part. texels: along the edge of its texture.
    """

    whole: Surface
    method: str
    cells: int
    texels: int

    def close(self, part: list[Mesh], report: Report) -> Closed:
        """The part closed, as one mesh of one material. `report` is called with the share done; may raise."""
        part = [shaded(mesh) for mesh in part]
        positions, corners = joined(part)
        first, name = same_points(positions)
        points, welded = positions[first], name[corners]
        a, b, c = welded.T
        sound = (a != b) & (b != c) & (c != a)
        faces = welded[sound]
        one = _as_one(part)
        if is_watertight(faces):
            return Closed(one or self._repainted((points, faces), part, report), "closed", 1.0)
        report(0.05, "closing borders")
        cover = capped(points, faces) if self.method != "winding" else None
        thin = _THIN * area(points, faces) ** 1.5
        if cover is not None and volume(cover.points, cover.faces) > thin and self._stays_within(cover, len(points)):
            kept = area(points, faces) / area(cover.points, cover.faces)
            mesh = _with_caps(one, sound, cover, len(faces)) if one else None
            return Closed(mesh or self._repainted((cover.points, cover.faces), part, report), "caps", kept)
        if (cover is None or volume(cover.points, cover.faces) > thin) and self.method != "caps":
            solid = winding_solid(points, faces, self.cells, lambda share: report(0.1 + 0.4 * share, "filling"))
            if solid is not None and volume(*solid) > thin:
                report(0.55, "filling")
                wanted = min(max(_FEWEST, 2 * len(faces)), _MOST)
                solid = simplify_closed(*within(*solid, self.whole), wanted, lambda step: report(0.6, "filling"))
                if is_watertight(solid[1]):
                    kept = min(1.0, area(points, faces) / area(*solid))
                    return Closed(self._repainted(solid, part, report), "winding", kept)
        size = float(np.sqrt(area(points, faces)))
        used = weld(points, faces)
        sheet = thickened(*used, _SHEET * size, smooth_normals(*used))
        if is_watertight(sheet[1]):
            return Closed(self._repainted(sheet, part, report), "sheet", area(points, faces) / area(*sheet))
        return Closed(one or self._repainted(used, part, report), "open", 1.0)

    def _stays_within(self, cover: Capped, given: int) -> bool:
        """Whether nearly all points of the caps, which come after the given ones, lie in the whole."""
        inner = cover.points[given:]
        if not len(inner) or not is_watertight(self.whole[1]):
            return True
        return float((winding_numbers(*self.whole, inner) < 0.25).mean()) <= _LEAVING

    def _repainted(self, surface: Surface, part: list[Mesh], report: Report) -> Mesh:
        """The surface with the part's colours, in a texture of its own where it has several."""
        name, first = part[0].name, part[0].material
        if not has_colors(part):
            old, faces, normals = split_at_creases(*surface, _CREASE)
            plain = Material(first.name, first.base_color, first.metallic, first.roughness)
            return Mesh(surface[0][old], faces, normals=normals, material=plain, name=name)
        report(0.7, "unwrapping")
        share = float(np.sqrt(area(*surface) / max(area(*self.whole), 1e-30)))
        wanted = 1 << round(float(np.log2(max(1.0, 1.5 * share * self.texels))))
        texels = min(self.texels, max(_LEAST_TEXELS, wanted))
        canvas = lay_canvas(
            [Mesh(*surface)], texels, lambda share, message: report(0.7 + 0.2 * share, message), keep_uv=False
        )
        source = ColorSource(part)
        colors = np.empty((len(canvas.cover.index), 3), np.float32)
        for block in canvas.blocks():
            report(0.9, "carrying over the colours")
            colors[block] = source.at(*canvas.at(block))
        material = Material(
            first.name,
            metallic=first.metallic,
            roughness=first.roughness,
            base_color_texture=canvas.cover.picture(colors),
        )
        return canvas.mesh.with_(material=material, name=name)


def _as_one(part: list[Mesh]) -> Mesh | None:
    """The part as one mesh of one material, its faces in order; None where that takes a new texture."""
    if len(part) == 1:
        return part[0].with_(quads=None)
    first = part[0].material
    positions, faces = joined(part)
    normals = np.concatenate([mesh.normals for mesh in part if mesh.normals is not None])
    if all(mesh.material.base_color_texture is None and mesh.colors is None for mesh in part):
        colors = np.concatenate([np.tile(_srgb(mesh.material.base_color), (len(mesh.positions), 1)) for mesh in part])
        material = Material(first.name, metallic=first.metallic, roughness=first.roughness)
        return Mesh(positions, faces, normals=normals, colors=colors, material=material, name=part[0].name)
    looks = {(id(mesh.material.base_color_texture), mesh.material.base_color) for mesh in part}
    uv = [mesh.uv for mesh in part if mesh.uv is not None]
    if len(looks) > 1 or len(uv) < len(part) or any(mesh.colors is not None for mesh in part):
        return None
    return Mesh(positions, faces, normals=normals, uv=np.concatenate(uv), material=first, name=part[0].name)


def _srgb(linear: tuple[float, float, float, float]) -> BytePixels:
    value = np.array(linear[:3])
    coded = np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)
    return np.append(np.round(coded * 255), round(linear[3] * 255)).clip(0, 255).astype(np.uint8)


def _with_caps(mesh: Mesh, sound: BoolArray, cover: Capped, given: int) -> Mesh:
    """The mesh with its caps as further faces, each in one colour: the one usual along its border.

    Args:
        sound: bool (m,): faces of the mesh that `cover` begins with, `given` in number.
    """
    positions, normals = [mesh.positions], [mesh.normals]
    faces = [mesh.faces[sound]]
    uv, colors = [mesh.uv], [mesh.colors]
    appearance = Appearance(mesh)
    count = len(mesh.positions)
    for border, own in cover.caps:
        used, local = np.unique(cover.faces[own].reshape(-1), return_inverse=True)
        points = cover.points[used]
        local = local.reshape(-1, 3).astype(np.int32)
        positions.append(points)
        normals.append(smooth_normals(points, local))
        faces.append(local + np.int32(count))
        count += len(points)
        beside = np.flatnonzero(np.isin(cover.faces[:given], border).sum(axis=1) >= 2)
        corners = mesh.faces[sound][beside]
        thirds = np.full((len(corners), 3), 1 / 3, np.float32)
        weight = np.linalg.norm(face_normals(mesh.positions, corners), axis=1)[:, None] + 1e-12
        linear = appearance.at(mesh, corners, thirds)[0]
        mean = (linear * weight).sum(axis=0) / weight.sum()
        usual = corners[int(np.argmin(np.linalg.norm(linear - mean, axis=1)))]
        if mesh.uv is not None:
            uv.append(np.tile(mesh.uv[usual].mean(axis=0), (len(points), 1)).astype(np.float32))
        if mesh.colors is not None:
            colors.append(np.tile(mesh.colors[usual[0]], (len(points), 1)))
    return mesh.with_(
        positions=np.concatenate(positions).astype(np.float32),
        faces=np.concatenate(faces).astype(np.int32),
        normals=np.concatenate([value for value in normals if value is not None]),
        uv=None if mesh.uv is None else np.concatenate([value for value in uv if value is not None]),
        colors=None if mesh.colors is None else np.concatenate([value for value in colors if value is not None]),
        quads=None,
    )
