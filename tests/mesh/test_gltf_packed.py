"""Compressed parts of files are decoded, or refused in words. Whole files are read in tests/bad_input."""

import DracoPy
import meshopt
import numpy as np
import pytest

from aigc.mesh.gltf_packed import MOST_BYTES, Unpacker
from aigc.runner.model import InputInvalid
from tests.mesh.kit import sphere

ROWS = np.arange(64, dtype=np.uint16).reshape(16, 4)
PACKED = meshopt.encode_gltf_buffer(ROWS, "ATTRIBUTES")
VIEW = {"count": 16, "byteStride": 8, "mode": "ATTRIBUTES"}


def test_a_buffer_view_comes_back_as_it_was():
    assert Unpacker().meshopt(PACKED, VIEW) == ROWS.tobytes()


def test_directions_that_were_filtered_come_back_nearly():
    directions = sphere(8, 16)[0]
    padded = np.zeros((len(directions), 4), np.float32)
    padded[:, :3] = directions
    filtered = meshopt.encode_filter_oct(padded, 4, 8)
    view = {"count": len(padded), "byteStride": 4, "mode": "ATTRIBUTES", "filter": "OCTAHEDRAL"}
    data = Unpacker().meshopt(meshopt.encode_gltf_buffer(filtered, "ATTRIBUTES"), view)
    back = np.frombuffer(data, np.int8).reshape(-1, 4)[:, :3] / 127

    assert np.abs(back - directions).max() < 0.02


@pytest.mark.parametrize(
    ("data", "changes"),
    [
        (PACKED[:5], {}),
        (b"", {}),
        (PACKED, {"mode": "SOMETHING"}),
        (PACKED, {"filter": "SOMETHING"}),
        (PACKED, {"count": -1}),
        (PACKED, {"byteStride": 1 << 20}),
        (PACKED, {"byteStride": 7}),
        (PACKED, {"count": 2.5}),
    ],
)
def test_a_damaged_buffer_view_is_refused(data, changes):
    with pytest.raises(InputInvalid):
        Unpacker().meshopt(data, VIEW | changes)


def test_all_views_together_have_a_bound():
    unpacker = Unpacker()
    with pytest.raises(InputInvalid, match="unpacks to more than"):
        unpacker.meshopt(PACKED, VIEW | {"count": MOST_BYTES})
    with pytest.raises(InputInvalid, match="unpacks to more than"):
        Unpacker().draco(b"", MOST_BYTES)


def test_a_draco_mesh_comes_back_as_it_was_to_a_thousandth():
    points, faces = sphere(8, 16)
    data = DracoPy.encode(points.astype(np.float32), faces.astype(np.uint32), preserve_order=True)
    found, attributes = Unpacker().draco(data, faces.size)

    assert np.array_equal(found, faces)
    assert np.allclose(attributes[0], points, atol=1e-3)


@pytest.mark.parametrize("count", [0, 3])
def test_a_draco_mesh_that_is_not_what_was_announced_is_refused(count):
    points, faces = sphere(8, 16)
    data = DracoPy.encode(points.astype(np.float32), faces.astype(np.uint32))
    with pytest.raises(InputInvalid, match="indices instead of"):
        Unpacker().draco(data, count)
    with pytest.raises(InputInvalid, match="cannot be decoded"):
        Unpacker().draco(data[: len(data) // 2], faces.size)
