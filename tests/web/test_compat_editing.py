from typing import Any

import pytest

from tests.web.files_kit import OBJ, png
from tests.web.house_kit import House
from tests.web.test_compat_submit import full, submitted, upload

__all__ = ["full"]

EDIT = "/api/v1/mesh-editing/text-mesh-editing"
BOX = {"center": [0, 1, 0.5], "dimensions": [1, 2, 3]}


@pytest.fixture
async def body(full: House) -> dict[str, Any]:
    """The least that a client sends."""
    mesh = await upload(full, "mesh", OBJ, "a.obj")
    return {
        "mesh_file_id": mesh,
        "source_prompt": "a knight",
        "target_prompt": "a knight with a sword",
        "mask_bbox": BOX,
    }


async def test_an_edit_by_text_is_taken_with_its_settings_at_the_top_of_the_body(
    full: House, body: dict[str, Any]
) -> None:
    more = {"num_views": 150, "resolution": 512, "seed": 9, "strength": 2, "falloff": None, "wings": 4}
    job = await submitted(full, EDIT, body | more)
    assert job.inputs["text"].text == "a knight with a sword"
    assert (job.params["source_prompt"], job.params["seed"]) == ("a knight", 9)
    assert (job.params["mask_type"], job.params["mask_center"], job.params["mask_size"]) == (
        "bbox",
        [0, 1, 0.5],
        [1, 2, 3],
    )
    assert "num_views" not in job.params


async def test_an_edit_by_pictures_wants_both_and_takes_a_mask_picture(full: House, body: dict[str, Any]) -> None:
    picture = await upload(full, "image", png(), "a.png")
    names = ("source_image", "target_image", "mask_image")
    whole = {"mesh_file_id": body["mesh_file_id"], "mask_bbox": BOX, **{f"{name}_file_id": picture for name in names}}
    job = await submitted(full, "/api/v1/mesh-editing/image-mesh-editing", whole | {"num_views": 100})
    assert (job.feature, set(job.inputs)) == ("image_mesh_editing", {"mesh", *names})
    assert job.params["mask_type"] == "bbox"
    for name in names[:2]:
        without = {key: value for key, value in whole.items() if key != f"{name}_file_id"}
        status, answer = await full.call("POST", "/api/v1/mesh-editing/image-mesh-editing", json=without)
        assert (status, f"{name}_file_id" in answer["detail"]) == (400, True)
    # The dialog calls the mask picture optional, and leaves the field out.
    del whole["mask_image_file_id"]
    job = await submitted(full, "/api/v1/mesh-editing/image-mesh-editing", whole)
    assert set(job.inputs) == {"mesh", *names[:2]}


async def test_an_ellipsoid_is_the_other_mask(full: House, body: dict[str, Any]) -> None:
    ball = {"center": [0, 0, 0], "radii": [1, 2, 3]}
    job = await submitted(full, EDIT, body | {"mask_bbox": None, "mask_ellipsoid": ball})
    assert (job.params["mask_type"], job.params["mask_size"]) == ("ellipsoid", [1, 2, 3])


@pytest.mark.parametrize("masks", [{"mask_bbox": None}, {"mask_ellipsoid": {"center": [0, 0, 0], "radii": [1, 1, 1]}}])
async def test_no_mask_and_two_masks_are_refused_with_the_names_of_both(
    full: House, body: dict[str, Any], masks: dict[str, Any]
) -> None:
    status, answer = await full.call("POST", EDIT, json=body | masks)
    assert status == 400
    assert "mask_bbox" in answer["detail"] and "mask_ellipsoid" in answer["detail"]


@pytest.mark.parametrize(
    ("change", "expected", "word"),
    [
        ({"mask_bbox": {"center": [0, 0, 0], "dimensions": [1, 0, 1]}}, 400, "dimensions"),
        ({"mask_bbox": {"center": [0, 0, 0]}}, 422, "dimensions"),
        ({"mask_bbox": {"center": [0, 0], "dimensions": [1, 1, 1]}}, 422, "center"),
        ({"mask_bbox": {"center": [0, "x", 0], "dimensions": [1, 1, 1]}}, 422, "center"),
        ({"mask_bbox": "everything"}, 422, "mask_bbox"),
        ({"num_views": 3}, 422, "num_views"),
        ({"resolution": 100.5}, 422, "resolution"),
        ({"target_prompt": None}, 422, "target_prompt"),
        ({"source_prompt": None}, 422, "source_prompt"),
        ({"source_prompt": 5}, 422, "source_prompt"),
        ({"model_preference": "voxhammer_of_yore"}, 400, "voxhammer_of_yore"),
        ({"mesh_file_id": None}, 422, "mesh_file_id"),
        ({"output_format": "fbx"}, 422, "fbx"),
    ],
)
async def test_what_is_wrong_is_told_by_name_and_never_queued(
    full: House, body: dict[str, Any], change: dict[str, Any], expected: int, word: str
) -> None:
    status, answer = await full.call("POST", EDIT, json=body | change)
    assert status == expected, answer
    assert word in str(answer)


async def test_the_masks_are_told(house: House) -> None:
    status, answer = await house.call("GET", "/api/v1/mesh-editing/supported-masks")
    assert status == 200
    assert set(answer) == {"mask_types", "constraints"}
    assert set(answer["mask_types"]["bbox"]["parameters"]) == {"center", "dimensions"}
    assert set(answer["mask_types"]["ellipsoid"]["parameters"]) == {"center", "radii"}


async def test_the_masks_are_in_the_description_of_the_route(house: House) -> None:
    _, described = await house.call("GET", "/openapi.json")
    body = described["paths"][EDIT]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert {"mask_bbox", "mask_ellipsoid", "num_views", "source_prompt", "mesh_file_id"} <= set(body["properties"])
    assert set(body["required"]) == {"source_prompt", "target_prompt"}
