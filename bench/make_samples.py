"""Makes the samples that the page offers to try with: pictures rendered from our own shapes, and one mesh.

Run it from the repository's root after a change of the shapes or the light: `.venv/bin/python bench/make_samples.py`.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from aigc.mesh.gltf_read import read_gltf
from aigc.mesh.preview import View, render
from aigc.models.shape_grammar import ShapeGrammar

TARGET = Path("web/static/samples")
SIZE = 768
# name -> prompt, degrees around and above, background
PICTURES: dict[str, tuple[str, View, Any]] = {
    "robot.png": ("a friendly orange robot", View(0, 4), "transparent"),
    "teapot.png": ("a blue teapot with a golden handle", View(0, 3), "studio"),
    "penguin.png": ("a penguin with a red scarf", View(0, 3), "transparent"),
    "mushroom.png": ("a red mushroom with white dots", View(0, 6), "studio"),
}
MESH = ("rabbit.glb", "a rabbit with a carrot")


class Silent:
    """A progress that nobody watches."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Take any report."""

    def warn(self, message: str) -> None:
        """Say it."""
        print("warning:", message)


def main() -> None:
    """Write all samples anew."""
    TARGET.mkdir(parents=True, exist_ok=True)
    model = ShapeGrammar()
    model.load("cpu")
    with TemporaryDirectory() as folder:
        progress = Silent(Path(folder))
        for name, (prompt, view, background) in PICTURES.items():
            made = model.run({"text": prompt}, {"seed": 1, "texture_resolution": 2048}, progress).outputs[0].data
            assert made is not None
            # Twice the size, halved: smooth inside textures, too.
            large = render(read_gltf(made, 1_000_000), view, 2 * SIZE, background)
            picture = Image.fromarray(_without_shadow(large) if background == "transparent" else large)
            picture = picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
            if background == "studio":
                picture = picture.convert("RGB")
            picture.save(TARGET / name, optimize=True)
        name, prompt = MESH
        settings = {"seed": 1, "texture_resolution": 512, "target_face_count": 4000}
        made = model.run({"text": prompt}, settings, progress).outputs[0].data
        assert made is not None
        (TARGET / name).write_bytes(made)
    for path in sorted(TARGET.iterdir()):
        print(f"{path}: {path.stat().st_size:,} bytes")


def _without_shadow(picture: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The picture, clear wherever only the floor's shadow is."""
    cut = picture.copy()
    cut[..., 3] = np.where(picture[..., :3].max(axis=2) < 8, 0, picture[..., 3])
    cut[..., 3] = np.where(cut[..., 3] < 110, 0, cut[..., 3])
    return cut


if __name__ == "__main__":
    main()
