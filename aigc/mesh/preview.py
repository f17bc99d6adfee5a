"""A picture of a mesh: thumbnails, and what tests look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import cv2
import numpy as np
from PIL import Image

from aigc.mesh.appearance import Appearance
from aigc.mesh.normals import face_normals, smooth_normals
from aigc.mesh.rays import RayScene, around, hemisphere
from aigc.mesh.shading import KEY, Surface, filmed, shade
from aigc.mesh.types import BytePixels, FloatArray, IntArray, Mesh

_FIELD_OF_VIEW = np.radians(26)
_MARGIN = 0.88  # of the frame's half width that the mesh may fill
_SKY_RAYS, _KEY_RAYS, _FLOOR_RAYS = 14, 6, 28
# Sub-pixel places of the extra samples along edges: the rotated grid.
_SUB_PIXELS = np.array([(-0.375, -0.125), (0.125, -0.375), (0.375, 0.125), (-0.125, 0.375)], np.float32)

Background = Literal["studio", "transparent"]
Between = Callable[[], object]


@dataclass(frozen=True)
class View:
    """Where the camera stands: degrees around the mesh from its front (positive to its left) and above it."""

    azimuth: float = 32.0
    elevation: float = 16.0
    orthographic: bool = False


def thumbnail(
    meshes: Mesh | Sequence[Mesh], view: View | None = None, size: int = 512, between: Between | None = None
) -> bytes:
    """The mesh under studio light as a PNG with a clear background, (size, size); `between` as for `render`."""
    pixels = render(meshes, view, size, "transparent", between)
    target = BytesIO()
    Image.fromarray(pixels).save(target, "PNG", compress_level=6)
    return target.getvalue()


def render(
    meshes: Mesh | Sequence[Mesh],
    view: View | None = None,
    size: int = 512,
    background: Background = "studio",
    between: Between | None = None,
) -> BytePixels:
    """uint8 (size, size, 4), sRGB with straight alpha.

    `between` is called before each set of rays, which are at most one for each pixel, and may raise.
    """
    scene = _Scene([meshes] if isinstance(meshes, Mesh) else list(meshes), view or View(), between)
    return scene.picture(size, background)


def silhouette(meshes: Mesh | Sequence[Mesh], view: View | None = None, size: int = 256) -> BytePixels:
    """uint8 (size, size): 255 where a ray through the pixel's centre meets the mesh."""
    scene = _Scene([meshes] if isinstance(meshes, Mesh) else list(meshes), view or View())
    origins, directions = scene.camera(scene.pixels(size), size)
    face = scene.rays.first_hits(origins, directions).face.reshape(size, size)
    return np.where(face >= 0, 255, 0).astype(np.uint8)


def project(meshes: Mesh | Sequence[Mesh], points: FloatArray, view: View | None = None, size: int = 512) -> FloatArray:
    """float64 (k, 2): the pixels, x to the right and y down, where points of the meshes' space are in their picture."""
    return _Scene([meshes] if isinstance(meshes, Mesh) else list(meshes), view or View()).places(points, size)


class _Scene:
    """Meshes turned into the camera's space, joined into one for the rays, with their materials beside."""

    def __init__(self, meshes: list[Mesh], view: View, between: Between | None = None) -> None:
        self._between = between or (lambda: None)
        self._between()
        self._meshes = meshes
        self._turn = camera_turn(view)
        self._flat = view.orthographic
        positions = np.concatenate([mesh.positions for mesh in meshes]) @ self._turn.T
        offsets = np.cumsum([0] + [len(mesh.positions) for mesh in meshes])
        faces = np.concatenate([mesh.faces + offset for mesh, offset in zip(meshes, offsets, strict=False)])
        self._owner = np.repeat(np.arange(len(meshes)), [len(mesh.faces) for mesh in meshes])
        self._starts = np.cumsum([0] + [len(mesh.faces) for mesh in meshes])
        lowest, highest = positions.min(axis=0), positions.max(axis=0)
        self._extent = float(np.linalg.norm(highest - lowest)) or 1.0
        # Lengths are those of a thing of unit size from here on, so that no threshold depends on the unit.
        self._centre = (lowest + highest) / 2
        self._positions = ((positions - self._centre) / self._extent).astype(np.float32)
        self._faces = faces.astype(np.int32)
        normals = [_normals_of(mesh) for mesh in meshes]
        self._normals = (np.concatenate(normals) @ self._turn.T).astype(np.float32)
        self._up = self._turn @ np.array([0, 1, 0])
        self._floor = float((self._positions @ self._up).min())
        self._distance, self._scale = self._fit()
        self.rays = RayScene(self._positions, self._faces)
        self._flat_normals = face_normals(self._positions, self._faces)

    def _fit(self) -> tuple[float, float]:
        """The camera's distance (perspective) and half width of its frame (orthographic)."""
        across = np.abs(self._positions[:, :2]).max(axis=1)
        if self._flat:
            return 3.0, float(across.max()) / _MARGIN
        return float((across / (np.tan(_FIELD_OF_VIEW / 2) * _MARGIN) + self._positions[:, 2]).max()), 1.0

    @staticmethod
    def pixels(size: int) -> FloatArray:
        """float32 (size * size, 2): the centres of all pixels, row by row."""
        y, x = np.mgrid[0:size, 0:size]
        return np.stack([x.reshape(-1), y.reshape(-1)], axis=1).astype(np.float32) + 0.5

    def camera(self, pixels: FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
        """Origins and directions of the rays through `pixels`."""
        plane = (pixels / size * 2 - 1) * np.array([1, -1], np.float32)
        if self._flat:
            origins = np.concatenate([plane * self._scale, np.full((len(plane), 1), self._distance)], axis=1)
            return origins.astype(np.float32), np.tile(np.array([0, 0, -1], np.float32), (len(plane), 1))
        slope = np.tan(_FIELD_OF_VIEW / 2)
        directions = np.concatenate([plane * slope, np.full((len(plane), 1), -1.0)], axis=1)
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        origins = np.tile(np.array([0, 0, self._distance], np.float32), (len(plane), 1))
        return origins, directions.astype(np.float32)

    def places(self, points: FloatArray, size: int) -> FloatArray:
        """Where points are in the picture: the inverse of `camera`."""
        local = (points @ self._turn.T.astype(np.float64) - self._centre) / self._extent
        wide = self._scale if self._flat else np.tan(_FIELD_OF_VIEW / 2) * (self._distance - local[:, 2:])
        return np.asarray((local[:, :2] / wide * [1, -1] + 1) / 2 * size)

    def picture(self, size: int, background: Background) -> BytePixels:
        """Shade every pixel once, and those at edges four times more."""
        pixels = self.pixels(size)
        origins, directions = self.camera(pixels, size)
        self._between()
        hits = self.rays.first_hits(origins, directions)
        seen = np.flatnonzero(hits.face >= 0)
        sky, lit = self._shadows(size, origins, directions, hits.face, hits.distance)
        textures = self._textures(hits.face, hits.weights, size)
        self._between()
        color = np.zeros((size * size, 4), np.float32)
        color[seen, :3] = self._shade(
            hits.face[seen], hits.weights[seen], directions[seen], sky[seen], lit[seen], textures
        )
        color[seen, 3] = 1
        edges = _edges(hits.face, hits.distance, self._flat_normals, size)
        total = color[edges].copy()
        for place in _SUB_PIXELS:
            self._between()
            start, ray = self.camera(pixels[edges] + place, size)
            more = self.rays.first_hits(start, ray)
            kept = np.flatnonzero(more.face >= 0)
            total[kept, :3] += self._shade(
                more.face[kept], more.weights[kept], ray[kept], sky[edges[kept]], lit[edges[kept]], textures
            )
            total[kept, 3] += 1
        color[edges] = total / (len(_SUB_PIXELS) + 1)
        return _compose(color.reshape(size, size, 4), self._ground(size), background)

    def _shade(
        self,
        face: IntArray,
        weights: FloatArray,
        rays: FloatArray,
        sky: FloatArray,
        lit: FloatArray,
        textures: list[Appearance],
    ) -> FloatArray:
        """sRGB, 0 to 1, of points on faces. Mixed after the film curve, so that bright edges stay smooth."""
        corners = self._faces[face]
        normal = np.einsum("ij,ijk->ik", weights, self._normals[corners])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        # A surface seen from its inside is shown like its outside.
        behind = np.einsum("ij,ij->i", self._flat_normals[face], rays) > 0
        normal = np.where(behind[:, None], -normal, normal)
        away = np.einsum("ij,ij->i", normal, rays)
        normal -= np.where(away > 0, away, 0)[:, None] * rays * 1.02
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        color = np.ones((len(face), 3), np.float32)
        metallic, roughness = np.zeros(len(face), np.float32), np.ones(len(face), np.float32)
        for index, mesh in enumerate(self._meshes):
            mine = np.flatnonzero(self._owner[face] == index)
            if len(mine):
                local = mesh.faces[face[mine] - self._starts[index]]
                color[mine], metallic[mine], roughness[mine] = textures[index].at(mesh, local, weights[mine])
        return filmed(shade(Surface(normal.astype(np.float32), -rays, color, metallic, roughness, sky, lit)))

    def _shadows(
        self, size: int, origins: FloatArray, rays: FloatArray, face: IntArray, distance: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Share of the dome and of the key light that reach each pixel: sampled at half size, smoothed, enlarged."""
        half = (np.arange(size * size).reshape(size, size)[::2, ::2]).reshape(-1)
        chosen = half[face[half] >= 0]
        normal = self._flat_normals[face[chosen]]
        normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-20)
        normal = np.where((np.einsum("ij,ij->i", normal, rays[chosen]) > 0)[:, None], -normal, normal)
        points = origins[chosen] + rays[chosen] * distance[chosen, None] + normal * 2e-3
        where = np.flatnonzero(face[half] >= 0)
        values = np.stack(
            [self._open_sky(points, normal, 0.4), self._open_key(points, np.asarray(KEY.direction, np.float32))], axis=1
        )
        guide = np.zeros((len(half), 4), np.float32)
        guide[where, :3] = normal
        guide[where, 3] = distance[chosen] * 12
        self._between()
        side = (size + 1) // 2
        smooth = _smoothed(where, values, guide, side)
        full = cv2.resize(smooth, (side * 2, side * 2), interpolation=cv2.INTER_LINEAR)[:size, :size].reshape(-1, 2)
        return np.ascontiguousarray(full[:, 0]), np.ascontiguousarray(full[:, 1])

    def _open_sky(self, points: FloatArray, normals: FloatArray, reach: float, rays: int = _SKY_RAYS) -> FloatArray:
        """Share of a cosine-weighted hemisphere that is free within `reach`, (k,)."""
        blocked = np.zeros(len(points), np.float32)
        turn = _scatter(len(points))
        for local in hemisphere(rays):
            self._between()
            directions = around(normals, np.tile(local, (len(points), 1)), turn)
            blocked += self.rays.occluded(points, directions, reach)
        return 1 - blocked / rays

    def _open_key(self, points: FloatArray, direction: FloatArray) -> FloatArray:
        """Share of a soft box in `direction` that is seen, (k,)."""
        blocked = np.zeros(len(points), np.float32)
        axis = np.tile(direction, (len(points), 1))
        turn = _scatter(len(points))
        for local in hemisphere(_KEY_RAYS):
            self._between()
            # A disc of some 12 degrees instead of the whole hemisphere.
            narrow = np.tile(
                local * np.array([0.2, 0.2, 1], np.float32) + np.array([0, 0, 1], np.float32), (len(points), 1)
            )
            blocked += self.rays.occluded(points, around(axis, narrow, turn), 4.0)
        return 1 - blocked / _KEY_RAYS

    def _ground(self, size: int) -> FloatArray:
        """float32 (size, size): how dark the mesh makes the floor, 0 to 1."""
        side = size // 4
        origins, rays = self.camera(self.pixels(side), side)
        slope = rays @ self._up
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = (self._floor - origins @ self._up) / slope
        onto = np.flatnonzero((slope < -1e-3) & (distance > 0))
        shadow = np.zeros(side * side, np.float32)
        if self._flat or not len(onto):
            return np.zeros((size, size), np.float32)
        points = (origins[onto] + rays[onto] * distance[onto, None] + self._up * 1e-3).astype(np.float32)
        up = np.tile(self._up.astype(np.float32), (len(points), 1))
        away = np.linalg.norm(points - self._up * self._floor, axis=1)
        near = np.clip(1.6 - away, 0, 1)
        dark = 0.7 * (1 - self._open_sky(points, up, 0.45, _FLOOR_RAYS)) ** 1.3
        dark += 0.22 * (1 - self._open_key(points, np.asarray(KEY.direction, np.float32)))
        shadow[onto] = np.clip(dark, 0, 0.8) * near
        blurred = cv2.GaussianBlur(shadow.reshape(side, side), (0, 0), side / 70)
        return cv2.resize(blurred, (size, size), interpolation=cv2.INTER_CUBIC).clip(0, 1)

    def _textures(self, face: IntArray, weights: FloatArray, size: int) -> list[Appearance]:
        """The pictures of each mesh, shrunk until a texel is about as large as a pixel."""
        found = []
        for index, mesh in enumerate(self._meshes):
            step = 0.0
            if mesh.uv is not None:
                grid = face.reshape(size, size)
                same = (grid[:, 1:] == grid[:, :-1]) & (grid[:, 1:] >= self._starts[index])
                same &= grid[:, 1:] < self._starts[index + 1]
                left = np.flatnonzero(np.pad(same, ((0, 0), (0, 1))).reshape(-1))[:20_000]
                corners = mesh.uv[mesh.faces[face[left] - self._starts[index]]]
                change = np.einsum("ij,ijk->ik", weights[left + 1] - weights[left], corners)
                step = float(np.median(np.linalg.norm(change, axis=1))) if len(left) else 0.0
            found.append(Appearance(mesh, step))
        return found


def _normals_of(mesh: Mesh) -> FloatArray:
    return mesh.normals if mesh.normals is not None else smooth_normals(mesh.positions, mesh.faces)


def camera_turn(view: View) -> FloatArray:
    """float32 (3, 3): the rotation from the mesh's space into the camera's."""
    around_y, around_x = np.radians(-view.azimuth), np.radians(view.elevation)
    c, s = np.cos(around_y), np.sin(around_y)
    yaw = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    c, s = np.cos(around_x), np.sin(around_x)
    pitch = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return np.asarray(pitch @ yaw, np.float32)


def _scatter(count: int) -> FloatArray:
    """Angles that look random, always the same."""
    return np.random.default_rng(0).random(count, np.float32) * np.float32(2 * np.pi)


def _edges(face: IntArray, distance: FloatArray, normals: FloatArray, size: int) -> IntArray:
    """Flat indices of the pixels beside a silhouette, a crease or a step in depth."""
    grid = face.reshape(size, size)
    unit = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)
    normal = np.where((grid >= 0)[..., None], unit[grid], 0)
    depth = np.where(grid >= 0, distance.reshape(size, size), 9.0)
    rough = np.zeros((size, size), bool)
    for axis in (0, 1):
        ahead = [slice(None), slice(None)]
        back = [slice(None), slice(None)]
        ahead[axis], back[axis] = slice(1, None), slice(None, -1)
        one, two = tuple(ahead), tuple(back)
        turned = np.einsum("ijk,ijk->ij", normal[one], normal[two]) < 0.85
        differs = (grid[one] != grid[two]) & (turned | (np.abs(depth[one] - depth[two]) > 0.01))
        rough[one] |= differs
        rough[two] |= differs
    return np.flatnonzero(rough.reshape(-1)).astype(np.int32)


def _smoothed(where: IntArray, values: FloatArray, guide: FloatArray, side: int) -> FloatArray:
    """float32 (side, side, 2): `values` averaged over 5 x 5 neighbours of like normal and depth, spread outwards."""
    sparse = np.zeros((side * side, 3), np.float32)
    sparse[where, :2] = values
    sparse[where, 2] = 1
    image = np.pad(sparse.reshape(side, side, 3), ((2, 2), (2, 2), (0, 0)))
    guides = np.pad(guide.reshape(side, side, 4), ((2, 2), (2, 2), (0, 0)))
    centre = guides[2:-2, 2:-2]
    total = np.zeros((side, side, 3), np.float32)
    for dy in range(5):
        for dx in range(5):
            window = (slice(dy, dy + side), slice(dx, dx + side))
            difference = guides[window] - centre
            weight = np.exp(-np.einsum("ijk,ijk->ij", difference, difference) * 4)
            total += image[window] * weight[..., None]
    known = image[2:-2, 2:-2, 2:3] > 0
    total = np.where(known, total, 0)
    # Pixels beyond the silhouette take their neighbours' mean, for the enlarging that follows.
    spread = cv2.blur(total, (3, 3))
    total = np.where(known, total, spread)
    return np.where(total[..., 2:] > 1e-6, total[..., :2] / np.maximum(total[..., 2:], 1e-6), 1).astype(np.float32)


def _compose(color: FloatArray, ground: FloatArray, background: Background) -> BytePixels:
    """The mesh over the floor's shadow over the background. `color` holds sRGB times alpha, and alpha."""
    alpha = color[..., 3:]
    if background == "studio":
        size = len(color)
        y, x = np.mgrid[0:size, 0:size] / size
        glow = np.exp(-(((x - 0.5) / 0.62) ** 2 + ((y - 0.42) / 0.62) ** 2))[..., None]
        wall = np.array([0.80, 0.82, 0.84]) * (1 - glow) + np.array([0.965, 0.965, 0.96]) * glow
        wall = wall * (1 - ground[..., None] * 0.75)
        flat = color[..., :3] + wall * (1 - alpha)
        return np.concatenate([flat * 255 + 0.5, np.full_like(alpha, 255)], axis=2).clip(0, 255).astype(np.uint8)
    dark = ground[..., None] * 0.6 * (1 - alpha)
    total = alpha + dark
    straight = color[..., :3] / np.maximum(total, 1e-4)
    return (np.concatenate([straight, total], axis=2) * 255 + 0.5).clip(0, 255).astype(np.uint8)
