import json
import struct

import numpy as np
import pytest

from aigc.mesh.gltf import write_glb
from aigc.mesh.gltf_read import read_gltf
from aigc.mesh.types import Material, Mesh
from aigc.runner.model import InputInvalid
from tests.mesh.kit import CUBE_CORNERS, cube, sphere


def changed(data: bytes, **changes: object) -> bytes:
    """The GLB file with entries of its document replaced: `accessors__0__count=9`."""
    length = struct.unpack_from("<I", data, 12)[0]
    document = json.loads(data[20 : 20 + length])
    for path, value in changes.items():
        *way, last = path.split("__")
        place = document
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        place[int(last) if isinstance(place, list) else last] = value
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    rest = data[20 + length :]
    return (
        struct.pack("<4sII", b"glTF", 2, 20 + len(text) + len(rest))
        + struct.pack("<I4s", len(text), b"JSON")
        + text
        + rest
    )


def test_what_was_written_is_read():
    mesh = Mesh(*sphere(6, 8), normals=sphere(6, 8)[0])

    (read,) = read_gltf(write_glb(mesh), 10_000)

    assert np.array_equal(read.faces, mesh.faces)
    assert np.array_equal(read.positions, mesh.positions)


def test_gloss_and_occlusion_are_read_and_a_material_is_read_once():
    surface = np.zeros((4, 4, 3), np.uint8)
    surface[:] = (200, 100, 50)
    material = Material(base_color_texture=np.full((4, 4, 3), 9, np.uint8), surface_texture=surface)
    data = write_glb([cube().with_(uv=CUBE_CORNERS[:, :2], material=material)] * 2)
    apart = changed(data, meshes__1__primitives__0__material=0)

    one, two = read_gltf(apart, 1000)
    (dull, _) = read_gltf(changed(data, materials__0__pbrMetallicRoughness__roughnessFactor=0.5), 1000)

    assert np.array_equal(one.material.surface_texture, surface)
    assert one.material is two.material
    assert dull.material.surface_texture[0, 0].tolist() == [200, 50, 50]
    bare = json.loads(data[20 : 20 + struct.unpack_from("<I", data, 12)[0]])["materials"][0]
    del bare["occlusionTexture"]
    assert read_gltf(changed(data, materials__0=bare), 1000)[0].material.surface_texture[0, 0].tolist() == [
        255,
        100,
        50,
    ]


def test_nodes_place_their_meshes_and_a_mirror_turns_the_winding():
    data = changed(write_glb(cube()), nodes__0__scale=[-2, 1, 1], nodes__0__translation=[5, 0, 0])

    (read,) = read_gltf(data, 100)

    assert read.bounds.tolist() == [[3, 0, 0], [5, 1, 1]]
    a, b, c = (read.positions[read.faces[:, k]] for k in range(3))
    assert np.einsum("ij,ij->", a, np.cross(b, c)) / 6 == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"buffers": [{"uri": "../../etc/passwd", "byteLength": 10}]}, "another file"),
        ({"buffers": [{"uri": "http://localhost/x.bin", "byteLength": 10}]}, "another file"),
        ({"accessors__1__count": 999_999_999}, "more than"),
        ({"accessors__1__count": 600}, "contradicts itself"),
        ({"accessors__0__count": 3}, "names a vertex"),
        ({"accessors__0__count": -1}, "contradicts itself"),
        ({"accessors__0__byteOffset": -40}, "contradicts itself"),
        ({"bufferViews__0__byteLength": 10**12}, "contradicts itself"),
        ({"accessors__0__componentType": 1}, "contradicts itself"),
        ({"nodes__0__children": [0]}, "ancestor"),
        ({"scene": 7}, "contradicts itself"),
        ({"nodes__0__mesh": "x"}, "contradicts itself"),
        ({"meshes__0__primitives__0__attributes__POSITION": -1}, "contradicts itself"),
    ],
)
def test_a_file_that_lies_is_refused_in_words(changes, words):
    with pytest.raises(InputInvalid, match=words) as caught:
        read_gltf(changed(write_glb(cube()), **changes), 1_000)

    assert caught.value.suggestion


def test_every_prefix_and_every_flipped_byte_gives_a_mesh_or_a_refusal():
    data = write_glb(cube())
    random = np.random.default_rng(0)
    cut = [data[:length] for length in range(4, len(data), 7)]
    flipped = []
    for _ in range(400):
        bytes_ = bytearray(data)
        bytes_[int(random.integers(4, len(data)))] ^= int(random.integers(1, 256))
        flipped.append(bytes(bytes_))

    for damaged in cut + flipped:
        try:
            meshes = read_gltf(damaged, 1_000)
        except InputInvalid:
            continue
        assert all(len(mesh.faces) == 0 or mesh.faces.max() < len(mesh.positions) for mesh in meshes)


def test_strips_and_fans_become_triangles():
    data = changed(write_glb(cube()), meshes__0__primitives__0__mode=5, accessors__1__count=4)

    (read,) = read_gltf(data, 100)

    assert read.faces.tolist() == [[0, 1, 3], [3, 1, 0]]
    assert len(read.positions) == len(CUBE_CORNERS)
