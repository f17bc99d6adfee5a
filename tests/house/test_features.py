"""Every feature, by its default model, through the whole house: others can read the mesh."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from aigc.client import Client
from aigc.features import FEATURES
from aigc.mesh.preview import View, render
from aigc.mesh.read import read_mesh
from tests.gltf import gltf_issues
from tests.house.kit import SAMPLES, UP, House, Server, mainly

RABBIT = SAMPLES / "rabbit.glb"
WORDS = {"text_mesh_editing": "make the head bigger", "text_mesh_painting": "red"}
"""What is said to features that change a mesh; to others it is what they make."""
WHERE = {"mask_type": "ellipsoid", "mask_center": [0.0, 0.3, 0.05], "mask_size": [0.12, 0.12, 0.12]}
SETTINGS: dict[str, dict[str, Any]] = {"text_mesh_editing": WHERE, "image_mesh_editing": WHERE}


@pytest.fixture(scope="module", params=mainly(UP))
def mode(request: pytest.FixtureRequest) -> str:
    """The models and their runners are the same in both; what carries their files is more here."""
    started: str = request.param
    return started


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The rabbit, the same with a blue spot, and what one feature is given in place of the plain mesh: an archive."""
    folder = tmp_path_factory.mktemp("pictures")
    before = render(read_mesh(RABBIT), View(0, 0, orthographic=True), 256, "transparent")
    after = before.copy()
    y, x = np.mgrid[0:256, 0:256]
    after[(np.hypot(x - 128, y - 110) < 24) & (before[..., 3] > 0), :3] = (30, 60, 200)
    for name, pixels in (("before", before), ("after", after)):
        Image.fromarray(pixels).save(folder / f"{name}.png")
    with zipfile.ZipFile(folder / "rabbit.zip", "w") as archive:
        archive.write(RABBIT, "scene/rabbit.glb")
    return {
        "source_image": folder / "before.png",
        "target_image": folder / "after.png",
        "uv_unwrapping": folder / "rabbit.zip",
    }


@pytest.fixture(scope="module")
def jobs(house: House, pictures: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server with the models that come with it, and a job of every feature in its queue."""
    with house(tmp_path_factory.mktemp("features"), bundled=True) as server:
        yield server, {name: _submitted(server, name, pictures) for name in FEATURES}


def _submitted(server: Server, name: str, pictures: dict[str, Path]) -> str:
    kinds = FEATURES[name].inputs
    files = {
        one: pictures.get(name) or pictures.get(one) or (RABBIT if "mesh" in one else SAMPLES / "penguin.png")
        for one in kinds
        if one != "text"
    }
    schema = _default(server, name)["schema"]["properties"]
    small = {"texture_resolution": 256} if "texture_resolution" in schema else {}
    text = WORDS.get(name, "a chair") if "text" in kinds else ""
    # FBX is what the reader beside us does not read; tests/models/test_auto_rig.py has one that does.
    wanted = "glb" if "glb" in FEATURES[name].output_formats else ""
    job = server.client.submit(
        name, files=files, text=text, params=small | SETTINGS.get(name, {}), output_format=wanted
    )
    return str(job["id"])


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_gives_a_mesh_that_others_read(jobs: Any, tmp_path: Path, name: str) -> None:
    server, ids = jobs
    client: Client = server.client

    job = client.wait(ids[name])

    assert job["status"] == "completed", job["error"]
    main = next(output for output in job["outputs"] if output["role"] == "model")
    data = client.download(job["id"], tmp_path).read_bytes()
    assert len(data) == main["bytes"]
    if main["format"] == "glb":
        assert gltf_issues(data) == []
    loaded = trimesh.load(BytesIO(data), file_type=main["format"], force="mesh")
    assert len(loaded.faces) > 100
    assert any(output["role"] == "thumbnail" for output in job["outputs"])
    assert main["stats"]["triangles"] > 100


def _default(server: Server, name: str) -> dict[str, Any]:
    models = server.client.models()["models"]
    return next(model for model in models if model["feature"] == name and model["is_default"])
