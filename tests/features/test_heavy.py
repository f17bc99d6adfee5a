"""The heavy models' ids, features, memory and parameters, word for word as clients of the replaced server know them."""

from typing import Any

import pytest

from aigc.features import FEATURES, heavy
from config.catalogue import bundled
from web.compat_catalogue import described

TRELLIS = {
    "seed": ("integer", 42, 0, None, None),
    "texture_resolution": ("integer", 1024, None, None, [512, 1024, 2048, 4096]),
    "simplify": ("number", 0.95, 0.01, 1, None),
    "texture_bake_mode": ("string", "fast", None, None, ["fast", "opt"]),
}
TRELLIS2 = {
    "decimation_target": ("integer", 1000000, 1e4, 1e7, None),
    "texture_size": ("integer", 4096, None, None, [1024, 2048, 4096, 8192]),
    "remesh": ("boolean", True, None, None, None),
    "remesh_band": ("integer", 1, 0, 10, None),
    "remesh_project": ("integer", 0, 0, 10, None),
    "seed": ("integer", None, 0, None, None),
}
TRELLIS2_PAINTING = {"extension_webp": ("boolean", True, None, None, None)}
HUNYUAN_TEXTURE = {
    "max_num_view": ("integer", 6, 1, 12, None),
    "resolution": ("integer", 512, None, None, [256, 512, 1024]),
}
PARTPACKER = {
    "num_steps": ("integer", 30, 10, 100, None),
    "cfg_scale": ("number", 7, 1, 15, None),
    "grid_resolution": ("integer", 384, None, None, [256, 384, 512]),
    "num_faces": ("integer", 50000, 1e4, 2e5, None),
    "seed": ("integer", None, 0, None, None),
    "return_parts": ("boolean", True, None, None, None),
    "return_volumes": ("boolean", False, None, None, None),
}
ULTRASHAPE = {
    "num_inference_steps": ("integer", 50, 10, 200, None),
    "num_latents": ("integer", 16384, 8192, 65536, None),
    "octree_res": ("integer", 512, None, None, [512, 1024, 2048]),
    "chunk_size": ("integer", 8000, 1000, 16000, None),
    "scale": ("number", 0.99, 0.5, 1, None),
    "seed": ("integer", 42, 0, None, None),
}
PARTFIELD = {
    "num_parts": ("integer", 6, 2, 20, None),
    "segmentation_method": ("string", "semantic", None, None, None),
    "use_hierarchical": ("boolean", True, None, None, None),
    "alg_option": ("integer", 0, None, None, [0, 1, 2]),
    "export_colored_mesh": ("boolean", True, None, None, None),
}
P3SAM = {
    "point_num": ("integer", 100000, 1e4, 5e5, None),
    "prompt_num": ("integer", 400, 50, 1000, None),
    "threshold": ("number", 0.95, 0, 1, None),
    "post_process": ("boolean", True, None, None, None),
    "seed": ("integer", 42, 0, None, None),
    "prompt_bs": ("integer", 32, 1, 128, None),
    "save_mid_res": ("boolean", False, None, None, None),
}
UNIRIG = {
    "rig_mode": ("string", "full", None, None, ["skeleton", "skin", "full"]),
    "seed": ("integer", None, 0, None, None),
    "with_skinning": ("boolean", True, None, None, None),
}
FASTMESH = {
    "seed": ("integer", None, 0, None, None),
    "poly_type": ("string", "tri", None, None, ["tri", "quad"]),
}
PARTUV = {
    "distortion_threshold": ("number", 1.25, 1, 2, None),
    "pack_method": ("string", "blender", None, None, ["blender", "uvpackmaster", "none"]),
    "save_individual_parts": ("boolean", True, None, None, None),
    "save_visuals": ("boolean", False, None, None, None),
}
VOXHAMMER = {
    "num_views": ("integer", 150, 50, 300, None),
    "resolution": ("integer", 512, None, None, [256, 512, 1024]),
}
VOXHAMMER_IMAGE = {**VOXHAMMER, "target_prompt": ("string", "", None, None, None)}

GLB = ["glb"]
PICTURES = ["source_image", "target_image"]
CONTRACT: dict[str, tuple[str, int, list[str], list[str], dict[str, Any]]] = {
    "trellis_text_to_textured_mesh": ("text_to_textured_mesh", 11776, ["text"], GLB, TRELLIS),
    "trellis_text_mesh_painting": ("text_mesh_painting", 11776, ["mesh", "text"], GLB, TRELLIS),
    "hunyuan3dv21_image_to_raw_mesh": ("image_to_raw_mesh", 8192, ["image"], GLB, {}),
    "partpacker_image_to_raw_mesh": ("image_to_raw_mesh", 10240, ["image"], GLB, PARTPACKER),
    "ultrashape_image_to_raw_mesh": ("image_to_raw_mesh", 26640, ["image"], GLB, ULTRASHAPE),
    "trellis_image_to_textured_mesh": ("image_to_textured_mesh", 11776, ["image"], GLB, TRELLIS),
    "trellis2_image_to_textured_mesh": ("image_to_textured_mesh", 23552, ["image"], GLB, TRELLIS2),
    "hunyuan3dv21_image_to_textured_mesh": ("image_to_textured_mesh", 19456, ["image"], GLB, HUNYUAN_TEXTURE),
    "trellis_image_mesh_painting": ("image_mesh_painting", 11776, ["image", "mesh"], GLB, TRELLIS),
    "trellis2_image_mesh_painting": ("image_mesh_painting", 23552, ["image", "mesh"], GLB, TRELLIS2_PAINTING),
    "hunyuan3dv21_image_mesh_painting": ("image_mesh_painting", 12288, ["image", "mesh"], GLB, HUNYUAN_TEXTURE),
    "partfield_mesh_segmentation": ("mesh_segmentation", 4096, ["mesh"], GLB, PARTFIELD),
    "p3sam_mesh_segmentation": ("mesh_segmentation", 61440, ["mesh"], GLB, P3SAM),
    "unirig_auto_rig": ("auto_rig", 9216, ["mesh"], ["fbx", "glb"], UNIRIG),
    "fastmesh_v1k_retopology": ("mesh_retopology", 16384, ["mesh"], ["obj", "glb", "ply"], FASTMESH),
    "fastmesh_v4k_retopology": ("mesh_retopology", 24500, ["mesh"], ["obj", "glb", "ply"], FASTMESH),
    "partuv_uv_unwrapping": ("uv_unwrapping", 7168, ["mesh"], ["obj"], PARTUV),
    "voxhammer_text_mesh_editing": ("text_mesh_editing", 40960, ["mesh", "text"], GLB, VOXHAMMER),
    "voxhammer_image_mesh_editing": (
        "image_mesh_editing",
        40960,
        ["mesh", "source_image", "target_image"],
        GLB,
        VOXHAMMER_IMAGE,
    ),
}
"""id -> feature, MB of GPU memory, inputs, formats, and parameters as type, default, least, most, choices."""


def entries() -> dict[str, tuple[str, dict[str, Any]]]:
    document = bundled()[1]
    return {name: (feature, entry) for feature, each in document.data["models"].items() for name, entry in each.items()}


@pytest.mark.parametrize("name", sorted(CONTRACT))
def test_a_heavy_model_is_what_its_clients_know(name: str) -> None:
    feature, megabytes, inputs, outputs, parameters = CONTRACT[name]
    found, entry = entries()[name]
    assert found == feature
    assert int(entry["memory_gb"] * 1024) == megabytes
    assert next(iter(entry.get("outputs", FEATURES[feature].output_formats))) == outputs[0]
    assert set(outputs) <= set(entry.get("outputs", FEATURES[feature].output_formats))
    assert sorted(entry.get("inputs", FEATURES[feature].inputs)) == sorted(inputs)
    assert entry["devices"] == ["cuda"]
    declared = getattr(heavy, entry["parameters"].partition(":")[2])
    told = described(declared.model_json_schema())
    if name.startswith("voxhammer"):
        region = FEATURES[feature].parameters.model_fields  # clients send it beside the parameters
        told = {field: one for field, one in told.items() if field not in region or field in parameters}
    assert {
        field: (one["type"], one["default"], one.get("minimum"), one.get("maximum"), one.get("enum"))
        for field, one in told.items()
    } == parameters
    assert all(one["description"] for one in told.values())


def test_no_heavy_model_is_left_out_and_none_is_there_that_nobody_knows() -> None:
    beyond = {"hunyuan3dv20_image_to_raw_mesh", "holopart_part_completion"}
    assert set(CONTRACT) <= set(entries()) <= set(CONTRACT) | beyond
