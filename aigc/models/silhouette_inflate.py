"""A mesh from one picture: its silhouette inflated, its colours projected."""

from __future__ import annotations

from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import splu

from aigc.features.base import power_of_two
from aigc.features.image_to_mesh import InflateParameters, InflateRawParameters
from aigc.mesh.bleed import bled
from aigc.mesh.export import mesh_outputs
from aigc.mesh.image import read_picture
from aigc.mesh.normals import smooth_normals
from aigc.mesh.preview import View, thumbnail
from aigc.mesh.simplify import simplify_closed
from aigc.mesh.topology import parts, weld
from aigc.mesh.types import BoolArray, BytePixels, FloatArray, IntArray, Material, Mesh
from aigc.models.foreground import Foreground, Subject
from aigc.models.inflation import Plane, lathe_height, lay_out, round_height, slab_height, taubin, to_solid
from aigc.runner.model import InputInvalid, Output, Progress, Result

_LATHE_FITS = 0.90  # from here on a silhouette counts as that of a turned body
_STEPS = 7
_RIM = 5.0  # how far in from the silhouette the front still says how the back looks, in pixels of 160


class SilhouetteInflate:
    """Serves image_to_textured_mesh."""

    textured = True

    def load(self, device: str) -> None:
        """Read the saliency network; everything runs on the CPU."""
        self._foreground = Foreground()

    def unload(self) -> None:
        """Forget the network."""
        del self._foreground

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """A watertight mesh that stands on the ground, its front as in the picture `inputs["image"]`.

        Raises:
            InputInvalid: the picture cannot be read, or no subject is seen in it.
        """
        settings = (InflateParameters if self.textured else InflateRawParameters)(**params)
        progress(0.02, "preprocessing", 0, _STEPS, "reading the picture")
        picture = read_picture(inputs["image"])
        progress(0.08, "preprocessing", 1, _STEPS, "finding the subject")
        subject = self._foreground.find(picture, settings.mask)
        for warning in subject.warnings:
            progress.warn(warning)
        progress(0.3, "sampling", 2, _STEPS, "inflating the silhouette", _masked(picture, subject.mask))
        plane = lay_out(subject.mask)
        squared, shape, fit = _height(plane, settings.shape)
        progress(0.45, "decoding", 3, _STEPS, "making the surface")
        positions, faces = to_solid(squared, 1.0 if shape == "slab" else settings.thickness)
        positions, faces = _without_crumbs(positions, faces)
        positions = taubin(positions, faces, 6)
        progress(0.6, "decoding", 4, _STEPS, "adding relief")
        positions = _with_relief(positions, picture, subject.mask, plane, settings.relief)

        def between(step: int) -> None:
            progress(0.65 + 0.15 * min(1, step / 12), "decoding", 5, _STEPS, "simplifying")

        positions, faces = simplify_closed(positions, faces, settings.target_face_count, between)
        mesh = _placed(positions, faces, plane, settings.size)
        back = "none"
        if isinstance(settings, InflateParameters):
            progress(0.82, "texturing", 6, _STEPS, "projecting the picture")
            colors = _texture_picture(inputs, picture, subject, self._foreground)
            back = _back(settings.back, shape, picture, subject.mask)
            resolution = power_of_two(settings.texture_resolution)
            mesh = _textured(mesh, positions, plane, colors, subject.mask, resolution, back)
        else:
            mesh = mesh.with_(material=Material("clay", (0.62, 0.6, 0.57, 1), 0, 0.75))
        progress(0.93, "exporting", 7, _STEPS, "writing the mesh")
        info = {"mask": subject.method, "shape": shape, "lathe_fit": round(fit, 3), "back": back}
        outputs = mesh_outputs(mesh, settings.output_format, extras={"model": "silhouette inflation", **info})
        drawing = partial(progress, 0.96, "exporting", 7, _STEPS, "drawing the thumbnail")
        outputs.append(Output("thumbnail.png", "thumbnail", thumbnail(mesh, View(24, 10), between=drawing)))
        return Result(outputs, info)


class SilhouetteInflateRaw(SilhouetteInflate):
    """Serves image_to_raw_mesh: the same surface without a texture."""

    textured = False


def _height(plane: Plane, shape: str) -> tuple[FloatArray, str, float]:
    """Squared heights in cells, the shape that was chosen, and how well a turned body would fit."""
    fit = 0.0
    if shape in ("auto", "lathe"):
        squared, fit = lathe_height(plane.distance)
        if shape == "lathe" or fit > _LATHE_FITS:
            return squared, "lathe", fit
    if shape == "slab":
        return slab_height(plane.distance, max(2.0, float(plane.distance.max()) * 0.25)), "slab", fit
    return round_height(plane.distance), "inflate", fit


def _without_crumbs(positions: FloatArray, faces: IntArray) -> tuple[FloatArray, IntArray]:
    """Welded, and without pieces that have under a hundredth of the largest piece's faces."""
    positions, faces = weld(positions, faces)
    count, piece = parts(faces, len(positions))
    if count == 0:
        raise InputInvalid("the subject is too thin to become a solid", "choose a picture in which it is larger")
    sizes = np.bincount(piece)
    return weld(positions, faces[sizes[piece] >= sizes.max() / 100])


def _masked(picture: BytePixels, mask: FloatArray) -> bytes:
    """A small PNG of the subject alone, for whoever watches."""
    scale = 192 / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    cut = np.concatenate([picture[..., 2::-1], (mask * 255).astype(np.uint8)[..., None]], axis=2)
    return bytes(cv2.imencode(".png", cv2.resize(cut, size, interpolation=cv2.INTER_AREA))[1])


def _pixel(positions: FloatArray, plane: Plane) -> FloatArray:
    """float32 (n, 2): the place in the picture, in pixels, of positions in cells."""
    x = (positions[:, 0] + 0.5) * plane.cell + plane.left
    y = (-positions[:, 1] + 0.5) * plane.cell + plane.top
    return np.stack([x, y], axis=1).astype(np.float32)


def _with_relief(
    positions: FloatArray, picture: BytePixels, mask: FloatArray, plane: Plane, relief: float
) -> FloatArray:
    """The front raised where the picture is lighter than its surroundings: eyes, folds, panel lines."""
    if relief == 0:
        return positions
    grey = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    weight = np.maximum(cv2.GaussianBlur(mask, (0, 0), 6 * plane.cell), 1e-3)
    local = cv2.GaussianBlur(grey * mask, (0, 0), 6 * plane.cell) / weight
    detail = cv2.GaussianBlur(np.where(mask > 0.5, grey - local, 0), (0, 0), 0.7 * plane.cell)
    place = _pixel(positions, plane) - 0.5
    # remap refuses more than 32,767 rows, so the vertices are folded into a rectangle.
    columns = 1024
    folded = np.pad(place, ((0, -len(place) % columns), (0, 0)), mode="edge").reshape(-1, columns, 2)
    found = np.asarray(
        cv2.remap(detail, folded[..., 0], folded[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    ).reshape(-1)
    inner = np.clip(positions[:, 2] / max(float(positions[:, 2].max()), 1e-6) * 3, 0, 1)
    lifted = positions.copy()
    lifted[:, 2] += np.clip(found[: len(place)], -0.25, 0.25) * 4 * relief * _extent(positions) * inner
    return lifted


def _extent(positions: FloatArray) -> float:
    return float(np.ptp(positions, axis=0).max())


def _placed(positions: FloatArray, faces: IntArray, plane: Plane, size: float) -> Mesh:
    """In metres, `size` along the longest side, upright on the ground and centred."""
    scale = size / max(_extent(positions), 1e-9)
    low, high = positions.min(axis=0), positions.max(axis=0)
    origin = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2], np.float32)
    placed = ((positions - origin) * scale).astype(np.float32)
    return Mesh(placed, faces, normals=smooth_normals(placed, faces), name="subject")


def _texture_picture(
    inputs: dict[str, str], picture: BytePixels, subject: Subject, foreground: Foreground
) -> BytePixels:
    """The picture that gives the colours, laid over the one that gives the shape."""
    if "texture_image" not in inputs:
        return picture
    other = read_picture(inputs["texture_image"])
    source, target = _box(foreground.find(other).mask), _box(subject.mask)
    cut = other[source[1] : source[3], source[0] : source[2]]
    laid = picture.copy()
    size = (target[2] - target[0], target[3] - target[1])
    laid[target[1] : target[3], target[0] : target[2]] = cv2.resize(cut, size, interpolation=cv2.INTER_AREA)
    return laid


def _box(mask: FloatArray) -> tuple[int, int, int, int]:
    """Left, top, right, bottom."""
    rows, columns = np.flatnonzero((mask > 0.5).any(axis=1)), np.flatnonzero((mask > 0.5).any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _back(wish: str, shape: str, picture: BytePixels, mask: FloatArray) -> str:
    """soft or mirror: a turned body repeats its front, unless what is on it sits in the middle like a face."""
    if wish != "auto":
        return wish
    if shape != "lathe":
        return "soft"
    left, top, right, bottom = _box(mask)
    grey = cv2.cvtColor(np.ascontiguousarray(picture[top:bottom, left:right, :3]), cv2.COLOR_RGB2GRAY)
    edges = np.abs(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 1.5), cv2.CV_32F))
    edges *= cv2.erode((mask[top:bottom, left:right] > 0.5).astype(np.float32), np.ones((9, 9)))
    third = edges.shape[1] // 3
    middle, sides = edges[:, third : 2 * third].mean(), (edges[:, :third].mean() + edges[:, 2 * third :].mean()) / 2
    return "soft" if middle > 2.2 * sides + 0.2 else "mirror"


def _textured(
    mesh: Mesh, cells: FloatArray, plane: Plane, picture: BytePixels, mask: FloatArray, resolution: int, back: str
) -> Mesh:
    """The mesh with an atlas of two halves: what the front shows, and what the back may look like."""
    left, top, right, bottom = _box(mask)
    pad = 0.03 * max(right - left, bottom - top)
    frame = (left - pad, top - pad, right + pad, bottom + pad)
    width, height = frame[2] - frame[0], frame[3] - frame[1]
    beside = height >= width  # the halves of a tall picture lie side by side, of a wide one upon each other
    half = (resolution // 2, resolution) if height > 1.5 * width else (resolution, resolution)
    half = (resolution, resolution // 2) if width > 1.5 * height else half
    front = _front_half(picture, mask, frame, half)
    rear = front if back == "mirror" else _soft_half(front, mask, frame)
    atlas = np.concatenate([front, rear], axis=1 if beside else 0)
    place = _pixel(cells, plane)
    local = (place - np.array(frame[:2], np.float32)) / np.array([width, height], np.float32)
    scale, step = (np.array([0.5, 1]), np.array([0.5, 0])) if beside else (np.array([1, 0.5]), np.array([0, 0.5]))
    behind = cells[mesh.faces][:, :, 2].mean(axis=1) < 0
    count = len(mesh.positions)
    key = mesh.faces + np.where(behind, count, 0)[:, None]
    used, faces = np.unique(key.reshape(-1), return_inverse=True)
    vertex = used % count
    uv = np.clip(local, 0, 1)[vertex] * scale + np.where((used >= count)[:, None], step, 0)
    assert mesh.normals is not None
    return mesh.with_(
        positions=mesh.positions[vertex],
        normals=mesh.normals[vertex],
        faces=faces.reshape(-1, 3).astype(np.int32),
        uv=uv.astype(np.float32),
        material=Material("photograph", roughness=0.82, base_color_texture=atlas, jpeg=True),
    )


def _cropped(image: NDArray[Any], frame: tuple[float, float, float, float], size: tuple[int, int]) -> NDArray[Any]:
    """`frame` of the image, which may reach beyond its border, at `size` (width, height)."""
    left, top, right, bottom = frame
    scale = (size[0] / (right - left), size[1] / (bottom - top))
    shrink = min(scale)
    if shrink < 0.5:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.4 / shrink))
    matrix = np.array([[scale[0], 0, -left * scale[0]], [0, scale[1], -top * scale[1]]])
    return np.asarray(
        cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), image.dtype
    )


def _front_half(
    picture: BytePixels, mask: FloatArray, frame: tuple[float, float, float, float], size: tuple[int, int]
) -> BytePixels:
    """The subject with its colours carried outwards past the silhouette, so that no backdrop shows at the rim."""
    crop = _cropped(np.ascontiguousarray(picture[..., :3]), frame, size)
    inside = _cropped(mask, frame, size)
    return bled(crop, inside)


def _soft_half(front: BytePixels, mask: FloatArray, frame: tuple[float, float, float, float]) -> BytePixels:
    """What the back may look like: the colours at the rim, carried inwards.

    The back of a thing goes on from what is seen at its rim, whereas what is in the middle of the front, a face or a
    belly, is mostly there alone.
    """
    size = (front.shape[1], front.shape[0])
    inside = _cropped(mask, frame, size) > 0.5
    # So smooth a picture is all there in a small one.
    shrink = max(1, max(size) // 160)
    small = (max(1, size[0] // shrink), max(1, size[1] // shrink))
    solid = cv2.resize(inside.astype(np.uint8), small, interpolation=cv2.INTER_NEAREST)
    depth = cv2.distanceTransform(solid, cv2.DIST_L2, 5)
    patches = np.asarray(cv2.resize(front, small, interpolation=cv2.INTER_AREA), np.float32)
    carried = _harmonic(patches, (depth > _RIM) & (solid > 0))
    low = cv2.resize(carried, size, interpolation=cv2.INTER_CUBIC)
    rim = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    inner = np.clip(rim / (_RIM * shrink), 0, 1)[..., None]
    inner = inner * inner * (3 - 2 * inner)
    return np.asarray((low * inner + front * (1 - inner) + 0.5).clip(0, 255), np.uint8)


def _harmonic(image: FloatArray, unknown: BoolArray) -> FloatArray:
    """The image (h, w, 3) with its unknown pixels filled as smoothly as can be: each the mean of its neighbours."""
    count = int(unknown.sum())
    if count == 0:
        return image
    number = np.full(unknown.shape, -1)
    number[unknown] = np.arange(count)
    rows, columns = np.nonzero(unknown)
    given = np.zeros((count, image.shape[2]))
    links = []
    for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        beside = (np.clip(rows + down, 0, unknown.shape[0] - 1), np.clip(columns + right, 0, unknown.shape[1] - 1))
        other = number[beside]
        given += np.where((other < 0)[:, None], image[beside], 0)
        links.append(np.stack([np.flatnonzero(other >= 0), other[other >= 0]]))
    pairs = np.concatenate(links, axis=1)
    system = diags_array(np.full(count, 4.0)) - coo_array((np.ones(pairs.shape[1]), pairs), shape=(count, count))
    filled = image.copy()
    filled[unknown] = splu(system.tocsc()).solve(given)
    return filled
