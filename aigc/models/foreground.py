"""The subject of a picture, told from its background."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from aigc.mesh.types import BoolArray, BytePixels, FloatArray
from aigc.runner.model import InputInvalid

_NETWORK_SHA256 = "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"
_NETWORK_EDGE = 320
_WORKING_EDGE = 768
_NO_SUBJECT = "send a picture of one thing that stands out from its background, or one with a transparent background"


@dataclass
class Subject:
    """Where the subject is.

    Args:
        mask: float32 (h, w), 1 inside, 0 outside, soft at the border.
        method: alpha, background, network, grabcut or full.
        warnings: sentences for the person who asked.
    """

    mask: FloatArray
    method: str
    warnings: list[str] = field(default_factory=list)


class Foreground:
    """Finds subjects; holds the saliency network (U²-Net-p, Qin et al., Pattern Recognition 2020), if it is there."""

    def __init__(self) -> None:
        path = _network_path()
        self._network = cv2.dnn.readNetFromONNX(str(path)) if path else None

    @property
    def has_network(self) -> bool:
        """Whether the network's weights were found."""
        return self._network is not None

    def find(self, picture: BytePixels, method: str = "auto") -> Subject:
        """The subject of uint8 (h, w, 4), largest pieces only.

        Raises:
            InputInvalid: there is nothing to be seen, or the chosen method does not suit the picture.
        """
        small = _shrunk(picture, _WORKING_EDGE)
        subject = self._found(small, method)
        subject.mask = _largest_pieces(subject.mask)
        share = float((subject.mask > 0.5).mean())
        if share < 0.003:
            raise InputInvalid("no subject was found in the picture", _NO_SUBJECT)
        if share > 0.97 and subject.method not in ("full", "alpha"):
            raise InputInvalid("the subject cannot be told from the background: it fills the picture", _NO_SUBJECT)
        height, width = picture.shape[:2]
        subject.mask = cv2.resize(subject.mask, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1)
        return subject

    def _found(self, picture: BytePixels, method: str) -> Subject:
        if method == "full":
            return Subject(np.ones(picture.shape[:2], np.float32), "full")
        clear = float((picture[..., 3] < 128).mean())
        if method == "alpha" or (method == "auto" and clear > 0.02):
            if clear == 0:
                raise InputInvalid(
                    "the picture has no transparency to take the subject from", "choose another mask method"
                )
            return Subject(picture[..., 3].astype(np.float32) / 255, "alpha")
        rgb = _over_white(picture)
        if float(rgb.reshape(-1, 3).std(axis=0).max()) < 3:
            raise InputInvalid("the picture is of one colour: there is no subject in it", _NO_SUBJECT)
        plain = _plain_backdrop(rgb) if method in ("auto", "background") else None
        if method == "background":
            if plain is None:
                raise InputInvalid("the picture's backdrop is not plain", "choose the mask method network")
            holed = plain if self._network is None else _with_holes(plain, rgb, self._saliency(rgb))
            return Subject(holed, "background")
        if self._network is None:
            return _without_network(rgb, plain, method)
        saliency = self._saliency(rgb)
        if plain is not None and _overlap(plain > 0.5, saliency > 0.5) > 0.55:
            return Subject(_with_holes(plain, rgb, saliency), "background")
        if float(saliency.max()) < 0.35:
            raise InputInvalid("no subject stands out in the picture", _NO_SUBJECT)
        refined = _grab_cut(rgb, saliency)
        if _overlap(refined > 0.5, saliency > 0.5) > 0.75:
            return Subject(refined, "network")
        return Subject(saliency, "network")

    def _saliency(self, rgb: BytePixels) -> FloatArray:
        """float32 (h, w), 0 to 1: how much each pixel belongs to what stands out."""
        assert self._network is not None
        small = cv2.resize(rgb, (_NETWORK_EDGE, _NETWORK_EDGE), interpolation=cv2.INTER_AREA).astype(np.float32)
        scaled = small / max(float(small.max()), 1.0)
        normal = (scaled - np.array([0.485, 0.456, 0.406], np.float32)) / np.array([0.229, 0.224, 0.225], np.float32)
        self._network.setInput(np.ascontiguousarray(normal.transpose(2, 0, 1)[None]))
        answer = np.asarray(self._network.forward(self._network.getUnconnectedOutLayersNames()[0]), np.float32)
        flat = answer.reshape(_NETWORK_EDGE, _NETWORK_EDGE)
        low, high = float(flat.min()), float(flat.max())
        # An all-dark answer must not be stretched into noise.
        flat = (flat - low) / max(high - low, 0.3)
        return np.asarray(
            cv2.resize(flat, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_CUBIC).clip(0, 1), np.float32
        )


def _without_network(rgb: BytePixels, plain: FloatArray | None, method: str) -> Subject:
    """What can be said of a picture if the saliency network is not installed."""
    if method == "network":
        raise InputInvalid(
            "the saliency network is not installed here", "choose the mask method auto, alpha or background"
        )
    if plain is not None:
        return Subject(plain, "background")
    warning = "the saliency network is not installed: the subject was guessed by colour alone and may be wrong"
    return Subject(_grab_cut(rgb, _centre_prior(rgb.shape[:2])), "grabcut", [warning])


def _network_path() -> Path | None:
    """The network's file, if a package brought it; the package itself is never imported."""
    spec = importlib.util.find_spec("rembg")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "u2netp.onnx"
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == _NETWORK_SHA256:
            return path
    return None


def _plain_backdrop(rgb: BytePixels) -> FloatArray | None:
    """The subject before a backdrop of one colour or a soft gradient, or None if there is none such.

    The backdrop is flooded from the picture's border, going over to colours that differ little from their neighbour's.
    """
    height, width = rgb.shape[:2]
    lab = np.asarray(cv2.cvtColor(cv2.GaussianBlur(rgb, (0, 0), 0.8), cv2.COLOR_RGB2LAB), np.uint8)
    rim = max(2, min(height, width) // 60)
    ring = np.concatenate([lab[:rim].reshape(-1, 3), lab[:, :rim].reshape(-1, 3), lab[:, -rim:].reshape(-1, 3)])
    away = np.linalg.norm(ring.astype(np.float32) - np.median(ring, axis=0), axis=1)
    if np.percentile(away, 85) > 26:
        return None
    flooded = np.zeros((height + 2, width + 2), np.uint8)
    step = max(4, min(height, width) // 24)
    seeds = [(x, 0) for x in range(0, width, step)]
    seeds += [(x, y) for y in range(0, height, step) for x in (0, width - 1)]
    seeds += [(x, height - 1) for x in range(0, width, step)]
    median = np.median(ring, axis=0)
    for x, y in seeds:
        # A seed on the subject, where it is cut by the border, must not flood it.
        if flooded[y + 1, x + 1] == 0 and np.linalg.norm(lab[y, x] - median) < 34:
            cv2.floodFill(lab, flooded, (x, y), 0, (3, 2, 2), (3, 2, 2), 4 | (255 << 8) | cv2.FLOODFILL_MASK_ONLY)
    backdrop = flooded[1:-1, 1:-1] > 0
    # The pixels at the border are mixed of both; the flood stops before them.
    backdrop = cv2.dilate(backdrop.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    share = float(backdrop.mean())
    if not 0.05 < share < 0.995:
        return None
    return np.asarray(cv2.GaussianBlur(1 - backdrop.astype(np.float32), (0, 0), 0.8), np.float32)


def _with_holes(mask: FloatArray, rgb: BytePixels, saliency: FloatArray) -> FloatArray:
    """The mask without places where the backdrop shows through the subject, as in a handle.

    Such a place has the colours of the backdrop around the subject there, and the network does not take it for the
    subject: a white spot before a white wall it does.
    """
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32)
    backdrop = mask < 0.5
    wide = max(mask.shape) * 0.08
    weight = cv2.GaussianBlur(backdrop.astype(np.float32), (0, 0), wide)[..., None]
    around = cv2.GaussianBlur(lab * backdrop[..., None], (0, 0), wide) / np.maximum(weight, 1e-4)
    like = (np.linalg.norm(lab - around, axis=2) < 22) & (weight[..., 0] > 1e-3) & ~backdrop
    count, label, stats, _ = cv2.connectedComponentsWithStats(like.astype(np.uint8), connectivity=4)
    holes = np.zeros(mask.shape, np.uint8)
    for k in range(1, count):
        here = label == k
        if stats[k, cv2.CC_STAT_AREA] > 0.001 * mask.size and float(saliency[here].mean()) < 0.6:
            holes |= here.astype(np.uint8)
    open_ = cv2.GaussianBlur(cv2.dilate(holes, np.ones((3, 3), np.uint8)).astype(np.float32), (0, 0), 0.8)
    return np.asarray(np.minimum(mask, 1 - open_), np.float32)


def _grab_cut(rgb: BytePixels, likely: FloatArray) -> FloatArray:
    """The likely foreground with its border moved onto edges of colour (Rother et al., SIGGRAPH 2004)."""
    scale = min(1.0, 420 / max(rgb.shape[:2]))
    size = (max(8, round(rgb.shape[1] * scale)), max(8, round(rgb.shape[0] * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    guess = cv2.resize(likely, size, interpolation=cv2.INTER_AREA)
    labels = np.where(guess > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[guess > 0.92] = cv2.GC_FGD
    labels[guess < 0.04] = cv2.GC_BGD
    if not (labels & 1).any() or (labels & 1).all():
        return likely
    cv2.setRNGSeed(0)  # its colour clusters start at random
    cv2.grabCut(
        cv2.cvtColor(small, cv2.COLOR_RGB2BGR),
        labels,
        (0, 0, 0, 0),
        np.zeros((1, 65)),
        np.zeros((1, 65)),
        3,
        cv2.GC_INIT_WITH_MASK,
    )
    cut = cv2.GaussianBlur((labels & 1).astype(np.float32), (0, 0), 0.9)
    return np.asarray(
        cv2.resize(cut, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_CUBIC).clip(0, 1), np.float32
    )


def _centre_prior(shape: tuple[int, ...]) -> FloatArray:
    """A guess without a network: what is in the middle is the subject."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    away = np.hypot((x + 0.5) / shape[1] * 2 - 1, (y + 0.5) / shape[0] * 2 - 1)
    return np.asarray(np.clip(1.05 - away, 0, 0.9), np.float32)


def _largest_pieces(mask: FloatArray) -> FloatArray:
    """The mask without crumbs: pieces under a fiftieth of the largest are dropped, pinholes filled."""
    solid = (mask > 0.5).astype(np.uint8)
    count, label, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    if count <= 1:
        return mask
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    kept = np.isin(label, np.flatnonzero(areas >= areas.max() / 50))
    near = cv2.dilate(kept.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    mask = np.where(near, mask, 0).astype(np.float32)
    count, label, stats, _ = cv2.connectedComponentsWithStats((mask <= 0.5).astype(np.uint8), connectivity=4)
    pinholes = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] < mask.size * 0.0004)
    return np.where(np.isin(label, pinholes[pinholes > 0]), 1, mask).astype(np.float32)


def _shrunk(picture: BytePixels, longest: int) -> BytePixels:
    scale = longest / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _over_white(picture: BytePixels) -> BytePixels:
    alpha = picture[..., 3:].astype(np.float32) / 255
    return (picture[..., :3] * alpha + 255 * (1 - alpha) + 0.5).astype(np.uint8)


def _overlap(one: BoolArray, two: BoolArray) -> float:
    """Intersection over union."""
    union = int((one | two).sum())
    return int((one & two).sum()) / union if union else 0.0
