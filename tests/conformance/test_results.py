"""Results, thumbnails and inputs as files, parts of files and base64: section 1.3, rules 5 and 12."""

import base64
from urllib.parse import urlsplit

import pytest

from tests.conformance.kit import PNG, SUBMITS, Replaced, model_of
from tests.conformance.models.answering import MESHES

FORMATS = {
    "mesh_retopology": ("obj", "application/wavefront-obj"),
    "auto_rig": ("fbx", "model/fbx"),
    "text_to_textured_mesh": ("glb", "model/gltf-binary"),
}
"""Feature -> the format of its result by default, and the content type of section 1.3."""


@pytest.mark.parametrize("feature", SUBMITS)
def test_section_1_3_every_feature_gives_a_result_a_thumbnail_and_its_input(server: Replaced, feature: str) -> None:
    job, wire = server.done[feature], server.wire
    result = wire("GET", f"system/jobs/{job}/download")
    suffix = wire.get(f"system/jobs/{job}/info")["file_info"]["file_extension"]  # without a dot
    assert (result.status, result.raw) == (200, MESHES[suffix])
    assert result.headers["x-job-id"] == job
    assert result.headers["x-file-size"] == str(len(result.raw))
    assert float(result.headers["x-generation-time"]) >= 0
    assert f'attachment; filename="result_{job}_mesh.{suffix}"' in result.headers["content-disposition"]
    thumbnail = wire("GET", f"system/jobs/{job}/thumbnail")
    assert (thumbnail.raw[:4], thumbnail.headers["x-thumbnail-generated"]) == (b"\x89PNG", "true")
    given = wire("GET", f"system/jobs/{job}/input")
    has_picture = "image" in feature
    assert (given.status, given.raw == PNG) == ((200, True) if has_picture else (404, False))


def test_rule_12_content_types_name_the_format(server: Replaced) -> None:
    cases = {**FORMATS}
    for feature, (suffix, content_type) in cases.items():
        answer = server.wire("GET", f"system/jobs/{server.done[feature]}/download")
        assert (answer.headers["content-type"], suffix in content_type or suffix == "glb") == (content_type, True)
    for suffix in ("ply", "glb"):
        job = server.submit_old("mesh_retopology", output_format=suffix)
        told = server.finished(job)["result"]["mesh_file_info"]
        kind = server.wire("GET", f"system/jobs/{job}/download").headers["content-type"]
        assert told["content_type"] == kind == {"ply": "model/ply", "glb": "model/gltf-binary"}[suffix]


def test_rule_5_every_link_of_a_job_leads_to_its_file_without_any_header(server: Replaced) -> None:
    wire = server.wire
    for feature, job in server.done.items():
        record = wire.get(f"system/jobs/{job}")
        suffix = record["result"]["mesh_file_info"]["file_extension"]  # with its dot
        links = {"mesh_url": MESHES[suffix[1:]], "input_image_url": PNG}
        assert urlsplit(record["mesh_url"]).path.endswith(suffix), feature  # section 4.2
        for name, content in links.items():
            if record[name]:
                assert record[name].startswith("http://")  # absolute: one viewer does not complete them
                assert wire("GET", record[name]).raw == content
        assert wire("GET", record["thumbnail_url"]).headers["content-type"] == "image/png"
        info = wire.get(f"system/jobs/{job}/info")
        direct = info["mesh_download_urls"]["direct_download"]
        assert direct.startswith("/")
        assert wire("GET", direct).raw == MESHES[suffix[1:]]
        assert wire.get(info["mesh_download_urls"]["base64_download"])["job_id"] == job
        assert wire("GET", info["thumbnail_download_urls"]["direct_download"]).status == 200


@pytest.mark.parametrize(("what", "prefix"), [("download", "result"), ("thumbnail", "thumbnail"), ("input", "input")])
def test_section_1_3_files_come_as_base64_too(server: Replaced, what: str, prefix: str) -> None:
    job, wire = server.done["image_to_raw_mesh"], server.wire
    file = wire("GET", f"system/jobs/{job}/{what}")
    told = wire.get(f"system/jobs/{job}/{what}?format=base64")
    head, _, text = told["base64_data"].partition(",")
    assert head == f"data:{file.headers['content-type']};base64"
    assert base64.b64decode(text, validate=True) == file.raw
    assert (told["job_id"], told["filename"].startswith(f"{prefix}_{job}_")) == (job, True)
    assert ("generation_info" in told) is (what != "input")
    assert told["file_size_mb"] == round(len(file.raw) / (1 << 20), 2)
    named = wire("GET", f"system/jobs/{job}/{what}?filename=mine%20%C3%A4.bin").headers["content-disposition"]
    assert "mine%20%C3%A4.bin" in named
    assert wire("GET", f"system/jobs/{job}/{what}?format=zip").status == 400


def test_downloads_are_sent_in_parts_and_only_when_they_changed(server: Replaced) -> None:
    job, wire = server.done["text_to_textured_mesh"], server.wire
    path, whole = f"system/jobs/{job}/download", MESHES["glb"]
    first = wire("GET", path)
    assert first.headers["accept-ranges"] == "bytes"
    for asked, part in (("bytes=0-9", whole[:10]), ("bytes=10-", whole[10:]), ("bytes=-5", whole[-5:])):
        answer = wire("GET", path, Range=asked)
        assert (answer.status, answer.raw) == (206, part)
        assert answer.headers["content-range"].endswith(f"/{len(whole)}")
    assert wire("GET", path, Range=f"bytes={len(whole)}-").status == 416
    tag, date = first.headers["etag"], first.headers["last-modified"]
    assert wire("GET", path, If_None_Match=tag).status == 304
    assert wire("GET", path, If_Modified_Since=date).status == 304
    assert wire("GET", path, If_None_Match='"other"').status == 200
    assert wire("GET", path, Range="bytes=0-9", If_Range='"other"').status == 200
    assert wire("GET", path, Range="bytes=0-9", If_Range=tag).status == 206
    assert wire("GET", path, If_Match='"other"').status == 412
    head = wire("HEAD", path)
    assert (head.status, head.headers["content-length"], head.raw) == (200, str(len(whole)), b"")


def test_section_1_3_what_is_not_there_is_404_and_what_is_not_ready_400(server: Replaced) -> None:
    wire, nobody = server.wire, "00000000-0000-4000-8000-000000000000"
    for what in ("download", "thumbnail", "input", "info"):
        assert wire("GET", f"system/jobs/{nobody}/{what}").status == 404
    waiting = server.submit_old("text_to_raw_mesh", text_prompt="wait")
    try:
        for what in ("download", "thumbnail"):
            answer = wire("GET", f"system/jobs/{waiting}/{what}")
            assert answer.status == 400
            assert any(word in answer.body["detail"] for word in ("queued", "processing"))
        info = wire.get(f"system/jobs/{waiting}/info")
        assert (info["has_result"], set(info)) == (False, {"job_id", "status", "has_result", "message"})
    finally:
        server.client.cancel(waiting)


def test_row_20_a_deleted_result_is_gone_and_its_record_says_so(server: Replaced) -> None:
    job, wire = server.submit_old("mesh_retopology"), server.wire
    server.finished(job)
    told = wire("DELETE", f"system/jobs/{job}/result", Content_Type="application/json").body  # rule 10
    assert (told["deleted"], told["deleted_file"]) == (True, "mesh.obj")
    assert wire("DELETE", f"system/jobs/{job}/result").body["deleted"] is False
    assert wire("GET", f"system/jobs/{job}/download").status == 404
    info = wire.get(f"system/jobs/{job}/info")
    assert (info["has_result"], info["file_info"]["file_exists"], bool(info["file_info"]["error"])) == (
        True, False, True,
    )  # fmt: skip
    own = server.client.job(job)
    assert own.main_output is not None and [output.role for output in own.outputs] == ["thumbnail"]
    record = wire.get(f"system/jobs/{job}")
    assert (record["status"], record["mesh_url"], record["model_preference"]) == (
        "completed", None, model_of("mesh_retopology"),
    )  # fmt: skip
