"""A picture from a file, and the thumbnail of a mesh."""

import io
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from aigc.adapters.picture import EDGE, read_picture, thumbnail
from aigc.runner.model import InputInvalid


def drawn(mesh: trimesh.Trimesh, colours: np.ndarray | None = None) -> np.ndarray:
    image = Image.open(io.BytesIO(thumbnail(mesh.vertices, mesh.faces, colours)))
    assert image.size == (EDGE, EDGE)
    return np.asarray(image).astype(int)


def test_a_sphere_is_a_shaded_disc_in_the_middle() -> None:
    shown = drawn(trimesh.creation.icosphere(subdivisions=3))
    subject = (shown < 240).any(axis=2)
    # A ball that fills its box is a disc of 0.62 times the edge.
    assert subject.mean() == pytest.approx(np.pi * 0.31**2, rel=0.03)
    across, down = (np.nonzero(subject)[axis].mean() for axis in (1, 0))
    assert (across, down) == (pytest.approx(EDGE / 2, abs=3), pytest.approx(EDGE / 2, abs=3))
    top, bottom = shown[EDGE // 4, EDGE // 2].sum(), shown[EDGE * 3 // 4, EDGE // 2].sum()
    assert top > bottom, "light comes from above"


def test_what_is_nearer_hides_what_is_behind_and_colours_are_shown() -> None:
    near, far = trimesh.creation.box((1, 1, 0.1)), trimesh.creation.box((1, 1, 0.1))
    near.apply_translation((0, 0, 0.15))
    both = trimesh.util.concatenate([near, far])
    colours = np.array([[255, 0, 0]] * len(near.faces) + [[0, 0, 255]] * len(far.faces))
    shown = drawn(both, colours)
    red = (shown[:, :, 0] > 2 * shown[:, :, 2] + 20).sum()
    blue = (shown[:, :, 2] > 2 * shown[:, :, 0] + 20).sum()
    assert red > 3 * blue > 0, "the blue plate is behind the red one"


def test_a_mesh_is_drawn_alike_each_time_and_wherever_it_stands() -> None:
    mesh = trimesh.creation.torus(1, 0.3)
    moved = mesh.copy()
    moved.apply_transform(trimesh.transformations.scale_and_translate(1000, (5, 6, 7)))
    assert thumbnail(mesh.vertices, mesh.faces) == thumbnail(mesh.vertices, mesh.faces)
    assert np.abs(drawn(mesh) - drawn(moved)).mean() < 1


def test_a_picture_is_read_upright_with_its_transparency(tmp_path: Path) -> None:
    image = Image.new("RGB", (20, 10), (255, 0, 0))
    turned = Image.Exif()
    turned[0x0112] = 6
    image.save(tmp_path / "a.jpg", exif=turned)
    assert read_picture(str(tmp_path / "a.jpg")).size == (10, 20)
    Image.new("P", (4, 4)).save(tmp_path / "b.png", transparency=0)
    assert read_picture(str(tmp_path / "b.png")).getpixel((0, 0))[3] == 0
    (tmp_path / "c.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(InputInvalid, match="cannot be read"):
        read_picture(str(tmp_path / "c.png"))
