from aigc.core.ids import AssetKey, JobId, ModelId, OwnerId
from aigc.core.job import Input, Job, Output, Status, Timings
from web.compat_views import download_url, file_info, info_object, input_url, job_object, without_status

ORIGIN = "http://10.0.0.7:7842"
# What the replaced API's one-process mode always had, and what its other mode added.
KEYS = {
    "job_id", "feature", "inputs", "model_preference", "priority", "status", "created_at", "metadata", "user_id",
    "timeout_seconds", "progress", "assigned_model", "started_at", "completed_at", "result", "error", "retry_count",
    "max_retries", "last_retry_at", "retry_reason", "model_id",
}  # fmt: skip


def output(name: str, role: str = "model", suffix: str = "glb") -> Output:
    return Output(name, role, AssetKey(f"jobs/j1/1/{name}"), suffix, "model/gltf-binary", 2_000_000, "ab")


def job(**more: object) -> Job:
    picture = Input(asset=AssetKey("uploads/u1/image.png"), filename="my cat#1.png", content_type="image/png")
    known = {
        "id": JobId("j1"),
        "feature": "image_to_textured_mesh",
        "model": ModelId("inflate"),
        "created_at": 1_800_000_000.0,
        "params": {"seed": 7},
        "attempt": 1,
        "owner": OwnerId("ann"),
        "inputs": {"image": picture},
    }
    return Job(**{**known, **more})  # type: ignore[arg-type]


DONE = {
    "status": Status.COMPLETED,
    "started_at": 1_800_000_001.0,
    "finished_at": 1_800_000_004.5,
    "timings": Timings(running_s=3.25),
}


def test_a_job_has_every_key_that_any_client_has_ever_read() -> None:
    for one in (job(), job(**DONE, outputs=(output("mesh.glb"),))):
        assert set(job_object(one, ORIGIN)) >= KEYS
    found = job_object(job(), ORIGIN)
    assert found["inputs"] == {"image_file_id": "u1", "seed": 7}
    assert (found["model_preference"], found["assigned_model"], found["user_id"]) == ("inflate", "inflate", "ann")
    assert found["metadata"] == {"feature_type": "image_to_textured_mesh"}
    assert found["created_at"] == "2027-01-15T08:00:00.000000Z"


def test_a_completed_job_has_its_links_at_the_top_and_in_its_result() -> None:
    found = job_object(job(**DONE, outputs=(output("mesh.glb"), output("thumbnail.png", "thumbnail", "png"))), ORIGIN)
    old = f"{ORIGIN}/api/v1/system/jobs/j1"
    assert found["mesh_url"] == found["result"]["mesh_url"] == f"{old}/download/mesh.glb"
    assert found["thumbnail_url"] == found["result"]["thumbnail_url"] == f"{old}/thumbnail/thumbnail.png"
    assert found["input_image_url"] == f"{old}/input/my%20cat%231.png"
    assert found["output_mesh_path"] == found["result"]["output_mesh_path"] == "mesh.glb"
    assert found["result"]["mesh_file_info"]["file_extension"] == ".glb"
    assert (found["processing_time"], found["result"]["success"]) == (3.25, True)


def test_the_number_of_parts_stands_in_the_result_itself() -> None:
    info = {"num_parts": 3, "segmentation_info": {"parts": []}, "method": "cut"}
    found = job_object(job(**DONE, info=info, outputs=(output("mesh.glb"),)), ORIGIN)["result"]
    assert (found["num_parts"], found["segmentation_info"]) == (3, {"parts": []})
    assert found["generation_info"] == info and "method" not in found


def test_a_job_that_is_not_completed_has_no_result_and_no_links_to_one() -> None:
    found = job_object(job(status=Status.PROCESSING, outputs=(output("mesh.glb"),)), ORIGIN)
    assert [found[name] for name in ("result", "mesh_url", "thumbnail_url", "output_mesh_path", "processing_time")] == [
        None
    ] * 5
    assert found["input_image_url"]


def test_a_job_without_a_picture_has_no_link_to_one() -> None:
    found = job_object(job(inputs={"text": Input(text="a chair")}), ORIGIN)
    assert (found["inputs"]["text_prompt"], found["input_image_url"]) == ("a chair", None)
    taken = {"mesh": Input(asset=AssetKey("jobs/j0/1/mesh.glb"), filename="mesh.glb", content_type="model/gltf-binary")}
    found = job_object(job(inputs=taken), ORIGIN)
    assert (found["inputs"]["mesh_filename"], found["input_image_url"]) == ("mesh.glb", None)


def test_links_end_in_the_suffix_of_what_they_lead_to() -> None:
    assert download_url(job(), output("mesh", suffix="obj")).endswith("/download/mesh.obj")
    assert download_url(job(), output("a b/c?.glb")).endswith("/download/a%20b%2Fc%3F.glb")
    assert input_url(job(), "").endswith("/j1/input")


def test_info_has_relative_links_and_an_extension_without_a_dot() -> None:
    done = job(**DONE, outputs=(output("mesh.glb"),))
    found = info_object(done)
    assert found["mesh_download_urls"] == {
        "direct_download": "/api/v1/system/jobs/j1/download/mesh.glb",
        "base64_download": "/api/v1/system/jobs/j1/download/mesh.glb?format=base64",
    }
    assert found["thumbnail_download_urls"] == {}
    assert (found["file_info"]["file_extension"], found["file_info"]["file_size_mb"]) == ("glb", 1.91)
    gone = info_object(job(**DONE, deleted=done.outputs))
    assert (gone["has_result"], gone["file_info"]["file_exists"]) == (True, False)
    assert set(info_object(job())) == {"job_id", "status", "has_result", "message"}


def test_no_other_key_named_status_is_left_at_any_depth() -> None:
    value = {"status": 1, "a": [{"status": 2, "b": {"status": 3, "c": 4}}], "d": ({"status": 5},)}
    assert without_status(value) == {"a": [{"b": {"c": 4}}], "d": [{}]}


def test_a_file_without_a_suffix_has_no_extension() -> None:
    assert file_info("mesh", 0, "x")["file_extension"] == ""
    assert file_info("a.B", 1 << 20, "x") == {
        "filename": "a.B", "file_size_bytes": 1 << 20, "file_size_mb": 1.0, "content_type": "x", "file_extension": ".b"
    }  # fmt: skip
