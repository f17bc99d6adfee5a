import base64
import io
from typing import Any

import msgspec
import pytest

from aigc.core.ids import JobId, ModelId
from aigc.core.job import Job
from aigc.core.messages import CatalogueChanged
from aigc.core.model import Absent, Catalogue
from tests.web.files_kit import OBJ, glb, png
from tests.web.house_kit import CATALOGUE, House, eventually, spec
from tests.web.raw_kit import exchange, head
from tests.web.test_uploads import form_of
from web.compat_submit import BODY_BYTES, ROUTES, says_nothing, served

IMAGE = "/api/v1/mesh-generation/image-to-textured-mesh"
TEXT = "/api/v1/mesh-generation/text-to-textured-mesh"
RETOPOLOGY = "/api/v1/mesh-retopology/retopologize-mesh"
FULL = Catalogue(
    models=(
        spec("text_to_raw_mesh", "raw-shapes", is_default=True),
        spec("text_to_textured_mesh", "shapes-slow"),
        spec("text_to_textured_mesh", "shapes", is_default=True),
        spec("image_to_raw_mesh", "raw-inflate", is_default=True),
        spec("image_to_textured_mesh", "inflate", is_default=True),
        spec("text_mesh_painting", "solid-paint", is_default=True),
        spec("image_mesh_painting", "project-paint", is_default=True),
        spec("mesh_segmentation", "spectral-parts", is_default=True),
        spec("part_completion", "winding-fill", is_default=True),
        spec("mesh_retopology", "quadric", is_default=True),
        spec("uv_unwrapping", "xatlas", is_default=True),
        spec("text_mesh_editing", "region-edit", is_default=True),
        spec("auto_rig", "heat-rig", is_default=True),
        spec("image_mesh_editing", "picture-edit", is_default=True),
    ),
    digest="full",
)


@pytest.fixture
async def full(house: House) -> House:
    """A house whose catalogue serves every feature."""
    house.broker.catalogue = FULL
    house.broker.publish(CatalogueChanged("full"))
    await eventually(lambda: house.gateway.catalogue.digest == "full")
    return house


async def upload(house: House, kind: str, data: bytes, name: str) -> str:
    _, body = await house.call("POST", f"/api/v1/file-upload/{kind}", data=form_of(data, name))
    return str(body["file_id"])


async def submitted(house: House, path: str, body: dict[str, Any]) -> Job:
    """The record that a request became."""
    raw = io.BytesIO(msgspec.json.encode(body))
    status, answer = await house.call("POST", path, data=raw, headers={"Content-Type": "application/json"})
    assert status == 200, answer
    assert set(answer) == {"job_id", "status", "message"}
    assert answer["status"] == "queued"
    return await house.gateway.get(JobId(answer["job_id"]), None)


async def test_every_route_takes_the_least_that_its_clients_send(full: House) -> None:
    files = {"image": await upload(full, "image", png(), "a.png"), "mesh": await upload(full, "mesh", OBJ, "a.obj")}
    for route in ROUTES:
        body: dict[str, Any] = {name: "a red chair" for name in (*route.texts, *route.needed)}
        body |= {f"{name}_file_id": files["image" if "image" in name else name] for name in route.files}
        if route.masked:
            body["mask_bbox"] = {"center": [0, 0, 0], "dimensions": [1, 1, 1]}
        job = await submitted(full, f"/api/v1/{route.path}", body)
        model = FULL.serving(route.feature)[0]
        assert (job.feature, job.model, job.output_format) == (route.feature, model.id, model.outputs[0])
        defaults = {name: field["default"] for name, field in model.schema["properties"].items()}
        mask = {"mask_type": "bbox", "mask_center": [0, 0, 0], "mask_size": [1, 1, 1]} if route.masked else {}
        words = {name: words[0] for name, words in route.words.items()}
        assert job.params == defaults | dict.fromkeys(route.needed, "a red chair") | mask | words


async def test_every_route_takes_all_that_its_clients_send(full: House) -> None:
    image, mesh = await upload(full, "image", png(), "a.png"), await upload(full, "mesh", glb(), "a.glb")
    job = await submitted(
        full,
        TEXT,
        {
            "text_prompt": "a chair", "texture_prompt": "red", "texture_resolution": 2048, "output_format": "glb",
            "model_preference": "shapes-slow", "model_parameters": {"seed": 7, "target_face_count": None},
        },
    )  # fmt: skip
    assert job.model == "shapes-slow"
    assert job.inputs["text"].text == "a chair"
    assert (job.params["texture_prompt"], job.params["texture_resolution"], job.params["seed"]) == ("red", 2048, 7)
    assert job.params["target_face_count"] == 16_000
    job = await submitted(full, IMAGE, {"image_file_id": image, "texture_image_file_id": image})
    assert set(job.inputs) == {"image", "texture_image"}
    job = await submitted(
        full,
        "/api/v1/mesh-generation/image-mesh-painting",
        {"image_file_id": image, "mesh_file_id": mesh, "texture_resolution": 2048, "output_format": "glb"},
    )
    assert (set(job.inputs), job.params["texture_resolution"], job.output_format) == ({"image", "mesh"}, 2048, "glb")
    job = await submitted(
        full,
        "/api/v1/mesh-generation/text-mesh-painting",
        {"text_prompt": "gold", "mesh_file_id": mesh, "texture_resolution": 4096, "output_format": "glb"},
    )
    assert (set(job.inputs), job.inputs["text"].text) == ({"text", "mesh"}, "gold")
    assert job.params["texture_resolution"] == 4096
    job = await submitted(
        full,
        RETOPOLOGY,
        {"mesh_file_id": mesh, "target_vertex_count": 500, "poly_type": "quad", "output_format": "ply", "seed": None},
    )
    assert (job.params["target_vertex_count"], job.params["poly_type"], job.output_format) == (500, "quad", "ply")
    assert job.params["seed"] == 42
    for body in ({"num_parts": 6}, {"model_parameters": {"num_parts": 6}}):
        job = await submitted(
            full, "/api/v1/mesh-segmentation/segment-mesh", {"mesh_file_id": mesh, "output_format": "glb", **body}
        )
        assert (job.feature, job.params["num_parts"]) == ("mesh_segmentation", 6)
    given = "data:model/gltf-binary;base64," + base64.b64encode(glb()).decode()
    job = await submitted(full, "/api/v1/mesh-segmentation/segment-mesh", {"mesh_base64": given, "num_parts": 2})
    assert set(job.inputs) == {"mesh"}
    job = await submitted(
        full,
        "/api/v1/mesh-uv-unwrapping/unwrap-mesh",
        {"mesh_file_id": mesh, "distortion_threshold": 2.5, "pack_method": "blender", "save_individual_parts": False},
    )
    assert (job.params["distortion_threshold"], job.params["save_individual_parts"]) == (2.5, False)


async def test_parameters_may_stand_at_the_top_and_what_is_not_known_there_is_ignored(house: House) -> None:
    body = {
        "text_prompt": "x", "seed": 5, "texture_resolution": 512, "num_views": 150, "mask_bbox": {"center": [0, 0, 0]},
        "priority": 99, "owner": "root", "job_id": "mine", "status": "completed",
        "model_parameters": {"texture_resolution": 2048, "guidance": 3, "seed": None, "text": "y", "mesh_path": "/etc"},
    }  # fmt: skip
    job = await submitted(house, TEXT, body)
    assert (job.params["seed"], job.params["texture_resolution"]) == (5, 2048)
    assert set(job.params) == set(CATALOGUE.models[0].schema["properties"])
    assert (job.priority, job.owner, job.inputs["text"].text) == (5, "", "x")


async def test_a_model_of_another_tab_of_the_panel_means_the_default(full: House) -> None:
    image, mesh = await upload(full, "image", png(), "a.png"), await upload(full, "mesh", OBJ, "a.obj")
    painting = "/api/v1/mesh-generation/image-mesh-painting"
    job = await submitted(full, IMAGE, {"image_file_id": image, "model_preference": "raw-shapes"})
    assert job.model == "inflate"
    whole = {"image_file_id": image, "mesh_file_id": mesh}
    assert (await submitted(full, painting, whole | {"model_preference": "solid-paint"})).model == "project-paint"
    status, body = await full.call("POST", painting, json=whole | {"model_preference": "inflate"})
    assert (status, "project-paint" in body["detail"]) == (400, True)


@pytest.mark.parametrize("nothing", [None, {}])
async def test_no_parameters_in_any_form_are_the_defaults(house: House, nothing: Any) -> None:
    job = await submitted(
        house, TEXT, {"text_prompt": "x", "model_parameters": nothing, "model_preference": nothing or None}
    )
    assert job.params["seed"] == 42


async def test_a_picture_may_come_within_the_body(house: House) -> None:
    text = base64.b64encode(png(9, 9)).decode()
    for form in (text, f"data:image/png;base64,{text}", f"data:application/octet-stream;base64,{text}"):
        job = await submitted(house, IMAGE, {"image_base64": form, "image_file_id": None})
        assert job.inputs["image"].asset is not None
        assert (await house.assets.local(job.inputs["image"].asset)).read_bytes() == png(9, 9)
    large = base64.b64encode(png(9, 9, filler=12 << 20)).decode()
    job = await submitted(house, IMAGE, {"image_base64": large})
    assert job.inputs["image"].bytes > 12 << 20


async def test_a_path_of_the_server_is_refused_with_the_way_to_send_a_file(house: House) -> None:
    for path in ("/etc/passwd", "uploads/image/x.png", "..\\x"):
        for extra in ({}, {"image_file_id": None}):
            status, body = await house.call("POST", IMAGE, json={"image_path": path, **extra})
            assert status == 400
            assert "cannot be read" in body["detail"] and "/api/v1/file-upload/image" in body["detail"]
            assert path not in body["detail"]
    status, body = await house.call("POST", RETOPOLOGY, json={"mesh_path": "/x.obj"})
    assert (status, "/api/v1/file-upload/mesh" in body["detail"]) == (400, True)


async def test_the_number_of_inputs_is_told_with_the_code_that_clients_know(house: House) -> None:
    image = await upload(house, "image", png(), "a.png")
    for body, expected in (
        ({}, 400),
        ({"image_base64": ""}, 400),
        ({"image_file_id": None}, 422),
        ({"image_file_id": ""}, 422),
        ({"image_file_id": image, "image_base64": "AAAA"}, 422),
    ):
        status, answer = await house.call("POST", IMAGE, json=body)
        assert status == expected, body
        text = answer["detail"] if expected == 400 else answer["detail"][0]["msg"]
        assert "exactly one of image_file_id and image_base64" in text


async def test_an_unknown_model_is_400_and_names_the_valid_ones(house: House) -> None:
    for model in ("trellis_text_to_textured_mesh", "quadric", "x" * 1000):
        status, body = await house.call("POST", TEXT, json={"text_prompt": "x", "model_preference": model})
        assert (status, "shapes" in body["detail"], "shapes-slow" in body["detail"]) == (400, True, True)
        assert isinstance(body["detail"], str)


def test_a_model_that_is_not_installed_is_served_by_the_default_only_where_the_operator_says_so() -> None:
    absent = Absent(
        id=ModelId("heavy"), feature="mesh_retopology", reason="not_installed", detail="it is not installed"
    )
    catalogue = Catalogue(CATALOGUE.models, "absent", (absent,))
    retopology = next(route for route in ROUTES if route.feature == "mesh_retopology")
    assert served(catalogue, "heavy", True) is catalogue.get("quadric")
    assert served(catalogue, "heavy", False) is served(catalogue, "nobody", True) is served(catalogue, "", True) is None
    assert [says_nothing(catalogue, retopology, "heavy", stand_in) for stand_in in (True, False)] == [True, False]
    for model in ("nobody", "quadric", "shapes"):
        assert not says_nothing(catalogue, retopology, model, True)
    assert not says_nothing(catalogue, ROUTES[0], "heavy", True)


async def test_a_feature_that_no_model_serves_is_400_in_words(house: House) -> None:
    status, body = await house.call("POST", "/api/v1/mesh-generation/text-to-raw-mesh", json={"text_prompt": "x"})
    assert (status, "text_to_raw_mesh" in body["detail"]) == (400, True)


async def test_an_upload_that_is_not_there_is_404(house: House) -> None:
    for name in ("00000000-0000-4000-8000-000000000000", "..", "../x", "\x00", "x" * 999):
        status, body = await house.call("POST", IMAGE, json={"image_file_id": name})
        assert (status, body["error"], bool(body["detail"])) == (404, "NOT_FOUND", True)


async def test_a_mesh_where_a_picture_is_wanted_is_400(house: House) -> None:
    mesh = await upload(house, "mesh", OBJ, "a.obj")
    status, body = await house.call("POST", IMAGE, json={"image_file_id": mesh})
    assert (status, "obj" in body["detail"]) == (400, True)
    picture = await upload(house, "image", png(), "a.png")
    status, body = await house.call("POST", RETOPOLOGY, json={"mesh_file_id": picture})
    assert (status, "png" in body["detail"]) == (400, True)


async def test_wrong_fields_are_422_in_the_list_that_clients_know(house: House) -> None:
    for body, where, kind in (
        ({}, ["body", "text_prompt"], "missing"),
        ({"text_prompt": None}, ["body", "text_prompt"], "missing"),
        ({"text_prompt": 5}, ["body", "text_prompt"], "value_error"),
        ({"text_prompt": ""}, ["body", "text_prompt"], "value_error"),
        ({"text_prompt": "x" * 20_000}, ["body", "text_prompt"], "value_error"),
        ({"text_prompt": "x", "model_parameters": [1]}, ["body", "model_parameters"], "value_error"),
        ({"text_prompt": "x", "model_preference": {}}, ["body", "model_preference"], "value_error"),
        ({"text_prompt": "x", "model_parameters": {"seed": "a"}}, ["body", "model_parameters", "seed"], "value_error"),
        (
            {"text_prompt": "x", "texture_resolution": 9},
            ["body", "model_parameters", "texture_resolution"],
            "value_error",
        ),
        ({"text_prompt": "x", "output_format": "exe"}, ["body", "output_format"], "value_error"),
    ):
        status, answer = await house.call("POST", TEXT, json=body)
        assert status == 422, body
        item = answer["detail"][0]
        assert set(item) >= {"type", "loc", "msg", "input"}
        assert (item["loc"], item["type"], bool(item["msg"])) == (where, kind, True)


MALFORMED = (b"", b"{", b"[1]", b"null", b'"x"', b'{"text_prompt": NaN}', b"\xff\xfe", b'{"a":1,"a":2}', b"[" * 100_000)


async def test_a_body_that_is_no_json_object_is_422(house: House) -> None:
    for raw in MALFORMED:
        status, answer = await house.call("POST", TEXT, data=raw, headers={"Content-Type": "application/json"})
        assert (status, isinstance(answer["detail"], list)) == (422, True), raw[:20]
        assert {"type", "loc", "msg", "input"} <= set(answer["detail"][0])


async def test_the_content_type_of_a_body_does_not_matter(house: House) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        request = head("POST", TEXT, Content_Type=kind, Content_Length=20) + b'{"text_prompt": "x"}'
        assert (await exchange(house.port, request))[0] == 200


async def test_a_body_beyond_the_limit_is_413_with_the_way_to_send_it(house: House) -> None:
    request = head("POST", IMAGE, Content_Type="application/json", Content_Length=BODY_BYTES + 1)
    status, body = await exchange(house.port, request)
    assert (status, "/file-upload" in body["detail"]) == (413, True)
    status, body = await exchange(house.port, head("POST", IMAGE, Content_Encoding="gzip", Content_Length=2) + b"{}")
    assert status == 415


async def test_a_model_that_is_not_installed_is_refused_like_an_unknown_one_with_the_reason(full: House) -> None:
    absent = Absent(
        id=ModelId("trellis_text_to_textured_mesh"),
        feature="text_to_textured_mesh",
        reason="not_installed",
        detail="it is not installed",
        suggestion="aigc models install trellis",
    )
    full.broker.use(Catalogue(models=FULL.models, digest="with-absent", absent=(absent,)))
    await eventually(lambda: full.gateway.catalogue.digest == "with-absent")
    body = {"text_prompt": "a chair", "model_preference": absent.id}
    raw = io.BytesIO(msgspec.json.encode(body))
    status, answer = await full.call("POST", "/api/v1/mesh-generation/text-to-textured-mesh", data=raw)
    assert status == 400
    assert "trellis_text_to_textured_mesh is not available on this server: it is not installed" in answer["detail"]


@pytest.mark.parametrize("path", ["auto-rigging/generate-rig", "auto-rig/generate-rig"])
async def test_a_rig_is_asked_for_in_any_case_and_the_model_that_clients_assume_need_not_be_there(
    full: House, path: str
) -> None:
    mesh = await upload(full, "mesh", glb(), "a.glb")
    body = {"mesh_file_id": mesh, "rig_mode": "Full", "output_format": "fbx", "model_preference": "unirig_auto_rig"}

    job = await submitted(full, f"/api/v1/{path}", body)

    assert (job.feature, job.model, job.output_format) == ("auto_rig", "heat-rig", "fbx")
    assert job.params["rig_mode"] == "full"
    assert (await submitted(full, f"/api/v1/{path}", {"mesh_file_id": mesh})).params["rig_mode"] == "skeleton"


@pytest.mark.parametrize("word", ["bones", "", 7])
async def test_another_rig_mode_is_400(full: House, word: Any) -> None:
    mesh = await upload(full, "mesh", glb(), "a.glb")

    status, body = await full.call(
        "POST", "/api/v1/auto-rigging/generate-rig", json={"mesh_file_id": mesh, "rig_mode": word}
    )

    assert status == 400 and "skeleton, skin, full" in body["detail"]
