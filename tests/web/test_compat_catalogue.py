import pytest

from aigc.core.messages import CatalogueChanged
from aigc.features import FEATURES
from tests.web.house_kit import House, eventually
from tests.web.test_compat_submit import FULL
from web.compat_catalogue import described

API = "/api/v1"


@pytest.fixture
async def full(house: House) -> House:
    house.broker.catalogue = FULL
    house.broker.publish(CatalogueChanged("full"))
    await eventually(lambda: house.gateway.catalogue.digest == "full")
    return house


async def test_features_and_models_count_what_can_be_asked_for(full: House) -> None:
    _, body = await full.call("GET", f"{API}/system/features")
    assert body["total_features"] == len(FEATURES) == len(body["features"])
    texts = next(one for one in body["features"] if one["name"] == "text_to_textured_mesh")
    assert texts == {"name": "text_to_textured_mesh", "model_count": 2, "models": ["shapes", "shapes-slow"]}
    _, body = await full.call("GET", f"{API}/system/models")
    assert (body["total_features"], body["total_models"]) == (len(FEATURES), len(FULL.models))
    assert body["available_models"]["mesh_retopology"] == ["quadric"]


async def test_models_of_one_feature_or_404(full: House) -> None:
    _, body = await full.call("GET", f"{API}/system/models?feature=uv_unwrapping")
    assert body == {"feature": "uv_unwrapping", "models": ["xatlas"]}
    status, body = await full.call("GET", f"{API}/system/models?feature=magic")
    assert (status, "uv_unwrapping" in body["detail"]) == (404, True)


async def test_a_model_tells_its_parameters_as_clients_know_them(full: House) -> None:
    _, body = await full.call("GET", f"{API}/system/models/shapes/parameters")
    assert (body["model_id"], body["feature_type"], body["vram_requirement"]) == (
        "shapes",
        "text_to_textured_mesh",
        1024,
    )
    assert set(body["schema"]["parameters"]) == set(FEATURES["text_to_textured_mesh"].parameters.model_fields)
    assert body["schema"]["parameters"]["seed"]["minimum"] == 0
    assert isinstance(body["timestamp"], float)


async def test_what_routes_take_as_fields_of_their_own_is_no_box_too(full: House) -> None:
    own = {"source_prompt", "mask_type", "mask_center", "mask_size"}
    for model, whole in (("region-edit", "text_mesh_editing"), ("picture-edit", "image_mesh_editing")):
        _, body = await full.call("GET", f"{API}/system/models/{model}/parameters")
        assert set(body["schema"]["parameters"]) == set(FEATURES[whole].parameters.model_fields) - own


async def test_a_model_that_clients_only_assume_has_the_parameters_of_what_serves_in_its_place(full: House) -> None:
    _, body = await full.call("GET", f"{API}/system/models/unirig_auto_rig/parameters")
    assert (body["model_id"], "rig_mode" in body["schema"]["parameters"]) == ("heat-rig", True)


async def test_an_unknown_model_has_no_parameters(full: House) -> None:
    for name in ("nobody", "..%2fx", "%00"):
        status, body = await full.call("GET", f"{API}/system/models/{name}/parameters")
        assert (status, body["error"], "not found" in body["detail"]) == (404, "NOT_FOUND", True)


def test_every_kind_of_parameter_is_described() -> None:
    schema = {
        "required": ["must"],
        "properties": {
            "must": {"type": "string"},
            "maybe": {
                "anyOf": [{"type": "integer", "minimum": 3}, {"type": "null"}],
                "default": None,
                "description": "d",
            },
            "fixed": {"const": "glb", "type": "string", "default": "glb"},
            "choice": {"enum": ["a", "b"], "type": "string", "default": "a", "unit": "u"},
            "free": {},
        },
    }
    assert described(schema) == {
        "must": {"type": "string", "description": "", "default": None, "required": True},
        "maybe": {"type": "integer", "description": "d", "default": None, "required": False, "minimum": 3},
        "fixed": {"type": "string", "description": "", "default": "glb", "required": False, "enum": ["glb"]},
        "choice": {
            "type": "string", "description": "", "default": "a", "required": False, "enum": ["a", "b"], "unit": "u",
        },
        "free": {"type": "string", "description": "", "default": None, "required": False},
    }  # fmt: skip
    assert described({}) == {}


async def test_models_for_the_tool_panels(full: House) -> None:
    _, body = await full.call("GET", f"{API}/mesh-retopology/available-models")
    assert body["available_models"] == ["quadric"]
    assert set(body["models_details"]["quadric"]) == {"description", "target_vertices"}
    _, body = await full.call("GET", f"{API}/mesh-uv-unwrapping/available-models")
    assert body == {"available_models": ["xatlas"], "models_details": {"xatlas": {"description": ""}}}
    _, body = await full.call("GET", f"{API}/mesh-uv-unwrapping/pack-methods")
    assert "blender" in body["pack_methods"] and body["pack_methods"]["blender"]["description"]


async def test_a_feature_without_a_model_has_empty_panels(house: House) -> None:
    _, body = await house.call("GET", f"{API}/mesh-uv-unwrapping/available-models")
    assert body == {"available_models": [], "models_details": {}}
    assert (await house.call("GET", f"{API}/mesh-uv-unwrapping/pack-methods"))[1] == {"pack_methods": {}}


async def test_formats_are_those_that_are_taken_and_made(full: House) -> None:
    _, body = await full.call("GET", f"{API}/mesh-generation/supported-formats")
    assert set(body["input_formats"]) == {"text", "image", "mesh", "base64"}
    assert body["output_formats"]["mesh"][0] == "glb"
    assert body["upload_limits"] == {
        "image_max_size_mb": 50, "mesh_max_size_mb": 200, "image_max_resolution": [4096, 4096]
    }  # fmt: skip
    _, body = await full.call("GET", f"{API}/mesh-segmentation/supported-formats")
    assert {"glb", "obj"} <= set(body["input_formats"]) and body["output_formats"][0] == "glb"
    _, body = await full.call("GET", f"{API}/mesh-retopology/supported-formats")
    assert body["output_formats"][:3] == ["obj", "glb", "ply"] and {"obj", "glb", "ply", "stl"} <= set(
        body["input_formats"]
    )
    _, body = await full.call("GET", f"{API}/mesh-uv-unwrapping/supported-formats")
    assert {"obj", "glb"} <= set(body["input_formats"]) and "obj" in body["output_formats"]
    _, body = await full.call("GET", f"{API}/auto-rigging/supported-formats")
    assert {"obj", "glb"} <= set(body["input_formats"]) and body["output_formats"] == ["fbx", "glb"]
    _, body = await full.call("GET", f"{API}/system/supported-formats")
    assert body["output_formats"]["download"] == ["file", "base64"]
    assert body["content_types"]["mesh"]["glb"] == "model/gltf-binary"
    assert body["content_types"]["image"]["png"] == "image/png"


async def test_there_are_no_adapters_as_ever(full: House) -> None:
    for path in ("adapters", "available-adapters"):
        assert (await full.call("GET", f"{API}/system/{path}"))[1]["total_adapters"] == 0
