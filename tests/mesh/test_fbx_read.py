import numpy as np
import pytest

from aigc.mesh.fbx import write_fbx
from aigc.mesh.fbx_nodes import Node, encode
from aigc.mesh.fbx_parse import parse
from aigc.mesh.fbx_read import read_fbx
from aigc.mesh.read import read_mesh
from aigc.mesh.stats import volume
from aigc.mesh.topology import weld
from aigc.mesh.types import Material, Mesh
from aigc.runner.model import InputInvalid
from tests.mesh.kit import cube

MOST = 1_000_000


def node_at(nodes: list[Node], *path: str) -> Node:
    found = Node("", (), nodes)
    for name in path:
        found = next(child for child in found.children if child.name == name)
    return found


def changed(data: bytes, name: str, *values: float) -> bytes:
    """The file with another value of the mesh's model."""
    nodes = parse(data)
    table = node_at(nodes, "Objects", "Model", "Properties70")
    table.children = [entry for entry in table.children if entry.values[0] != name]
    table.add("P", name, name, "", "A", *values)
    return encode(nodes)


def seen(data: bytes) -> np.ndarray:
    """Low and high corner of the one mesh."""
    (mesh,) = read_fbx(data, MOST)
    assert volume(*weld(mesh.positions, mesh.faces)) > 0
    return mesh.bounds


def test_what_was_written_is_read_in_metres(tmp_path):
    corners = cube().positions[cube().faces].reshape(-1, 3)
    uv = np.random.default_rng(1).random((36, 2)).astype(np.float32)
    picture = np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    material = Material("wood", base_color_texture=picture)
    box = Mesh(corners, np.arange(36, dtype=np.int32).reshape(-1, 3), uv=uv, material=material, name="box")
    path = tmp_path / "box.fbx"
    path.write_bytes(write_fbx([box, cube((0.5, 0.25, 0.125))]))

    first, second = read_mesh(path)

    assert (first.name, first.material.name) == ("box", "wood")
    assert np.allclose(first.corners, box.corners, atol=1e-6)
    assert np.allclose(first.uv[first.faces], uv[box.faces], atol=1e-6)
    assert np.array_equal(first.material.base_color_texture, picture)
    assert second.material.base_color == (0.5, 0.25, 0.125, 1.0)


@pytest.mark.parametrize(
    ("name", "values", "low", "high"),
    [
        ("Lcl Translation", (100.0, 0.0, 0.0), (1, 0, 0), (2, 1, 1)),
        ("Lcl Rotation", (0.0, 0.0, 90.0), (-1, 0, 0), (0, 1, 1)),
        ("PreRotation", (-90.0, 0.0, 0.0), (0, 0, -1), (1, 1, 0)),
        ("Lcl Scaling", (2.0, 1.0, 1.0), (0, 0, 0), (2, 1, 1)),
        ("Lcl Scaling", (-1.0, 1.0, 1.0), (-1, 0, 0), (0, 1, 1)),
        ("GeometricTranslation", (0.0, 50.0, 0.0), (0, 0.5, 0), (1, 1.5, 1)),
        ("RotationPivot", (50.0, 50.0, 50.0), (0, 0, 0), (1, 1, 1)),
    ],
)
def test_a_mesh_is_placed_as_its_model_says(name, values, low, high):
    assert np.allclose(seen(changed(write_fbx(cube()), name, *values)), [low, high], atol=1e-5)


def test_other_axes_and_units_are_turned_into_ours():
    nodes = parse(write_fbx(cube()))
    table = node_at(nodes, "GlobalSettings", "Properties70")
    values = {"UpAxis": 2, "FrontAxis": 1, "FrontAxisSign": -1, "UnitScaleFactor": 2.54}
    for entry in table.children:
        entry.values = [*entry.values[:4], values.get(entry.values[0], entry.values[4])]

    assert np.allclose(seen(encode(nodes)), [(0, 0, -2.54), (2.54, 2.54, 0)], atol=1e-5)


def test_polygons_become_triangles():
    nodes = parse(write_fbx(cube()))
    geometry = node_at(nodes, "Objects", "Geometry")
    square = np.array([0, 1, 3, ~2], np.int32)
    geometry.children = [c for c in geometry.children if not c.name.startswith(("LayerElement", "Polygon"))]
    geometry.add("PolygonVertexIndex", square)

    (mesh,) = read_fbx(encode(nodes), MOST)

    assert len(mesh.faces) == 2 and len(mesh.positions) == 4


def test_a_polygon_that_names_no_vertex_is_refused():
    nodes = parse(write_fbx(cube()))
    node_at(nodes, "Objects", "Geometry", "PolygonVertexIndex").values = [np.array([0, 1, ~99], np.int32)]

    with pytest.raises(InputInvalid, match="vertex"):
        read_fbx(encode(nodes), MOST)


def test_a_model_that_is_its_own_ancestor_is_refused():
    nodes = parse(write_fbx(cube()))
    model = node_at(nodes, "Objects", "Model").values[0]
    for link in node_at(nodes, "Connections").children:
        if link.values[1] == model:
            link.values = [link.values[0], model, model]

    with pytest.raises(InputInvalid, match="ancestor"):
        read_fbx(encode(nodes), MOST)


def test_too_many_faces_and_a_file_without_objects_are_refused():
    with pytest.raises(InputInvalid, match="faces"):
        read_fbx(write_fbx(cube()), 5)
    with pytest.raises(InputInvalid, match="Objects"):
        read_fbx(encode([Node("Creator", ["x"])]), MOST)
