from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from aigc.mesh.bake import texels
from aigc.mesh.gltf import write_glb
from aigc.mesh.read import read_mesh
from aigc.mesh.stats import uv_area
from aigc.mesh.types import Material, Mesh
from aigc.models.uv_unwrap import XatlasUnwrap
from aigc.runner.testing import Recorder, run_model
from tests.gltf import gltf_issues
from tests.mesh.kit import cube, sphere
from tests.models.kit import check_cancel, check_progress, digest, digest_elsewhere, main_mesh


@pytest.fixture
def pair(tmp_path):
    """A cube and a ball beside it in one file."""
    points, faces = sphere(20, 30)
    path = tmp_path / "pair.glb"
    path.write_bytes(write_glb([cube(), Mesh(points + np.float32(3), faces)]))
    return str(path)


def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def unwrapped(result, tmp_path) -> Mesh:
    path = tmp_path / "made"
    path.write_bytes(result.outputs[0].data)
    (mesh,) = read_mesh(path)
    return mesh


@pytest.mark.parametrize("kind", ["glb", "obj"])
def test_coordinates_lie_in_the_unit_square_and_islands_do_not_overlap(tmp_path, pair, kind):
    result = run_model(XatlasUnwrap(), {"mesh": pair}, {"output_format": kind}, scratch(tmp_path))

    mesh = unwrapped(result, tmp_path)
    assert mesh.uv.min() >= 0 and mesh.uv.max() <= 1
    shown = len(texels(mesh.uv, mesh.faces, 1024).index) / 1024**2
    assert uv_area(mesh.uv, mesh.faces) == pytest.approx(shown, rel=0.02)
    assert main_mesh(result).is_watertight
    assert result.info["distortion"] < 1.25
    if kind == "glb":
        assert gltf_issues(result.outputs[0].data) == []


def test_each_part_is_a_file_of_its_own_if_wished(tmp_path, pair):
    with_parts = run_model(XatlasUnwrap(), {"mesh": pair}, {}, scratch(tmp_path))
    without = run_model(XatlasUnwrap(), {"mesh": pair}, {"save_individual_parts": False}, tmp_path / "scratch")

    parts = [output for output in with_parts.outputs if output.role == "part"]
    assert [output.name for output in parts] == ["part_00.obj", "part_01.obj"]
    assert sum(line.startswith(b"f ") for line in parts[1].data.splitlines()) == 12
    assert not [output for output in without.outputs if output.role == "part"]


def test_the_islands_are_drawn_if_wished(tmp_path, pair):
    result = run_model(XatlasUnwrap(), {"mesh": pair}, {"save_visuals": True}, scratch(tmp_path))

    (drawing,) = [output for output in result.outputs if output.role == "preview"]
    with Image.open(BytesIO(drawing.data)) as picture:
        colors = len(set(picture.resize((256, 256), Image.Resampling.NEAREST).get_flattened_data()))
    assert colors > result.info["islands"] // 2


def test_unpacked_islands_lie_one_over_the_other(tmp_path, pair):
    result = run_model(
        XatlasUnwrap(), {"mesh": pair}, {"pack_method": "none", "output_format": "glb"}, scratch(tmp_path)
    )

    mesh = unwrapped(result, tmp_path)
    assert result.info["packer"] == "none"
    assert mesh.uv.min() >= 0 and mesh.uv.max() <= 1
    assert len(texels(mesh.uv, mesh.faces, 512).index) / 512**2 < 0.9 * uv_area(mesh.uv, mesh.faces)


def test_a_lower_threshold_gives_more_islands(tmp_path):
    points, faces = sphere(30, 40)
    path = tmp_path / "ball.glb"
    path.write_bytes(write_glb(Mesh(points, faces)))

    strict, loose = (
        run_model(XatlasUnwrap(), {"mesh": str(path)}, {"distortion_threshold": value}, tmp_path)
        for value in (1.05, 3.0)
    )

    assert strict.info["islands"] > loose.info["islands"]
    assert strict.info["distortion"] < loose.info["distortion"]


@pytest.fixture
def painted(tmp_path):
    """A cube that is red on the left and blue on the right."""
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, :32], picture[:, 32:] = (220, 0, 0), (0, 0, 220)
    across = cube().positions[:, :2]
    uv = np.float32(0.1) + np.float32(0.8) * (across - across.min(axis=0)) / np.ptp(across, axis=0)
    path = tmp_path / "painted.glb"
    path.write_bytes(write_glb(cube().with_(uv=uv, material=Material(base_color_texture=picture))))
    return str(path)


def test_the_old_colours_are_where_they_were_on_the_new_islands(tmp_path, painted):
    result = run_model(XatlasUnwrap(), {"mesh": painted}, {"output_format": "glb"}, scratch(tmp_path))

    mesh = unwrapped(result, tmp_path)
    cover = texels(mesh.uv, mesh.faces, 1024)
    across = cover.of(mesh.positions, mesh.faces)[:, 0]
    seen = mesh.material.base_color_texture.reshape(-1, 3)[cover.index].astype(int)
    middle = (cube().positions[:, 0].min() + cube().positions[:, 0].max()) / 2
    is_left = across < middle - 0.02
    is_right = across > middle + 0.02
    assert (seen[is_left, 0] > seen[is_left, 2] + 100).mean() > 0.99
    assert (seen[is_right, 2] > seen[is_right, 0] + 100).mean() > 0.99
    assert gltf_issues(result.outputs[0].data) == []


@pytest.mark.parametrize(
    ("params", "warnings"), [({"keep_texture": False}, 0), ({"pack_method": "none"}, 1)], ids=["unwanted", "no room"]
)
def test_the_old_colours_are_left_out(tmp_path, painted, params, warnings):
    recorder = Recorder(scratch(tmp_path))

    result = run_model(XatlasUnwrap(), {"mesh": painted}, params, recorder.folder, recorder=recorder)

    assert len(recorder.warnings) == warnings
    assert result.outputs[0].stats["textures"] == 0


def test_progress_is_told_and_a_cancel_heard_at_every_step(tmp_path, pair):
    folder = scratch(tmp_path)

    recorder = check_progress(XatlasUnwrap(), {"mesh": pair}, {}, folder)

    calls = len(recorder.reports)
    check_cancel(lambda call: run_model(XatlasUnwrap(), {"mesh": pair}, {}, folder, cancel_at=call), calls, folder)


def test_the_same_mesh_gives_the_same_files_in_another_process(tmp_path, pair):
    here = digest(run_model(XatlasUnwrap(), {"mesh": pair}, {}, scratch(tmp_path)))

    assert here == digest_elsewhere("aigc.models.uv_unwrap:XatlasUnwrap", {"mesh": pair}, {})
