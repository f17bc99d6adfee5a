"""A visit of the replaced server's web client, from its start to its cleared list: section 4 and the twelve rules."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.kit import OBJ, PNG, Replaced, model_of
from tests.conformance.models.answering import MESHES
from tests.conformance.studio import Studio, Told

BOX = {"center": [0.0, 0.0, 0.0], "dimensions": [1.0, 1.0, 1.0]}


@pytest.fixture
def studio(server: Replaced) -> Studio:
    return Studio(server.url)


def test_the_client_starts_generates_opens_reuses_edits_and_clears(server: Replaced, studio: Studio) -> None:
    studio.start()
    models, counters = studio.look()
    assert (counters["features"], counters["models"]) == (13, 13)

    # MeshGenerationPanel: a picture becomes a mesh.
    (model,) = models["image_to_textured_mesh"]
    picture = studio.upload("image", "photo.png", PNG)
    made = studio.submit(
        "mesh-generation/image-to-textured-mesh", image_file_id=picture, model_preference=model,
        texture_resolution=1024, output_format="glb", model_parameters=studio.boxes(model),
    )  # fmt: skip
    server.client.wait(made)
    task = studio.poll(made)
    assert task is not None
    assert (task["format"], task["model"], task["seconds"] >= 0) == ("glb", model, True)
    assert studio.open(task["mesh"]) == studio.open(task["direct"]) == MESHES["glb"]
    assert studio.open(task["input"]) == PNG
    assert studio.open(task["thumbnail"])[:4] == b"\x89PNG"

    # Every other panel, on the mesh that was made.
    mesh = studio.reuse(task["mesh"])
    bodies = {
        "mesh-generation/text-to-raw-mesh": {
            "text_prompt": "a chair", "model_preference": models["text_to_raw_mesh"][0],
        },
        "mesh-generation/image-mesh-painting": {"image_file_id": picture, "mesh_file_id": mesh},  # model undefined yet
        "mesh-segmentation/segment-mesh": {"mesh_file_id": mesh, "model_parameters": {"num_parts": 6}},
        "auto-rigging/generate-rig": {
            "mesh_file_id": mesh, "rig_mode": "skeleton", "output_format": "fbx",
            "model_preference": "unirig_auto_rig",
        },
        "mesh-retopology/retopologize-mesh": {
            # The panel's own controls, beside boxes that nobody has touched: the controls count.
            "mesh_file_id": mesh, "output_format": "glb", "poly_type": "quad", "target_vertex_count": 900,
            "model_preference": studio.ask("GET", "mesh-retopology/available-models")["available_models"][0],
            "model_parameters": studio.untouched(models["mesh_retopology"][0]),
        },
        "mesh-uv-unwrapping/unwrap-mesh": {
            "mesh_file_id": mesh,
            "pack_method": next(iter(studio.ask("GET", "mesh-uv-unwrapping/pack-methods")["pack_methods"])),
            "model_preference": studio.ask("GET", "mesh-uv-unwrapping/available-models")["available_models"][0],
        },
        "mesh-editing/text-mesh-editing": {
            "mesh_file_id": mesh, "source_prompt": "a", "target_prompt": "b", "mask_bbox": BOX,
            "num_views": 150, "resolution": 512, "seed": 3, "model_preference": models["text_mesh_editing"][0],
            **studio.boxes(models["text_mesh_editing"][0]), "cfg_scale": 7.5, "skip_step": None,
        },  # rule 9: parameters at the top
        "mesh-editing/image-mesh-editing": {
            "mesh_file_id": mesh, "source_image_file_id": picture, "target_image_file_id": picture, "mask_bbox": BOX,
            "num_views": 150, "resolution": 512, "output_format": "glb",
            # The dialog's other tab was open first: its model and its boxes stay. The mask picture is optional.
            "model_preference": models["text_mesh_editing"][0], **studio.untouched(models["text_mesh_editing"][0]),
        },
    }  # fmt: skip
    jobs = [studio.submit(path, **body) for path, body in bodies.items()]
    for job in jobs:
        server.client.wait(job)
        found = studio.poll(job)
        assert found is not None
        assert studio.open(found["mesh"]) == MESHES[found["format"]]
    low = studio.ask("GET", f"system/jobs/{jobs[4]}")["inputs"]
    assert (low["poly_type"], low["target_vertex_count"], low["output_format"]) == ("quad", 900, "glb")
    assert studio.ask("GET", f"system/jobs/{jobs[6]}")["inputs"]["source_prompt"] == "a"
    assert studio.ask("GET", f"system/jobs/{jobs[7]}")["model_preference"] == models["image_mesh_editing"][0]
    rig = studio.poll(jobs[3])
    assert rig is not None and rig["format"] == "fbx"
    studio.reuse(rig["mesh"])

    # A window that is opened again finds all of it, and the button that clears the list asks for all at once.
    restored = {one["id"]: one for one in studio.start()}
    assert all("mesh" in restored[job] for job in (made, *jobs))
    assert studio.open(restored[made]["mesh"]) == MESHES["glb"]
    with ThreadPoolExecutor(8) as window:
        list(window.map(lambda job: studio.ask("DELETE", f"system/jobs/{job}", Content_Type="application/json"),
                        [made, *jobs]))  # fmt: skip
    assert not {made, *jobs} & {one["id"] for one in studio.start()}


def test_rule_2_a_task_is_polled_until_it_is_final_and_not_longer(server: Replaced, studio: Studio) -> None:
    job = studio.submit("mesh-generation/text-to-raw-mesh", text_prompt="wait")
    assert studio.poll(job) is None
    server.client.cancel(job)
    server.client.wait(job)
    with pytest.raises(AssertionError, match="cancelled"):
        studio.poll(job)
    studio.ask("DELETE", f"system/jobs/{job}")
    with pytest.raises(Told) as told:
        studio.poll(job)
    assert (told.value.status, isinstance(told.value.text, str)) == (404, True)


def test_rule_6_the_client_shows_why(studio: Studio) -> None:
    for path, body, words in (
        (
            "mesh-generation/text-to-raw-mesh",
            {"text_prompt": "x", "model_preference": "gone"},
            "answer-text-to-raw-mesh",
        ),
        ("mesh-generation/text-to-raw-mesh", {"text_prompt": "x", "model_parameters": {"seed": -1}}, "minimum"),
        ("mesh-segmentation/segment-mesh", {"mesh_file_id": "0"}, "upload"),
    ):
        with pytest.raises(Told) as told:
            studio.submit(path, **body)
        assert words in str(told.value.text), told.value.text


def test_the_names_that_old_clients_still_call_answer(server: Replaced, studio: Studio) -> None:
    mesh = studio.upload("mesh", "thing.obj", OBJ)
    completed = studio.submit("mesh-generation/part-completion", mesh_file_id=mesh, output_format="glb",
                              model_preference="holopart_part_completion")  # fmt: skip
    rigged = studio.submit("auto-rig/generate-rig", mesh_file_id=mesh, rig_mode="skin", output_format="fbx")
    for job, feature in ((completed, "part_completion"), (rigged, "auto_rig")):
        server.client.wait(job)
        assert studio.poll(job) is not None
        assert studio.ask("GET", f"system/jobs/{job}")["model_preference"] == model_of(feature)
