import numpy as np
import pytest
from scipy.spatial import cKDTree

from aigc.mesh.export import write_stl
from aigc.mesh.gltf import write_glb
from aigc.mesh.holes import border_loops
from aigc.mesh.obj_write import write_obj
from aigc.mesh.read import read_mesh
from aigc.mesh.simplify import from_manifold, to_manifold
from aigc.mesh.subdivide import split_long_edges
from aigc.mesh.types import Mesh
from aigc.models.retopology import FieldQuads, Quadric
from aigc.runner.model import InputInvalid
from aigc.runner.testing import Recorder, run_model
from tests.gltf import gltf_issues
from tests.mesh.kit import CUBE_CORNERS, cube, sphere
from tests.mesh.segment_kit import box
from tests.models.kit import check_cancel, check_progress, digest, digest_elsewhere, main_mesh


@pytest.fixture
def egg(tmp_path):
    """A closed egg, red on one side, of some 19,000 triangles."""
    points, faces = sphere(80, 120)
    colors = np.where(points[:, :1] > 0, [[230, 30, 30, 255]], [[240, 240, 235, 255]]).astype(np.uint8)
    path = tmp_path / "egg.glb"
    path.write_bytes(write_glb(Mesh((points * [0.7, 1, 0.7]).astype(np.float32), faces, colors=colors)))
    return str(path)


def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def farthest(result, path) -> float:
    """The greatest distance from a point of either surface to the other, of 20,000 sampled on each, in its height."""
    import trimesh

    old = trimesh.load(path, force="mesh", process=False)
    clouds = [trimesh.sample.sample_surface(mesh, 20_000, seed=1)[0] for mesh in (old, main_mesh(result))]
    distances = [cKDTree(one).query(two)[0].max() for one, two in (clouds, clouds[::-1])]
    return max(distances) / old.extents.max()


@pytest.mark.parametrize("model", [FieldQuads(), Quadric()], ids=["field", "quadric"])
def test_the_new_mesh_lies_on_the_old_surface_with_the_asked_number_of_vertices(tmp_path, egg, model):
    params = {"target_vertex_count": 1500, "output_format": "glb", "texture_resolution": 256}

    result = run_model(model, {"mesh": egg}, params, scratch(tmp_path))

    assert gltf_issues(result.outputs[0].data) == []
    mesh = main_mesh(result)
    assert mesh.is_watertight
    assert len(mesh.vertices) == pytest.approx(1500, rel=0.2)
    assert farthest(result, egg) < 0.03


def test_quadrilaterals_are_in_the_obj_file(tmp_path, egg):
    params = {"target_vertex_count": 800, "poly_type": "quad", "texture_resolution": 256}

    result = run_model(FieldQuads(), {"mesh": egg}, params, scratch(tmp_path))

    rows = [line.split() for line in result.outputs[0].data.decode().splitlines() if line.startswith("f ")]
    assert sum(len(row) == 5 for row in rows) >= 0.9 * len(rows)
    assert result.info["quads"] == sum(len(row) == 5 for row in rows)
    assert main_mesh(result).is_watertight
    assert {output.name for output in result.outputs} >= {"mesh.obj", "mesh.mtl", "mesh_color.png", "thumbnail.png"}


def test_quadrilaterals_that_a_glb_cannot_hold_are_missed_in_words(tmp_path):
    path = tmp_path / "cube.stl"
    path.write_bytes(write_stl(Mesh(*sphere(8, 12))))
    params = {"target_vertex_count": 100, "poly_type": "quad", "output_format": "glb", "keep_texture": False}
    recorder = Recorder(scratch(tmp_path))

    result = run_model(FieldQuads(), {"mesh": str(path)}, params, recorder.folder, recorder=recorder)

    assert result.info["quads"] == 0 and any("GLB holds triangles only" in warning for warning in recorder.warnings)


def test_without_a_texture_every_face_is_a_quadrilateral_but_for_odd_holes(tmp_path, egg):
    params = {"target_vertex_count": 800, "poly_type": "quad", "keep_texture": False}

    result = run_model(FieldQuads(), {"mesh": egg}, params, scratch(tmp_path))

    rows = [line.split() for line in result.outputs[0].data.decode().splitlines() if line.startswith("f ")]
    assert sum(len(row) == 5 for row in rows) >= len(rows) - 3


def test_the_colours_move_to_the_new_surface(tmp_path, egg):
    params = {"target_vertex_count": 800, "output_format": "glb", "texture_resolution": 256}

    result = run_model(FieldQuads(), {"mesh": egg}, params, scratch(tmp_path))

    path = tmp_path / "new.glb"
    path.write_bytes(result.outputs[0].data)
    (mesh,) = read_mesh(path)
    middle = mesh.uv[mesh.faces].mean(axis=1)
    picture = mesh.material.base_color_texture
    shown = picture[(middle[:, 1] * len(picture)).astype(int), (middle[:, 0] * len(picture)).astype(int)].astype(int)
    is_red = shown[:, 0] - shown[:, 2] > 100
    side = mesh.positions[mesh.faces].mean(axis=1)[:, 0]
    assert is_red[side > 0.1].mean() > 0.97
    assert is_red[side < -0.1].mean() < 0.03


def test_an_open_surface_stays_open(tmp_path):
    points, faces = sphere(60, 90)
    bowl = faces[(points[faces][:, :, 1] < 0.3).all(axis=1)]
    path = tmp_path / "bowl.stl"
    path.write_bytes(write_stl(Mesh(points, bowl)))

    for model in (FieldQuads(), Quadric()):
        result = run_model(model, {"mesh": str(path)}, {"target_vertex_count": 600}, tmp_path)
        assert result.info["closed_before"] is False
        assert result.info["closed"] is False
        made = main_mesh(result)
        assert not made.is_watertight
        assert (result.info["borders_before"], result.info["borders"]) == (1, 1)
        # The rim stays where it was: no hole grew, and it is not frayed.
        rim = made.vertices[border_loops(np.asarray(made.faces))[0]]
        old = points[border_loops(bowl)[0]]
        assert cKDTree(old).query(rim)[0].max() < 0.045


@pytest.fixture(scope="module")
def aerial(tmp_path_factory):
    """A box with a thin rod upon it."""
    rod = to_manifold(*box((-0.05, 0.2, -0.05), (0.05, 1.6, 0.05)))
    points, faces, _ = split_long_edges(
        *from_manifold(to_manifold(*box((-1, -0.3, -1), (1, 0.3, 1))) + rod), 0.1, 100_000
    )
    path = tmp_path_factory.mktemp("aerial") / "aerial.stl"
    path.write_bytes(write_stl(Mesh(points, faces)))
    return str(path)


def test_more_vertices_are_taken_where_thin_parts_would_break(tmp_path, aerial):
    recorder = Recorder(tmp_path)
    result = run_model(FieldQuads(), {"mesh": aerial}, {"target_vertex_count": 1200}, tmp_path, recorder=recorder)

    assert (result.info["pieces_before"], result.info["pieces"], result.info["closed"]) == (1, 1, True)
    assert result.info["surface_kept"] == pytest.approx(1, abs=0.002)
    assert main_mesh(result).bounds[1][1] == pytest.approx(1.6, abs=0.05)
    assert 1800 < result.info["vertices"] < 3000
    assert any("thin parts break" in warning for warning in recorder.warnings)


@pytest.mark.parametrize("vertices", [300, 1200])
def test_what_broke_or_vanished_is_told(tmp_path, aerial, vertices):
    recorder = Recorder(tmp_path)
    params = {"target_vertex_count": vertices, "keep_thin_parts": False}
    result = run_model(FieldQuads(), {"mesh": aerial}, params, tmp_path, recorder=recorder)

    assert result.info["surface_kept"] < 0.99 or result.info["pieces"] > 1
    assert any("broke or vanished" in warning for warning in recorder.warnings)


def test_what_is_coarse_already_may_be_refined_by_the_field_and_is_kept_by_decimation(tmp_path):
    path = tmp_path / "cube.obj"
    path.write_bytes(write_obj(cube()))

    kept = run_model(Quadric(), {"mesh": str(path)}, {}, tmp_path)
    refined = run_model(FieldQuads(), {"mesh": str(path)}, {"target_vertex_count": 400}, tmp_path)

    assert kept.info["triangles"] == 12
    assert refined.info["vertices"] > 200
    assert np.allclose(main_mesh(refined).extents, np.ptp(CUBE_CORNERS, axis=0), atol=0.02)


def test_decimation_says_that_it_makes_no_quadrilaterals(tmp_path, egg):
    with pytest.raises(InputInvalid, match="triangles only") as caught:
        run_model(Quadric(), {"mesh": egg}, {"poly_type": "quad"}, tmp_path)

    assert "quad" in caught.value.suggestion


@pytest.mark.parametrize("name", ["FieldQuads", "Quadric"])
def test_the_same_mesh_gives_the_same_files_in_another_process(tmp_path, egg, name):
    params = {"target_vertex_count": 600, "output_format": "glb", "texture_resolution": 256}
    model = {"FieldQuads": FieldQuads, "Quadric": Quadric}[name]()

    here = digest(run_model(model, {"mesh": egg}, params, scratch(tmp_path)))

    assert here == digest_elsewhere(f"aigc.models.retopology:{name}", {"mesh": egg}, params)


@pytest.mark.parametrize("model", [FieldQuads(), Quadric()], ids=["field", "quadric"])
def test_progress_is_told_and_a_cancel_heard_at_every_step(tmp_path, egg, model):
    params = {"target_vertex_count": 400, "output_format": "glb", "texture_resolution": 256}
    folder = scratch(tmp_path)

    recorder = check_progress(model, {"mesh": egg}, params, folder)

    calls = len(recorder.reports)
    check_cancel(lambda call: run_model(model, {"mesh": egg}, params, folder, cancel_at=call), calls, folder)
    assert isinstance(recorder, Recorder)


def test_a_needle_is_refused_by_who_would_never_end(tmp_path):
    needle = Mesh((sphere(8, 16)[0] * [1, 1e-4, 1e-4]).astype(np.float32), sphere(8, 16)[1])
    path = tmp_path / "needle.glb"
    path.write_bytes(write_glb(needle))
    with pytest.raises(InputInvalid, match="times as long as"):
        run_model(FieldQuads(), {"mesh": str(path)}, {}, tmp_path)


def test_what_a_format_cannot_hold_is_missed_in_words(tmp_path, egg):
    recorder = Recorder(tmp_path)
    params = {"target_vertex_count": 100, "poly_type": "quad", "output_format": "stl"}
    result = run_model(FieldQuads(), {"mesh": egg}, params, tmp_path, recorder=recorder)

    assert main_mesh(result).is_watertight and result.outputs[0].name == "mesh.stl"
    assert [word in " ".join(recorder.warnings) for word in ("triangles only", "colours are lost")] == [True, True]
