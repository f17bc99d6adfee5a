"""The archive is as phones want it, and the scene says what the mesh is.

Checked against usd-core 26.11 while it was written: it opens both kinds, and none of its validators complains.
"""

import re
import struct
import zipfile
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from aigc.mesh.types import Material, Mesh
from aigc.mesh.usdz import write_usdz
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, sphere


@pytest.fixture
def painted() -> Mesh:
    points, faces = sphere(6, 8)
    pixels = np.full((32, 32, 3), (200, 40, 30), np.uint8)
    uv = np.tile(np.float32([0.25, 0.1]), (len(points), 1))
    return Mesh(points, faces, normals=points, uv=uv, material=Material("paint", base_color_texture=pixels), name="2 x")


def scene_of(data: bytes) -> str:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return archive.read("mesh.usda").decode()


def numbers(scene: str, what: str) -> list[float]:
    return [float(each) for each in re.findall(r"-?[\d.]+(?:e-?\d+)?", re.search(rf"{what} = \[(.*?)\]", scene)[1])]


def test_files_are_stored_plain_and_begin_at_multiples_of_64(painted):
    data = write_usdz(painted)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == ["mesh.usda", "color.jpg" if painted.material.jpeg else "color.png"]
    for entry in entries:
        name, extra = struct.unpack_from("<HH", data, entry.header_offset + 26)
        assert entry.compress_type == zipfile.ZIP_STORED
        assert (entry.header_offset + 30 + name + extra) % 64 == 0


def test_the_scene_holds_the_mesh(painted):
    scene = scene_of(write_usdz(painted))

    assert np.allclose(np.reshape(numbers(scene, "points"), (-1, 3)), painted.positions, atol=1e-6)
    assert numbers(scene, "faceVertexIndices") == painted.faces.reshape(-1).tolist()
    assert numbers(scene, "primvars:st")[:2] == pytest.approx([0.25, 0.9]), "v counts from the bottom"
    assert 'def Mesh "_2_x"' in scene and scene.count("{") == scene.count("}")


def test_the_texture_is_the_meshs(painted):
    data = write_usdz(painted)
    with zipfile.ZipFile(BytesIO(data)) as archive, Image.open(archive.open(archive.namelist()[1])) as picture:
        assert np.abs(np.asarray(picture.convert("RGB"), int) - [200, 40, 30]).max() < 6
    assert f"@{zipfile.ZipFile(BytesIO(data)).namelist()[1]}@" in scene_of(data)


def test_quadrilaterals_stay_and_a_repeated_corner_makes_a_triangle():
    quads = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 7)], np.int32)
    scene = scene_of(write_usdz(Mesh(CUBE_CORNERS, CUBE_FACES, quads=quads)))
    assert numbers(scene, "faceVertexCounts") == [4, 4, 4, 4, 4, 3]


def test_equal_meshes_give_equal_files(painted):
    assert write_usdz(painted) == write_usdz(painted)
