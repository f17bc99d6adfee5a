"""What clients ask before they submit, and about the server itself: sections 1.2 and 1.4."""

from tests.conformance.kit import House, Replaced, Wire, model_of
from tests.house.kit import MODES

MIB = 1 << 20


def test_section_4_1_features_and_models_say_the_same_and_have_every_name_that_clients_look_for(wire: Wire) -> None:
    features = wire.get("system/features")
    models = wire.get("system/models")
    listed = {one["name"]: one["models"] for one in features["features"]}
    assert listed == models["available_models"]
    assert all(one["model_count"] == len(one["models"]) for one in features["features"])
    assert features["total_features"] == models["total_features"] == len(listed)
    assert models["total_models"] == sum(map(len, listed.values()))
    assert set(listed) >= {
        "text_to_raw_mesh", "text_to_textured_mesh", "image_to_raw_mesh", "image_to_textured_mesh",
        "text_mesh_painting", "image_mesh_painting", "mesh_segmentation", "text_mesh_editing", "image_mesh_editing",
        "part_completion",
    }  # fmt: skip
    assert wire.get("system/models?feature=auto_rig") == {"feature": "auto_rig", "models": [model_of("auto_rig")]}


def test_row_10_every_model_tells_the_parameters_that_the_panels_draw(wire: Wire) -> None:
    for models in wire.get("system/models")["available_models"].values():
        for model in models:
            told = wire.get(f"system/models/{model}/parameters")
            assert isinstance(told["vram_requirement"], int)  # MiB
            for name, field in told["schema"]["parameters"].items():
                assert {"type", "description", "default"} <= set(field), name
                assert field["type"] in ("string", "integer", "number", "boolean", "array", "object"), name


def test_section_1_2_the_static_answers_hold_what_clients_compare(wire: Wire) -> None:
    limits = wire.get("mesh-generation/supported-formats")["upload_limits"]
    assert limits == {"image_max_size_mb": 50, "mesh_max_size_mb": 200, "image_max_resolution": [4096, 4096]}
    assert wire.get("mesh-generation/supported-formats")["output_formats"]["mesh"][0] == "glb"
    for path, inputs, outputs in (
        ("auto-rigging", {"obj", "glb", "fbx"}, ["fbx"]),
        ("mesh-segmentation", {"glb"}, ["glb"]),
        ("mesh-retopology", {"obj", "glb", "ply", "stl"}, ["obj", "glb", "ply"]),
        ("mesh-uv-unwrapping", {"obj", "glb"}, ["obj"]),
    ):
        told = wire.get(f"{path}/supported-formats")
        assert inputs <= set(told["input_formats"]), path
        assert told["output_formats"][: len(outputs)] == outputs, path
    for path, feature in (("mesh-retopology", "mesh_retopology"), ("mesh-uv-unwrapping", "uv_unwrapping")):
        told = wire.get(f"{path}/available-models")
        assert told["available_models"] == [model_of(feature)]
        assert told["models_details"][model_of(feature)]["description"]
    assert wire.get("mesh-retopology/available-models")["models_details"][model_of("mesh_retopology")][
        "target_vertices"
    ]
    masks = wire.get("mesh-editing/supported-masks")["mask_types"]
    assert set(masks) == {"bbox", "ellipsoid"}
    formats = wire.get("system/supported-formats")
    assert formats["output_formats"]["download"] == ["file", "base64"]
    assert formats["content_types"]["mesh"]["obj"] == "application/wavefront-obj"


def test_rows_2_4_health_is_as_clients_compare_it(wire: Wire) -> None:
    health = wire.get("/health")
    assert (health["status"], isinstance(health["timestamp"], float)) == ("healthy", True)
    told = wire.get("system/health")
    assert told["timestamp"].endswith("Z")
    assert 0 <= told["uptime"] < 3600  # seconds since the start, not since the epoch


def test_row_5_nobody_has_to_log_in_where_no_accounts_are(wire: Wire) -> None:
    told = wire.get("system/auth-status")
    assert (told["user_auth_enabled"], told["api_key_required"], told["mode"]) == (False, False, "simple")
    assert set(told["features"].values()) == {False}


def test_section_1_4_the_state_has_true_numbers_and_takes_no_second(wire: Wire) -> None:
    status = wire("GET", "system/status")
    assert float(status.headers["x-process-time"]) < 1
    system = status.body["system"]
    assert system["memory"]["total"] > 100 * MIB and system["disk"]["total"] > 100 * MIB
    assert 0 <= system["cpu_usage"] <= 100
    assert isinstance(status.body["gpu"], list | str)
    assert status.body["models"]["available"] == 13
    info = wire.get("system/info")
    assert info["system"]["cpu_count"] >= 1
    assert info["application"]["debug"] is False


def test_w_s9_no_answer_shows_a_path_of_the_server(server: Replaced) -> None:
    job = server.done["image_to_raw_mesh"]
    folder = str(server.folder).encode()
    for path in (
        "/", "/health", "system/info", "system/status", "system/models", "system/features", "system/scheduler-status",
        "system/jobs/history", f"system/jobs/{job}", f"system/jobs/{job}/info", "file-upload/list", "system/adapters",
        f"file-upload/metadata/{server.files['image']}", f"system/models/{model_of('auto_rig')}/parameters",
    ):  # fmt: skip
        assert folder not in server.wire("GET", path).raw, path


def test_both_modes_answer_with_the_same_keys(house: House) -> None:
    servers = [house(mode) for mode in MODES]
    for path in (
        "/", "/health", "system/health", "system/info", "system/auth-status", "system/status", "system/models",
        "system/features", "system/scheduler-status", "system/jobs/queue/stats", "file-upload/supported-formats",
    ):  # fmt: skip
        shapes = [_shape(server.wire.get(path)) for server in servers]
        assert shapes[0] == shapes[1], path
    for feature in servers[0].done:
        shapes = [_shape(server.wire.get(f"system/jobs/{server.done[feature]}")) for server in servers]
        assert shapes[0] == shapes[1], feature


def _shape(value: object) -> object:
    """Its keys at every depth, and how each value is written; of a list, of its first."""
    if isinstance(value, dict):
        return {
            key: _shape(one) for key, one in value.items() if key not in ("models", "learned", "by_owner", "agreed")
        }
    if isinstance(value, list):
        return [_shape(one) for one in value[:1]]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
