"""Uploads, and the ways in which a file comes into a request: sections 1.2, 1.5 and 1.7, rules 1, 7, 8 and 9."""

import base64
import os
from typing import Any

import pytest

from tests.conformance.kit import GLB, OBJ, PNG, SUBMITS, Replaced, Wire, form, model_of
from tests.web.files_kit import FBX, GOOD, jpeg

IMAGE = "mesh-generation/image-to-raw-mesh"
SEGMENT = "mesh-segmentation/segment-mesh"


@pytest.mark.parametrize("content_type", ["application/octet-stream", "", "text/plain"])
def test_rule_7_an_upload_is_judged_by_name_and_content_never_by_its_type(wire: Wire, content_type: str) -> None:
    for kind, name, data in (("image", "a.png", PNG), ("mesh", "b.glb", GLB), ("mesh", "c.obj", OBJ)):
        body = form(name, data, content_type)
        header = {"Content-Type": "multipart/form-data; boundary=----contract"}
        found = wire.post(f"file-upload/{kind}", body, **header)  # rule 1: 200
        assert (found["filename"], found["file_type"]) == (name, kind)


def test_section_1_5_every_listed_suffix_is_taken_fbx_too(wire: Wire) -> None:
    for name, data in {**GOOD, "x.fbx": FBX, "B.JPG": jpeg()}.items():
        kind = "image" if name.lower()[-3:] in ("png", "jpg", "peg", "ebp", "bmp", "tga", "iff", "tif") else "mesh"
        assert wire.post(f"file-upload/{kind}", file=(name, data))["file_type"] == kind


def test_section_1_5_what_is_not_what_it_says_is_400_and_not_kept(wire: Wire) -> None:
    before = wire.get("file-upload/list")["total_files"]
    for kind, name, data in (
        ("image", "a.tga", b"garbage"), ("mesh", "b.gltf", b"garbage"), ("image", "c.png", OBJ), ("mesh", "d.obj", PNG),
        ("mesh", "e.exe", b"MZ"), ("image", "f.png", b""),
    ):  # fmt: skip
        answer = wire("POST", f"file-upload/{kind}", file=(name, data))
        assert (answer.status, bool(answer.body["detail"])) == (400, True), name
    assert wire.get("file-upload/list")["total_files"] == before


def test_rows_28_29_an_upload_is_listed_told_and_deleted(wire: Wire) -> None:
    made = wire.post("file-upload/mesh", file=("listed.obj", OBJ))
    listed = wire.get("file-upload/list?file_type=mesh&limit=1000")
    assert made["file_id"] in [one["file_id"] for one in listed["files"]]
    assert {one["file_type"] for one in listed["files"]} == {"mesh"}
    assert len(wire.get("file-upload/list?limit=1")["files"]) == 1
    told = wire.get(f"file-upload/metadata/{made['file_id']}")
    assert (told["is_available"], told["filename"]) == (True, "listed.obj")
    assert wire("DELETE", f"file-upload/{made['file_id']}").body["filename"] == "listed.obj"
    for method, path in (("GET", "file-upload/metadata/"), ("DELETE", "file-upload/")):
        answer = wire(method, path + made["file_id"])
        assert (answer.status, answer.body["error"]) == (404, "NOT_FOUND")


def test_rule_8_a_missing_model_no_parameters_and_nulls_mean_the_defaults(server: Replaced) -> None:
    for more in (
        {},
        {"model_parameters": None},
        {"model_parameters": {}},
        {"model_preference": None, "output_format": None},
        {"model_parameters": {"seed": None, "resolution": None, "strength": None}},
        {"seed": None},
    ):
        inputs = server.finished(server.submit_old("text_to_raw_mesh", **more))["inputs"]
        assert inputs == {"text_prompt": "a chair", "seed": 42, "resolution": 1024, "strength": 0.5}, more


def test_rule_8_a_number_outside_a_list_of_numbers_goes_to_the_nearest(server: Replaced) -> None:
    job = server.submit_old("text_to_raw_mesh", model_parameters={"resolution": 1400.0})
    assert server.finished(job)["inputs"]["resolution"] == 1536


def test_rule_9_parameters_at_the_top_count_where_they_match_and_are_ignored_where_not(server: Replaced) -> None:
    top = {"seed": 7, "strength": 0.25, "nobody_knows": [1], "num_views": 150, "status": "completed", "job_id": "x"}
    inputs = server.finished(server.submit_old("text_to_raw_mesh", **top, model_parameters={"strength": 1}))["inputs"]
    assert inputs == {"text_prompt": "a chair", "seed": 7, "resolution": 1024, "strength": 1}


def test_w_s2_parameters_overwrite_no_input_and_are_checked_by_the_published_schema(server: Replaced) -> None:
    wire = server.wire
    schema = wire.get(f"system/models/{model_of('text_to_raw_mesh')}/parameters")["schema"]["parameters"]
    assert (schema["seed"]["maximum"], schema["resolution"]["enum"]) == (1000, [512, 1024, 1536])
    sly = {"text_prompt": "b", "text": "c", "image_path": "/etc/passwd", "owner": "root", "feature": "auto_rig"}
    inputs = server.finished(server.submit_old("text_to_raw_mesh", model_parameters=sly))["inputs"]
    assert inputs == {"text_prompt": "a chair", "seed": 42, "resolution": 1024, "strength": 0.5}
    for name, value in (("seed", schema["seed"]["maximum"] + 1), ("seed", "x"), ("strength", 2), ("seed", [])):
        for body in ({"model_parameters": {name: value}}, {name: value}):
            answer = server.ask("text_to_raw_mesh", **body)
            assert answer.status == 422, body
            assert answer.body["detail"][0]["loc"] == ["body", "model_parameters", name]


@pytest.mark.parametrize("feature", ["image_to_raw_mesh", "image_to_textured_mesh", "image_mesh_painting"])
def test_section_1_2_pictures_come_as_base64_bare_or_as_a_data_url(server: Replaced, feature: str) -> None:
    path, body = SUBMITS[feature]
    text = base64.b64encode(PNG).decode()
    for given in (text, f"data:image/png;base64,{text}", f"data:application/octet-stream;base64,{text}"):
        sent = body(server.files) | {"image_base64": given}
        del sent["image_file_id"]
        job = server.wire.post(path, sent)["job_id"]
        assert server.wire("GET", f"system/jobs/{job}/input").raw == PNG


@pytest.mark.parametrize("suffix", ["glb", "obj", "ply", "stl", "fbx", "gltf", "off"])
def test_section_1_2_meshes_come_as_base64_bare_too(wire: Wire, suffix: str) -> None:
    data = next(data for name, data in reversed(GOOD.items()) if name.endswith(suffix))
    text = base64.b64encode(data).decode()
    for given in (text, f"data:application/octet-stream;base64,{text}"):
        for path in (SEGMENT, "mesh-retopology/retopologize-mesh"):
            assert wire.post(path, {"mesh_base64": given})["status"] == "queued"


def test_section_1_2_base64_that_is_none_is_400(wire: Wire) -> None:
    for text in ("%%%", "data:image/png;base64", "data:image/png;base64,!!", base64.b64encode(b"junk").decode()):
        answer = wire("POST", IMAGE, {"image_base64": text})
        assert (answer.status, isinstance(answer.body["detail"], str)) == (400, True), text


def test_section_1_7_two_ways_or_none_is_422_with_the_file_id_key_and_400_without(server: Replaced) -> None:
    image = server.files["image"]
    for body, status in (
        ({}, 400),
        ({"image_base64": None}, 400),
        ({"image_file_id": None}, 422),
        ({"image_file_id": image, "image_base64": "AAAA"}, 422),
        ({"image_file_id": image, "image_path": "x.png"}, 422),
        ({"image_base64": "AAAA", "image_path": "x.png"}, 400),
    ):
        answer = server.wire("POST", IMAGE, body)
        assert answer.status == status, (body, answer.raw)
        assert isinstance(answer.body["detail"], list if status == 422 else str)


def test_w_s1_a_path_leads_only_into_folders_that_the_operator_lists_and_is_never_shown(server: Replaced) -> None:
    wire, allowed = server.wire, server.inputs / "allowed.obj"
    (server.inputs / "out.obj").unlink(missing_ok=True)
    (server.inputs / "out.obj").symlink_to(server.data / "jobs.db")
    for path in (str(allowed), "allowed.obj"):
        job = wire.post("mesh-retopology/retopologize-mesh", {"mesh_path": path})["job_id"]
        record = server.finished(job)
        assert record["status"] == "completed"
        for told in (f"system/jobs/{job}", f"system/jobs/{job}/info", "system/jobs/history", "file-upload/list"):
            assert str(server.folder).encode() not in wire("GET", told).raw
        assert "mesh_path" not in record["inputs"]
    for path in ("/etc/passwd", str(server.data / "jobs.db"), str(server.settings_file), f"{server.inputs}/../x.obj"):
        answer = wire("POST", SEGMENT, {"mesh_path": path})
        assert (answer.status, "cannot be read" in answer.body["detail"]) == (400, True)
        assert path not in answer.body["detail"]
    for path in ("out.obj", "none.obj", str(server.inputs / "none.obj"), "../system.yaml"):
        assert wire("POST", SEGMENT, {"mesh_path": path}).status == 404, path  # section 1.7: a missing file is 404
    assert wire("POST", SEGMENT, {"mesh_path": str(server.inputs / "out.obj")}).status == 400


def test_section_1_2_each_route_takes_what_its_clients_send(server: Replaced) -> None:
    image = server.files["image"]
    sent: dict[str, dict[str, Any]] = {
        "text_to_textured_mesh": {"texture_prompt": "red", "texture_resolution": 512, "output_format": "glb"},
        "image_to_textured_mesh": {"texture_image_file_id": image, "texture_resolution": 4096},
        "text_mesh_painting": {"texture_resolution": 256, "output_format": "glb"},
        "image_mesh_painting": {"texture_resolution": 2048, "output_format": "glb"},
        "text_mesh_editing": {"num_views": 300, "resolution": 1024, "output_format": "glb"},
        "image_mesh_editing": {"num_views": 50, "resolution": 256},
        "auto_rig": {"rig_mode": "FULL", "output_format": "fbx", "model_preference": "unirig_auto_rig"},
        "mesh_segmentation": {"num_parts": 32, "output_format": "glb"},
        "mesh_retopology": {"target_vertex_count": None, "poly_type": "quad", "output_format": "ply", "seed": None},
        "uv_unwrapping": {
            "distortion_threshold": 5.0, "pack_method": "blender", "save_individual_parts": True,
            "save_visuals": False, "output_format": "obj",
        },
    }  # fmt: skip
    for feature, more in sent.items():
        record = server.wire.get(f"system/jobs/{server.submit_old(feature, **more)}")
        assert (record["feature"], record["model_preference"]) == (feature, model_of(feature))


def test_section_1_2_an_ellipsoid_is_the_other_mask_and_none_or_two_are_400(server: Replaced) -> None:
    ball = {"center": [0, 0.5, 0], "radii": [1, 2, 3]}
    server.submit_old("text_mesh_editing", mask_bbox=None, mask_ellipsoid=ball)
    for masks in (
        {"mask_bbox": None},
        {"mask_ellipsoid": ball},
        {"mask_bbox": {"center": [0, 0, 0], "dimensions": [1, 0, 1]}},
    ):
        answer = server.ask("text_mesh_editing", **masks)
        assert (answer.status, isinstance(answer.body["detail"], str)) == (400, True), masks


def test_section_1_5_a_folder_of_uploads_is_on_no_path_that_a_client_can_ask_for(server: Replaced) -> None:
    for path in ("/uploads/", "/assets/", "/%2e%2e/system.yaml", "/static/../../system.yaml", "/data/jobs.db"):
        assert server.wire("GET", path).status == 404
    assert os.path.exists(server.settings_file)
