"""What every model does first: the file is read, or refused in words that help."""

import re
from pathlib import Path

import numpy as np
import pytest

from aigc.mesh.image import read_picture
from aigc.mesh.read import read_mesh
from aigc.runner.model import InputInvalid
from tests.bad_input import meshes, pictures


def stored(folder: Path, made: tuple[str, meshes.Maker]) -> Path:
    suffix, maker = made
    path = folder / f"input.{suffix}"
    path.write_bytes(maker())
    return path


def assert_helps(refused: InputInvalid) -> None:
    """It is a sentence for people and says what to do, without the words of a traceback."""
    assert len(refused.message.split()) > 3 and refused.suggestion
    assert not re.search(r"Traceback|0x[0-9a-f]{6}|object at", refused.message)


@pytest.mark.parametrize("name", meshes.REFUSED)
def test_what_is_no_mesh_is_refused_in_words(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputInvalid) as caught:
        read_mesh(stored(tmp_path, meshes.REFUSED[name]))
    assert_helps(caught.value)


@pytest.mark.parametrize("name", meshes.READ)
def test_an_exotic_way_to_write_a_mesh_is_read_as_what_it_is(tmp_path: Path, name: str) -> None:
    (read,) = read_mesh(stored(tmp_path, meshes.READ[name]))
    ball = meshes.ball()

    assert len(read.faces) == len(ball.faces)
    radius = np.linalg.norm(read.positions[read.faces].reshape(-1, 3), axis=1)
    assert np.allclose(radius, 1, atol=0.01)
    sides = read.positions[read.faces]
    volume = float(np.einsum("ij,ij->i", sides[:, 0], np.cross(sides[:, 1], sides[:, 2])).sum() / 6)
    assert 3.5 < volume < 4.19, "closed, and not inside out"


@pytest.mark.parametrize("name", meshes.ODD)
def test_an_odd_mesh_is_read(tmp_path: Path, name: str) -> None:
    assert sum(len(mesh.faces) for mesh in read_mesh(stored(tmp_path, meshes.ODD[name]))) > 0


def test_what_unpacks_to_gigabytes_is_refused_before_it_does(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid, match="unpacks to more than"):
        read_mesh(stored(tmp_path, ("glb", lambda: meshes.packed_by_meshopt(2**31))))


@pytest.mark.parametrize("name", pictures.REFUSED)
def test_what_is_no_picture_is_refused_in_words(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputInvalid) as caught:
        read_picture(stored(tmp_path, pictures.REFUSED[name]))
    assert_helps(caught.value)


@pytest.mark.parametrize("name", pictures.READ)
def test_an_exotic_way_to_store_a_picture_is_read_as_what_it_is(tmp_path: Path, name: str) -> None:
    pixels = read_picture(stored(tmp_path, pictures.READ[name])).astype(int)
    assert pixels.shape == (pictures.EDGE, pictures.EDGE, 4)

    clear = pixels[..., 3:] / 255
    grey = (pixels[..., :3] * clear + 255 * (1 - clear)).mean(axis=2)
    expected = np.asarray(pictures.disc("L"), float)
    if name == "16 bits" or name == "16 bits, TIFF":
        expected = expected / 4
    if name in ("black and white", "palette with a transparent colour"):
        assert ((grey > 128) == (expected > 128)).mean() > 0.6
        return
    assert np.abs(grey - expected).mean() < 25, "not turned, not negative, not stretched"


@pytest.mark.parametrize("name", pictures.ODD)
def test_an_odd_picture_is_read(tmp_path: Path, name: str) -> None:
    assert read_picture(stored(tmp_path, pictures.ODD[name])).shape[2] == 4
