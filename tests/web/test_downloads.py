import asyncio
import base64
from datetime import datetime

import pytest

from aigc.core.ids import AssetKey, JobId
from aigc.core.job import Progress, Stage, Status, Timings
from aigc.core.messages import Progressed
from tests.web.files_kit import OBJ
from tests.web.house_kit import House
from tests.web.raw_kit import exchange, head
from tests.web.results_kit import MESH, PICTURE, RESULT, completed, known, stored
from tests.web.test_uploads import form_of
from web import downloads

OLD = "/api/v1/system/jobs"


async def get(house: House, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    async with house.session.get(path, headers=headers) as response:
        return response.status, {name.lower(): value for name, value in response.headers.items()}, await response.read()


async def with_picture(house: House, name: str = "my cat.png") -> JobId:
    _, upload = await house.call("POST", "/api/v1/file-upload/image", data=form_of(PICTURE, name))
    body = {"feature": "image_to_textured_mesh", "inputs": {"image": {"upload": upload["file_id"]}}}
    _, job = await house.call("POST", "/api/v1/jobs", json=body)
    return JobId(job["id"])


async def test_every_output_of_a_job_is_there_under_its_name(house: House) -> None:
    job = await house.submit()
    parts = (*RESULT, ("part_0.obj", "part", OBJ))
    await completed(house, job, parts)
    for name, _, data in parts:
        status, headers, body = await get(house, f"/api/v1/jobs/{job}/outputs/{name}")
        assert (status, body) == (200, data)
        assert headers["content-disposition"] == f'attachment; filename="{name}"'
    assert (await get(house, f"/api/v1/jobs/{job}/thumbnail"))[2] == PICTURE
    _, shown = await house.call("GET", f"/api/v1/jobs/{job}")
    for output in shown["outputs"]:
        assert (await get(house, output["url"]))[0] == 200


async def test_names_that_are_no_output_are_not_found_and_those_that_are_get_told(house: House) -> None:
    job = await house.submit()
    await completed(house, job)
    for name in ("other.glb", "..%2f..%2fjobs.db", "%2e%2e", "mesh.glb%00", "..%5c..%5cx", "%2fetc%2fpasswd"):
        status, body = await exchange(house.port, head("GET", f"/api/v1/jobs/{job}/outputs/{name}"))
        assert status == 404, name
        assert "mesh.glb" in body["detail"] or body["message"] == "Resource not found"
    for path in (f"/api/v1/jobs/{job}/outputs/../../../x", "/api/v1/jobs/..%2f..%2fx/outputs/mesh.glb"):
        assert (await exchange(house.port, head("GET", path)))[0] == 404


async def test_the_preview_of_a_running_job_is_shown_while_there_is_one(house: House) -> None:
    job = await house.submit()
    await known(house, job)
    await house.broker.begin(job)
    assert (await get(house, f"/api/v1/jobs/{job}/preview"))[0] == 204
    key = AssetKey(f"jobs/{job}/1/preview.png")
    await stored(house, key, PICTURE)
    house.broker.publish(Progressed(job, 1, Stage.SAMPLING, Progress(fraction=0.5, preview=key)))

    async with asyncio.timeout(60):
        while (await get(house, f"/api/v1/jobs/{job}/preview"))[0] != 200:
            pass
    assert (await get(house, f"/api/v1/jobs/{job}/preview"))[2] == PICTURE

    await house.assets.delete(key)
    assert (await get(house, f"/api/v1/jobs/{job}/preview"))[0] == 204
    assert (await get(house, "/api/v1/jobs/nothing/preview"))[0] == 404


async def test_what_was_put_in_comes_out_again_under_its_own_name(house: House) -> None:
    job = await with_picture(house)
    status, headers, body = await get(house, f"/api/v1/jobs/{job}/inputs/image")
    assert (status, body, headers["content-type"]) == (200, PICTURE, "image/png")
    assert headers["content-disposition"] == 'attachment; filename="my cat.png"'
    assert (await get(house, f"/api/v1/jobs/{job}/inputs/mesh"))[0] == 404
    text = await house.submit("a chair")
    assert (await get(house, f"/api/v1/jobs/{text}/inputs/text"))[0] == 404


async def test_the_old_download_has_its_old_name_and_headers(house: House) -> None:
    job = await house.submit()
    await completed(house, job, timings=Timings(running_s=2.5))
    for tail in ("", "/mesh.glb", "/anything.glb", "?format=file"):
        status, headers, body = await get(house, f"{OLD}/{job}/download{tail}")
        assert (status, body, headers["content-type"]) == (200, MESH, "model/gltf-binary")
        assert headers["content-disposition"] == f'attachment; filename="result_{job}_mesh.glb"'
        assert (headers["x-job-id"], headers["x-file-size"], headers["x-generation-time"]) == (
            job,
            str(len(MESH)),
            "2.500",
        )
    status, headers, body = await get(house, f"{OLD}/{job}/thumbnail")
    assert (status, body, headers["x-thumbnail-generated"]) == (200, PICTURE, "true")
    assert headers["content-disposition"] == f'attachment; filename="thumbnail_{job}_thumbnail.png"'


async def test_a_client_may_name_the_file_and_nothing_more(house: House) -> None:
    job = await house.submit()
    await completed(house, job)
    for asked, name in (
        ("chair.glb", "chair.glb"),
        ("..%2f..%2fx.glb", "x.glb"),
        ("a%0d%0aSet-Cookie:%20b", "aSet-Cookie_ b"),
    ):
        status, headers, _ = await get(house, f"{OLD}/{job}/download?filename={asked}")
        assert status == 200 and "set-cookie" not in headers
        assert headers["content-disposition"].startswith(f'attachment; filename="{name}"')


async def test_the_old_routes_send_base64_when_asked(house: House) -> None:
    job = await with_picture(house)
    await completed(house, job, info={"seed": 7})
    for path, data, kind in (("download", MESH, "model/gltf-binary"), ("thumbnail", PICTURE, "image/png")):
        _, body = await house.call("GET", f"{OLD}/{job}/{path}?format=base64")
        assert set(body) == {
            "job_id", "filename", "content_type", "file_size_mb", "base64_data", "generation_info", "download_time"
        }  # fmt: skip
        assert body["base64_data"] == f"data:{kind};base64,{base64.b64encode(data).decode()}"
        assert (body["job_id"], body["content_type"], body["generation_info"]) == (job, kind, {"seed": 7})
        assert datetime.fromisoformat(body["download_time"]).tzinfo
    _, body = await house.call("GET", f"{OLD}/{job}/input?format=base64")
    assert "generation_info" not in body and body["filename"] == f"input_{job}_my cat.png"
    status, body = await house.call("GET", f"{OLD}/{job}/download?format=zip")
    assert (status, "file or base64" in body["detail"]) == (400, True)


async def test_base64_of_a_large_file_is_refused_and_the_file_itself_is_sent(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await house.submit()
    await completed(house, job)
    monkeypatch.setattr(downloads, "BASE64_BYTES", len(MESH) - 1)
    status, body = await house.call("GET", f"{OLD}/{job}/download?format=base64")
    assert (status, "format=file" in body["detail"]) == (413, True)
    assert (await get(house, f"{OLD}/{job}/download"))[0] == 200


async def test_a_job_that_is_not_completed_has_nothing_to_download_but_its_input(house: House) -> None:
    job = await with_picture(house)
    for path in ("download", "thumbnail"):
        status, body = await house.call("GET", f"{OLD}/{job}/{path}")
        assert (status, "queued" in body["detail"]) == (400, True)
    status, _, body = await get(house, f"{OLD}/{job}/input")
    assert (status, body) == (200, PICTURE)
    assert (await get(house, f"{OLD}/{job}/input/my%20cat.png"))[2] == PICTURE
    await known(house, job)
    await house.broker.begin(job)
    await house.broker.change(job, "failed", status=Status.FAILED)
    status, answer = await house.call("GET", f"{OLD}/{job}/download")
    assert (status, "failed" in answer["detail"]) == (400, True)


async def test_what_is_missing_is_404_on_that_route_only(house: House) -> None:
    job = await house.submit()
    await completed(house, job)
    await house.assets.delete(f"jobs/{job}/1/mesh.glb")
    status, body = await house.call("GET", f"{OLD}/{job}/download")
    assert (status, body["error"], body["message"]) == (404, "NOT_FOUND", "Resource not found")
    assert body["detail"] and str(house.assets.folder) not in body["detail"]
    assert (await house.call("GET", f"{OLD}/{job}/download?format=base64"))[0] == 404
    assert (await get(house, f"{OLD}/{job}/thumbnail"))[0] == 200
    assert (await house.call("GET", f"{OLD}/{job}/input"))[0] == 404
    for path in ("download", "thumbnail", "input"):
        assert (await house.call("GET", f"{OLD}/00000000-0000-4000-8000-000000000000/{path}"))[0] == 404


async def test_a_file_that_was_cut_short_on_the_disk_is_not_sent(house: House) -> None:
    job = await house.submit()
    await completed(house, job)
    path = await house.assets.local(AssetKey(f"jobs/{job}/1/mesh.glb"))
    path.write_bytes(MESH[:-1])
    for route in (
        f"{OLD}/{job}/download",
        f"{OLD}/{job}/download?format=base64",
        f"/api/v1/jobs/{job}/outputs/mesh.glb",
    ):
        status, body = await house.call("GET", route)
        assert status in (404, 500) and body["detail"]
    assert (await get(house, f"{OLD}/{job}/thumbnail"))[0] == 200


async def test_the_same_result_is_not_sent_twice(house: House) -> None:
    job = await house.submit()
    await completed(house, job)
    _, headers, _ = await get(house, f"{OLD}/{job}/download")
    status, _, body = await get(house, f"{OLD}/{job}/download", **{"If-None-Match": headers["etag"]})
    assert (status, body) == (304, b"")
    status, _, body = await get(house, f"{OLD}/{job}/download", Range="bytes=0-3")
    assert (status, body) == (206, b"glTF")
    async with house.session.head(f"{OLD}/{job}/download") as response:
        assert (response.status, response.headers["Content-Length"]) == (200, str(len(MESH)))


async def test_a_page_of_another_origin_may_read_a_result(house: House) -> None:
    job = await house.submit()
    await completed(house, job)
    _, headers, _ = await get(house, f"{OLD}/{job}/download", Origin="http://localhost:3000")
    assert headers["access-control-allow-origin"] == "*"
