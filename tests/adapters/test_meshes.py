"""Meshes in and out of heavy environments, by their trimesh."""

from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from aigc.adapters.meshes import outputs_of, outputs_of_file, picture_of, read_mesh, stats_of
from aigc.runner.model import InputInvalid
from aigc.runner.testing import Recorder
from tests.adapters.kit import CUBE
from tests.gltf import gltf_issues


@pytest.fixture
def scene() -> trimesh.Scene:
    """Two boxes, the second moved by its node."""
    made = trimesh.Scene()
    made.add_geometry(trimesh.creation.box((1, 1, 1)))
    made.add_geometry(trimesh.creation.box((1, 2, 1)), transform=trimesh.transformations.translation_matrix((3, 0, 0)))
    return made


def test_all_triangles_of_a_file_are_one_mesh_where_they_stand(scene: trimesh.Scene, tmp_path: Path) -> None:
    scene.export(str(tmp_path / "a.glb"))
    mesh = read_mesh(str(tmp_path / "a.glb"))
    assert (len(mesh.faces), mesh.bounds.tolist()) == (24, [[-0.5, -1, -0.5], [3.5, 1, 0.5]])


@pytest.mark.parametrize("text", ["", "nonsense", "v 0 0 0\nv 1 1 1\n"])
def test_a_file_without_triangles_is_the_senders_fault(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.obj").write_text(text)
    with pytest.raises(InputInvalid):
        read_mesh(str(tmp_path / "a.obj"))


def test_a_mesh_becomes_a_file_of_the_wanted_format_with_its_facts_and_its_picture(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text(CUBE)
    mesh = read_mesh(str(tmp_path / "a.obj"))
    for form in ("glb", "obj", "ply"):
        main, picture = outputs_of(mesh, Recorder(tmp_path, output_format=form), "made")
        assert (main.name, main.role, picture.role) == (f"made.{form}", "model", "thumbnail")
        assert main.stats == {
            "triangles": 12, "vertices": 8, "parts": 1, "watertight": True, "bounds": "2 x 4 x 2",
        }  # fmt: skip
        assert len(read_mesh(str(main.path)).faces) == 12
    assert gltf_issues((tmp_path / "made.glb").read_bytes()) == []


def test_facts_of_a_scene_count_its_parts_where_they_stand(scene: trimesh.Scene, tmp_path: Path) -> None:
    assert stats_of(scene) == {"triangles": 24, "vertices": 16, "parts": 2, "watertight": True, "bounds": "4 x 2 x 1"}
    scene.export(str(tmp_path / "a.glb"))
    assert outputs_of_file(tmp_path / "a.glb")[0].stats["parts"] == 2


def test_the_picture_shows_a_texture_or_colours(tmp_path: Path) -> None:
    plain = trimesh.creation.box((1, 1, 1))
    painted = plain.copy()
    image = Image.new("RGB", (4, 4), (255, 0, 0))
    uv = np.full((len(painted.vertices), 2), 0.5)
    painted.visual = trimesh.visual.TextureVisuals(
        uv=uv, material=trimesh.visual.material.PBRMaterial(baseColorTexture=image)
    )
    coloured = plain.copy()
    coloured.visual.face_colors = [255, 0, 0, 255]
    assert picture_of(painted).data == picture_of(coloured).data != picture_of(plain).data
