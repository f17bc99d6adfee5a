"""VoxHammer: an edit by pictures, and an edit by words that paints a picture first; the region in three ways."""

from pathlib import Path

import pytest
import trimesh

from aigc.adapters.voxhammer import region_of
from aigc.runner.model import InputInvalid
from tests.adapters.kit import CUBE, PICTURE, runs, touched

WEIGHTS = (
    "microsoft/TRELLIS-image-large/pipeline.json",
    "black-forest-labs/FLUX.1-Fill-dev/model_index.json",
    "u2net/u2net.onnx",
)
BOX = {"mask_type": "bbox", "mask_center": [0, 3, 0], "mask_size": [2, 2, 2]}
VIEWS = {"num_views": 50, "resolution": 512, "seed": 1}


def test_pictures_or_words_say_what_changes(tmp_path: Path) -> None:
    (tmp_path / "cube.obj").write_text(CUBE)
    mesh = {"mesh": tmp_path / "cube.obj"}
    pictures = {"source_image": PICTURE, "target_image": PICTURE, "mask_image": PICTURE}
    by_picture, by_words = runs(
        "aigc.adapters.voxhammer:VoxHammer",
        touched(tmp_path / "weights", *WEIGHTS),
        tmp_path,
        ("voxhammer_image_mesh_editing", {**mesh, **pictures}, {**BOX, **VIEWS}),
        ("voxhammer_text_mesh_editing", {**mesh, "text": "a hat"}, {**BOX, **VIEWS}),
    )
    for done in (by_picture, by_words):
        assert done.main["stats"]["triangles"] == 12 and done.info == {"seed": 1}
        assert done.steps("sampling", "editing the structure") == list(range(24))
        assert done.steps("sampling", "editing the latents") == list(range(24))
    assert by_words.steps("preprocessing", "painting the words") == list(range(50))
    painted = tmp_path / "scratch2" / "pictures" / "2d_edit.png"
    assert painted.read_text() == "a hat in mask of render"
    assert (tmp_path / "scratch2" / "views" / "region").read_text() == "[[-1.0, 2.0, -1.0], [1.0, 4.0, 1.0]]"


def test_the_region_is_a_file_a_box_or_a_ball(tmp_path: Path) -> None:
    mesh = trimesh.creation.box((4, 4, 4))
    (tmp_path / "cube.obj").write_text(CUBE)
    assert region_of(mesh, {"mask": str(tmp_path / "cube.obj")}, {}).bounds.tolist() == [[-1, 0, -1], [1, 4, 1]]
    assert region_of(mesh, {}, BOX).bounds.tolist() == [[-1, 2, -1], [1, 4, 1]]
    ball = region_of(mesh, {}, {**BOX, "mask_type": "ellipsoid"})
    assert ball.bounds.round(2).tolist() == [[-2, 1, -2], [2, 5, 2]]
    with pytest.raises(InputInvalid, match="no region was given"):
        region_of(mesh, {}, {"mask_center": None})
