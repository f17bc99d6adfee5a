import asyncio
import re
from typing import Any

import pytest
from aiohttp import web

from aigc.core.job import Failure, Stage, Status, Timings
from tests.web.house_kit import House
from tests.web.raw_kit import Raw, exchange, head
from tests.web.results_kit import MESH, PICTURE, completed, known
from tests.web.test_downloads import with_picture
from web import compat_jobs

JOBS = "/api/v1/jobs"
OLD = "/api/v1/system/jobs"
NOBODY = "00000000-0000-4000-8000-000000000000"


async def history(house: House, query: str = "") -> Any:
    status, body = await house.call("GET", f"{OLD}/history{query}")
    assert status == 200, body
    return body


async def test_a_job_is_told_as_compact_json_with_one_status(house: House) -> None:
    job = await house.submit(metadata={"status": "mine"})
    await completed(house, job, info={"status": "odd", "parts": [{"status": 1, "n": 2}]})
    async with house.session.get(f"{OLD}/{job}") as response:
        text = await response.text()
    assert text.count('"status"') == 1
    assert '"status":"completed"' in text
    async with house.session.get(f"{OLD}/{job}/info") as response:
        assert (await response.text()).count('"status"') == 1


async def test_a_job_goes_through_the_words_that_clients_know(house: House) -> None:
    job = await house.submit()
    await known(house, job)
    seen = [(await house.call("GET", f"{OLD}/{job}"))[1]]
    await house.broker.begin(job)
    seen.append((await house.call("GET", f"{OLD}/{job}"))[1])
    await house.broker.change(job, "retrying", status=Status.QUEUED, stage=Stage.RETRYING)
    seen.append((await house.call("GET", f"{OLD}/{job}"))[1])
    await completed(house, job)
    seen.append((await house.call("GET", f"{OLD}/{job}"))[1])
    assert [one["status"] for one in seen] == ["queued", "processing", "queued", "completed"]
    assert [one["result"] is None for one in seen] == [True, True, True, False]
    assert [one["progress"] for one in seen] == [0.0, 0.0, 0.0, 1.0]


async def test_every_link_of_a_completed_job_leads_to_its_file(house: House) -> None:
    job = await with_picture(house)
    await completed(house, job, timings=Timings(running_s=3.25))
    _, found = await house.call("GET", f"{OLD}/{job}")
    row = (await history(house))["jobs"][0]
    _, info = await house.call("GET", f"{OLD}/{job}/info")
    for one in (found, row):
        assert one["processing_time"] == 3.25
        assert one["output_mesh_path"] == "mesh.glb"
    links = [(one["mesh_url"], MESH) for one in (found, row, found["result"])]
    links += [(one["thumbnail_url"], PICTURE) for one in (found, row, found["result"])]
    links += [(one["input_image_url"], PICTURE) for one in (found, row)]
    for link, data in links:
        assert link.startswith(house.base)
        async with house.session.get(link) as response:
            assert (response.status, await response.read()) == (200, data)
    assert found["mesh_url"].endswith(".glb")
    ways = info["mesh_download_urls"]
    assert ways["direct_download"].startswith("/api/v1/") and ways["direct_download"].endswith(".glb")
    async with house.session.get(ways["direct_download"]) as response:
        assert await response.read() == MESH
    _, encoded = await house.call("GET", ways["base64_download"])
    assert encoded["base64_data"].startswith("data:model/gltf-binary;base64,")
    async with house.session.get(info["thumbnail_download_urls"]["direct_download"]) as response:
        assert await response.read() == PICTURE


async def test_info_tells_of_the_file_or_that_it_is_gone(house: House) -> None:
    job = await house.submit()
    _, body = await house.call("GET", f"{OLD}/{job}/info")
    assert (body["job_id"], body["has_result"], body["status"]) == (job, False, "queued") and body["message"]
    await completed(house, job)
    _, body = await house.call("GET", f"{OLD}/{job}/info")
    assert body["has_result"] is True
    assert (body["file_info"]["file_extension"], body["file_info"]["file_size_bytes"]) == ("glb", len(MESH))
    _, gone = await house.call("DELETE", f"{OLD}/{job}/result")
    assert (gone["deleted"], gone["deleted_file"]) == (True, "mesh.glb")
    _, body = await house.call("GET", f"{OLD}/{job}/info")
    assert body["file_info"]["file_exists"] is False and body["file_info"]["error"]
    status, again = await house.call("DELETE", f"{OLD}/{job}/result")
    assert (status, again["deleted"]) == (200, False)
    for row in ((await house.call("GET", f"{OLD}/{job}"))[1], (await history(house))["jobs"][0]):
        assert row["status"] == "completed"
        assert row["mesh_url"] is row["output_mesh_path"] is None and "mesh_url" not in row["result"]
        assert row["thumbnail_url"], "which was not deleted"
    for own in ((await house.call("GET", f"{JOBS}/{job}"))[1], (await house.call("GET", JOBS))[1]["jobs"][0]):
        assert [output["role"] for output in own["outputs"]] == ["thumbnail"] and "download" not in own["urls"]
        assert (own["history"][-1]["kind"], own["history"][-1]["detail"]) == ("output_deleted", "mesh.glb")


async def test_a_failed_job_tells_why_and_a_cancelled_one_that_it_was(house: House) -> None:
    failed, cancelled = await house.submit(), await house.submit()
    for job in (failed, cancelled):
        await known(house, job)
        await house.broker.begin(job)
    failure = Failure("model_error", "the model raised", "use another seed", at=1_800_000_000.0)
    await house.broker.change(failed, "failed", status=Status.FAILED, failure=failure, failures=(failure,), strikes=1)
    await house.broker.change(cancelled, "cancelled", status=Status.CANCELLED, cancel_reason="asked by the client")
    _, body = await house.call("GET", f"{OLD}/{failed}")
    assert body["error"] == "the model raised. use another seed"
    assert (body["failed_at"], body["retry_count"], body["mesh_url"]) == (body["completed_at"], 1, None)
    _, body = await house.call("GET", f"{OLD}/{cancelled}")
    assert (body["status"], body["error"], body["failed_at"]) == ("cancelled", "asked by the client", None)


async def test_history_pages_and_filters(house: House) -> None:
    jobs = [await house.submit(f"chair {number}") for number in range(5)]
    await completed(house, jobs[1])
    page = await history(house, "?limit=2&offset=1")
    assert [row["job_id"] for row in page["jobs"]] == [jobs[3], jobs[2]]
    assert page["pagination"] == {"limit": 2, "offset": 1, "total": 5, "has_more": True}
    assert (await history(house, "?offset=4"))["pagination"]["has_more"] is False
    done = await history(house, "?status=completed")
    assert [row["job_id"] for row in done["jobs"]] == [jobs[1]]
    assert done["filters"] == {"status": "completed", "feature": None, "start_date": None, "end_date": None}
    assert (await history(house, "?feature=mesh_retopology"))["jobs"] == []
    assert len((await history(house, "?feature=text_to_textured_mesh"))["jobs"]) == 5
    assert isinstance(page["timestamp"], float)


async def test_history_between_dates_with_and_without_a_zone(house: House) -> None:
    await house.submit()  # in January 2027 by the house's clock
    for query, count in (
        ("?start_date=2027-01-01", 1),
        ("?start_date=2027-01-01T00:00:00", 1),
        ("?start_date=2027-01-01T00:00:00Z", 1),
        ("?start_date=2027-01-01T00:00:00%2B02:00", 1),
        ("?start_date=2027-01-01T00:00:00+02:00", 1),
        ("?start_date=2027-02-01", 0),
        ("?end_date=2027-01-01", 0),
        ("?start_date=2027-01-01&end_date=2027-02-01", 1),
    ):
        assert len((await history(house, query))["jobs"]) == count, query


async def test_history_with_nonsense_is_refused_in_words(house: House) -> None:
    body = await history(house, "?status=running")
    assert (body["jobs"], "running" in body["error"]) == ([], True)
    status, body = await house.call("GET", f"{OLD}/history?start_date=yesterday")
    assert (status, "2026-01-31" in body["detail"]) == (400, True)
    status, body = await house.call("GET", f"{OLD}/history?limit=many")
    assert (status, body["detail"][0]["loc"]) == (422, ["query", "limit"])
    assert (await history(house, "?limit=0&offset=-5"))["pagination"]["limit"] == 1
    assert (await history(house, "?limit=100000"))["pagination"]["limit"] == 500


async def test_queue_stats_count_each_state_by_itself(house: House) -> None:
    jobs = [await house.submit() for _ in range(4)]
    await completed(house, jobs[0])
    await known(house, jobs[1])
    await house.broker.begin(jobs[1])
    _, body = await house.call("GET", f"{OLD}/queue/stats")
    assert body["success"] is True
    assert {"pending_jobs": 2, "processing_jobs": 1, "completed_jobs": 1}.items() <= body["data"].items()
    assert {"max_queue_size", "queue_utilization", "timestamp"} <= set(body["data"])


async def test_a_finished_job_is_deleted_with_its_files(house: House) -> None:
    job = await house.submit()
    await completed(house, job)
    status, body = await house.call("DELETE", f"{OLD}/{job}", headers={"Content-Type": "application/json"})
    assert (status, body["job_id"], body["deleted"]) == (200, job, True)
    assert set(body["job_info"]) == {"status", "feature", "created_at"}
    assert await house.assets.list(f"jobs/{job}") == []


async def test_a_running_job_is_stopped_and_then_deleted(house: House) -> None:
    job = await house.submit()
    await known(house, job)
    await house.broker.begin(job)
    deleting = asyncio.ensure_future(house.call("DELETE", f"{OLD}/{job}"))
    await house.broker.until(lambda: any(type(one).__name__ == "CancelJob" for one in house.broker.heard))
    assert not deleting.done()
    await house.broker.change(job, "cancelled", status=Status.CANCELLED)
    status, body = await deleting
    assert (status, body["deleted"], body["job_info"]["status"]) == (200, True, "processing")


async def test_a_job_that_does_not_stop_is_told_as_such(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compat_jobs, "STOP_S", 0.05)
    job = await house.submit()
    await known(house, job)
    await house.broker.begin(job)
    status, body = await house.call("DELETE", f"{OLD}/{job}")
    assert (status, "being stopped" in body["detail"]) == (409, True)
    assert (await house.call("GET", f"{OLD}/{job}"))[0] == 200


async def test_a_job_that_is_not_there_is_404_everywhere(house: House) -> None:
    for job in (NOBODY, "x", "..%2f..%2fx", "%00", "9" * 3000):
        for method, path in (("GET", ""), ("GET", "/info"), ("DELETE", ""), ("DELETE", "/result")):
            status, body = await exchange(house.port, head(method, f"{OLD}/{job}{path}", Content_Length=0))
            assert (status, body["error"], body["message"]) == (404, "NOT_FOUND", "Resource not found"), job
            assert body["detail"]


async def test_no_path_of_the_server_is_in_any_answer(house: House) -> None:
    job = await with_picture(house)
    await completed(house, job)
    for path in (f"{OLD}/{job}", f"{OLD}/{job}/info", f"{OLD}/history", "/api/v1/file-upload/list"):
        async with house.session.get(path) as response:
            text = await response.text()
        assert str(house.assets.folder.parent) not in text
        assert "uploads/" not in text and "jobs/" not in re.sub(r"/system/jobs/", "", text)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:9", "http://127.0.0.1:9"),
        ("localhost:9", "http://localhost:9"),
        ("[::1]:9", "http://[::1]:9"),
        ("192.168.7.7", "http://192.168.7.7"),
        ("evil.example", None),
        ("evil.example:80", None),
        ("127.0.0.1.evil.example", None),
        ("localhost.evil.example", None),
        ("", None),
    ],
)
async def test_links_never_lead_to_a_name_that_only_the_client_gave(
    house: House, host: str, origin: str | None
) -> None:
    job = await house.submit()
    await completed(house, job)
    request = f"GET {OLD}/{job} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    status, body = await exchange(house.port, request)
    assert status == 200
    assert body["mesh_url"].startswith((origin or house.base) + "/api/v1/")


async def test_answers_with_links_are_not_kept_by_anybody(house: House) -> None:
    job = await house.submit()
    async with Raw(house.port) as raw:
        await raw.send(head("GET", f"{OLD}/{job}"))
        assert (await raw.answer())[1]["cache-control"] == "no-store"


async def test_a_configured_url_stands_before_all_links(house: House) -> None:
    job = await house.submit()
    await completed(house, job)
    app = web.Application()
    app.add_routes(compat_jobs.routes(house.gateway, "https://3d.example.org/"))
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    _, body = await house.call("GET", f"http://127.0.0.1:{runner.addresses[0][1]}{OLD}/{job}")
    assert body["mesh_url"] == f"https://3d.example.org{OLD}/{job}/download/mesh.glb"
    await runner.cleanup()
