import struct

import numpy as np
import pytest

from aigc.mesh.export import write_ply, write_stl
from aigc.mesh.gltf import write_glb
from aigc.mesh.obj_write import write_obj
from aigc.mesh.read import read_mesh
from aigc.mesh.stats import mesh_stats
from aigc.mesh.types import Mesh
from aigc.runner.model import InputInvalid
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, cube

OFF = (
    b"OFF\n8 12 0\n"
    + b"".join(b"%g %g %g\n" % tuple(p) for p in CUBE_CORNERS.tolist())
    + b"".join(b"3 %d %d %d\n" % tuple(f) for f in CUBE_FACES.tolist())
)


@pytest.mark.parametrize(
    "data",
    [write_glb(cube()), write_obj(cube()), write_ply(cube()), write_stl(cube()), OFF],
    ids=["glb", "obj", "ply", "stl", "off"],
)
def test_every_format_is_known_by_its_content_and_gives_the_same_cube(tmp_path, data):
    path = tmp_path / "upload.bin"
    path.write_bytes(data)

    stats = mesh_stats(read_mesh(path))

    assert stats["triangles"] == 12
    assert stats["watertight"] is True
    assert stats["volume"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no mesh of a known format"),
        (b"hello, this is a letter", "no mesh of a known format"),
        (b"PK\x03\x04rest", "ZIP archive is damaged"),
        (b"Kaydara FBX Binary  \x00", "FBX"),
        (b"\x89PNG\r\n", "picture"),
        (b"\x1f\x8b" + b"0" * 100, "gzip"),
        (b"v 0 0 0\nv 1 0 0\nv 0 1 0\n", "no triangles"),
        (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "cannot be read|not there"),
        (b"v 0 0 0\nv nan 0 0\nv 0 1 0\nf 1 2 3\n", "not numbers"),
        (b"v 3 3 3\nv 3 3 3\nv 3 3 3\nf 1 2 3\n", "in one point"),
        (b"v 0 0 0\nv 1e30 0 0\nv 0 1 0\nf 1 2 3\n", "reaches out"),
        (b"ply\nformat binary_little_endian 1.0\nelement vertex 900000000\nelement face 1\nend_header\n", "more than"),
        (b"ply\nformat ascii 1.0\nelement vertex 90000\nelement face 70000\nend_header\n", "announces"),
        (b"ply\nformat ascii 1.0\nend_header\n", "cannot be read|no triangles"),
        (b"OFF\n99999999 99999999 0\n", "more than"),
        (b"solid x\nfacet normal 0 0 1\nouter loop\n", "cannot be read|no triangles"),
        (b'{"asset": {"version": "2.0"}}', "no triangles"),
        (b"{" * 5000, "contradicts itself"),
    ],
)
def test_what_is_no_usable_mesh_is_refused_in_words(tmp_path, data, words):
    path = tmp_path / "upload"
    path.write_bytes(data)

    with pytest.raises(InputInvalid, match=words) as caught:
        read_mesh(path)

    assert caught.value.suggestion


def test_a_mesh_with_too_many_faces_is_refused_before_it_is_parsed(tmp_path):
    path = tmp_path / "large.stl"
    path.write_bytes(b"\0" * 80 + struct.pack("<I", 4_000) + b"\0" * 200_000)

    with pytest.raises(InputInvalid, match="more than 1,000 faces"):
        read_mesh(path, most_faces=1_000)


def test_an_obj_file_reads_no_other_file(tmp_path):
    (tmp_path / "secret.mtl").write_bytes(b"newmtl m\nmap_Kd secret.png\n")
    path = tmp_path / "mesh.obj"
    path.write_bytes(write_obj(cube(), "secret.mtl"))

    (mesh,) = read_mesh(path)

    assert mesh.material.base_color_texture is None
    assert len(mesh.faces) == 12


def test_quadrilaterals_are_cut_into_triangles(tmp_path):
    path = tmp_path / "quad.obj"
    square = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], np.float32)
    quads = np.array([(0, 1, 2, 3)], np.int32)
    path.write_bytes(write_obj(Mesh(square, np.array([(0, 1, 2), (0, 2, 3)], np.int32), quads=quads)))

    (mesh,) = read_mesh(path)

    assert len(mesh.faces) == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\n" * 900_000, "no mesh of a known format"),
        (b"v 0 0 0\n" + b"\n" * 2_000_000, "no triangles"),
        (b"OFF\n" + b"#OFF \n" * 20_000, "cannot be read"),
        (b"v 0 0 0\n" + b"".join(b"usemtl m%d\nf 1 1 1\n" % at for at in range(30_000)), "30,000 materials"),
    ],
    ids=["blank lines", "an OBJ of blank lines", "OFF in comments", "a material for each face"],
)
def test_what_would_take_the_square_of_its_length_to_read_is_refused_at_once(tmp_path, data, words):
    (tmp_path / "mesh").write_bytes(data)
    with pytest.raises(InputInvalid, match=words):
        read_mesh(tmp_path / "mesh")
