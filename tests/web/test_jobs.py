import asyncio
import io
import json
from typing import Any

import aiohttp
import pytest

from aigc.core.ids import AssetKey, JobId
from aigc.core.job import Output, Status
from aigc.core.messages import CancelJob, Estimate, ForgetJob, MoveJob
from aigc.core.ports import JobQuery
from tests.web.files_kit import png
from tests.web.house_kit import House, eventually

JOBS = "/api/v1/jobs"
BODY = {"feature": "text_to_textured_mesh", "inputs": {"text": "a chair"}}


async def post(house: House, body: Any = BODY, **more: Any) -> tuple[int, Any, Any]:
    """Status, body and headers of a submission."""
    async with house.session.post(JOBS + more.pop("query", ""), json=body, **more) as response:
        return response.status, await response.json(content_type=None), response.headers


async def arrived(house: House, job: str) -> JobId:
    """The broker has heard of the job."""
    await house.broker.until(lambda: job in house.broker.jobs)
    return JobId(job)


# Submitting


async def test_an_accepted_job_is_whole_has_a_place_and_is_in_store_and_broker(house: House) -> None:
    status, job, headers = await post(house, {**BODY, "priority": 7, "tags": ["a"], "metadata": {"k": "v"}})
    assert (status, headers["Location"], headers["Retry-After"]) == (202, f"{JOBS}/{job['id']}", "1")
    assert (job["status"], job["model"], job["priority"], job["tags"], job["metadata"]) == (
        "queued",
        "shapes",
        7,
        ["a"],
        {"k": "v"},
    )
    assert job["params"]["seed"] == 42
    assert job["history"][0]["kind"] == "queued"
    stored = await house.store.get(job["id"])
    assert stored is not None
    assert await arrived(house, job["id"])
    assert house.broker.jobs[job["id"]] == stored


async def test_the_text_of_a_job_is_compact_and_says_status_once(house: House) -> None:
    async with house.session.post(JOBS, json=BODY) as response:
        text = await response.text()
    assert text.count('"status":"queued"') == 1
    assert text.count('"status"') == 1


@pytest.mark.parametrize(
    "body",
    [
        {**BODY, "inputs": {"text": {"text": "a chair"}}},
        {"task": "text_to_textured_mesh", "inputs": {"text": "a chair"}},
        {"model": "shapes", "inputs": {"text": "a chair"}},
        {**BODY, "model": None, "output_format": None, "deadline_s": None, "priority": 5.0},
    ],
)
async def test_the_same_request_may_be_written_in_several_ways(house: House, body: Any) -> None:
    status, job, _ = await post(house, body)
    assert (status, job["feature"], job["inputs"]) == (202, "text_to_textured_mesh", {"text": {"text": "a chair"}})


async def test_with_wait_the_answer_is_the_finished_job(house: House) -> None:
    waiting = asyncio.create_task(post(house, query="?wait=30"))
    await house.broker.until(lambda: house.broker.jobs)
    (job,) = house.broker.jobs
    await house.broker.run(job)
    status, answer, _ = await waiting
    assert (status, answer["status"], answer["progress"]["fraction"]) == (200, "completed", 1.0)


async def test_a_wait_that_is_too_short_is_answered_as_if_there_were_none(house: House) -> None:
    status, answer, _ = await post(house, query="?wait=0.01")
    assert (status, answer["status"]) == (202, "queued")
    status, answer, _ = await post(house, headers={"Prefer": "respond-async, wait=0"})
    assert status == 202


async def test_the_preference_of_rfc_7240_waits_too(house: House) -> None:
    waiting = asyncio.create_task(post(house, headers={"Prefer": "wait=20"}))
    await house.broker.until(lambda: house.broker.jobs)
    await house.broker.run(next(iter(house.broker.jobs)))
    assert (await waiting)[0] == 200


async def test_the_same_key_and_request_are_the_same_job(house: House) -> None:
    key = {"Idempotency-Key": "k-1"}
    _, first, headers = await post(house, headers=key)
    assert "Idempotency-Replayed" not in headers
    status, again, headers = await post(house, headers=key)
    assert (status, again["id"], headers["Idempotency-Replayed"]) == (202, first["id"], "true")
    await house.broker.run(await arrived(house, first["id"]))
    await eventually(lambda: house.gateway._news.records.find(first["id"]).status.is_final)  # type: ignore[union-attr]
    status, again, _ = await post(house, headers=key)
    assert (status, again["id"], again["status"]) == (200, first["id"], "completed")


async def test_the_same_key_with_another_request_is_refused(house: House) -> None:
    key = {"Idempotency-Key": "k-1"}
    await post(house, headers=key)
    status, problem, _ = await post(house, {**BODY, "priority": 6}, headers=key)
    assert (status, problem["code"]) == (422, "idempotency_mismatch")
    assert problem["suggestion"] == "use a new key for a new request"


async def test_a_full_queue_says_when_to_come_again_as_the_broker_reckons(house: House) -> None:
    house.settings = type(house.settings)(queue_bound=2)
    await house.restart_web()
    await house.submit()
    await house.submit()
    status, problem, headers = await post(house)
    assert (status, problem["code"], headers["Retry-After"]) == (429, "queue_full", "7")
    assert problem["retry_after_s"] == 7.0


async def test_a_finished_jobs_result_is_the_input_of_the_next(house: House) -> None:
    job = await arrived(house, await house.submit())
    await house.broker.begin(job)
    mesh = Output(
        name="mesh.glb", role="model", asset=AssetKey(f"jobs/{job}/1/mesh.glb"), format="glb",
        content_type="model/gltf-binary", bytes=12, sha256="0" * 64, stats={"triangles": 4},
    )  # fmt: skip
    await house.broker.complete(job, (mesh,))
    chained = {"feature": "mesh_retopology", "inputs": {"mesh": {"job": job}}}
    await eventually(lambda: house.gateway._news.records.find(job).status.is_final)  # type: ignore[union-attr]
    status, answer, _ = await post(house, chained)
    assert status == 202, answer
    stored = await house.store.get(answer["id"])
    assert stored is not None
    assert (stored.inputs["mesh"].asset, stored.input_size) == (mesh.asset, 12)
    # It is called as the first one is, and so is what is made of it in turn; unless its owner names it.
    assert (answer["name"], answer["inputs"]["mesh"]["filename"]) == ("a chair", "mesh.glb")
    second = await arrived(house, JobId(answer["id"]))
    await house.broker.begin(second)
    await house.broker.complete(second, (mesh,))
    await house.gateway.wait(second, None, 60.0)
    for metadata, name in (({}, "a chair"), ({"name": "a throne"}, "a throne")):
        again = {"feature": "mesh_retopology", "inputs": {"mesh": {"job": second}}, "metadata": metadata}
        _, third, _ = await post(house, again)
        assert (third["name"], third["inputs"]["mesh"]["title"]) == (name, "a chair")
    _, found = await house.call("GET", f"{JOBS}?words=chair&feature=mesh_retopology")
    assert len(found["jobs"]) == 3
    _, shown = await house.call("GET", f"{JOBS}/{job}")
    assert shown["outputs"][0]["url"] == f"{JOBS}/{job}/outputs/mesh.glb"
    assert shown["urls"]["download"] == shown["outputs"][0]["url"]


async def test_an_upload_is_an_input_under_any_of_its_names(house: House) -> None:
    async with house.session.put("/api/v1/uploads?filename=cat.png", data=png(8, 8)) as response:
        upload = (await response.json())["file_id"]
    for name in ("upload", "asset", "file_id"):
        body = {"feature": "image_to_textured_mesh", "inputs": {"image": {name: upload}}}
        status, job, _ = await post(house, body)
        assert (status, job["inputs"]["image"]["filename"]) == (202, "cat.png")


# Refusals


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        ({}, 422, ["/feature"]),
        ({**BODY, "feature": "text_to_textured_mash"}, 422, ["/feature"]),
        ({**BODY, "feature": 7}, 422, ["/feature"]),
        ({**BODY, "model": "nope"}, 422, ["/model"]),
        ({**BODY, "priority": 10}, 422, ["/priority"]),
        ({**BODY, "priority": 1.5}, 422, ["/priority"]),
        ({**BODY, "priority": "5"}, 422, ["/priority"]),
        ({**BODY, "prio": 1, "tags": "a", "deadline_s": -1}, 422, ["/deadline_s", "/prio", "/tags"]),
        ({**BODY, "params": {"seed": 1.5, "sed": 1}}, 422, ["/params/sed", "/params/seed"]),
        ({**BODY, "inputs": {}}, 422, ["/inputs/text"]),
        ({**BODY, "inputs": {"text": ""}}, 422, ["/inputs/text"]),
        ({**BODY, "inputs": {"text": "x" * 20_000}}, 422, ["/inputs/text"]),
        ({**BODY, "inputs": {"text": {"text": "a", "url": "b"}}}, 422, ["/inputs/text"]),
        ({**BODY, "inputs": {"text": {"upload": "a", "asset": "b"}}}, 422, ["/inputs/text"]),
        ({**BODY, "metadata": {"k": 1}}, 422, ["/metadata/k"]),
        ({**BODY, "metadata": {"k": "x" * 600}}, 422, ["/metadata/k"]),
        ({**BODY, "tags": [str(n) for n in range(33)]}, 422, ["/tags"]),
        ({**BODY, "task": "mesh_retopology"}, 422, ["/task"]),
        ({**BODY, "output_format": "fbx"}, 422, ["/output_format"]),
        ({"feature": "image_to_textured_mesh", "inputs": {"image": {"upload": "nope"}}}, 404, ["/inputs/image"]),
        ({"feature": "mesh_retopology", "inputs": {"mesh": {"job": "nope"}}}, 404, ["/inputs/mesh"]),
        ({"feature": "uv_unwrapping", "inputs": {}}, 503, []),
    ],
)
async def test_a_wrong_request_is_refused_with_the_places_and_leaves_nothing(
    house: House, body: Any, status: int, pointers: list[str]
) -> None:
    found, problem, headers = await post(house, body)
    assert (found, headers["Content-Type"]) == (status, "application/problem+json")
    assert sorted(error["pointer"] for error in problem.get("errors", ())) == pointers
    assert problem["request_id"] == headers["X-Request-Id"]
    assert isinstance(problem["detail"], str)
    assert (await house.store.list(JobQuery())).total == 0


@pytest.mark.parametrize(
    ("raw", "headers", "status", "code"),
    [
        (b'{"feature": "text_to_textured_mesh",', {}, 422, "malformed_json"),
        (b'{"feature": "a", "feature": "b"}', {}, 422, "malformed_json"),
        (b'{"priority": NaN}', {}, 422, "malformed_json"),
        (b"[" * 100_000, {}, 422, "malformed_json"),
        (b"\xff\xfe", {}, 422, "malformed_json"),
        (b"[]", {}, 422, "input_invalid"),
        (b"feature=x", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        (b'{"x": "' + b"a" * (9 << 20) + b'"}', {}, 413, "too_large"),
        (
            json.dumps({**BODY, "params": {"texture_prompt": "x" * 900}, "metadata": {"a": "b"}}).encode(),
            {"Idempotency-Key": "ä"},
            422,
            "input_invalid",
        ),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_by_its_kind(
    house: House, raw: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    given = {"Content-Type": "application/json", **headers}
    async with house.session.post(JOBS, data=io.BytesIO(raw), headers=given) as response:
        problem = await response.json(content_type=None)
    assert (response.status, problem["code"]) == (status, code), problem


async def test_while_no_broker_lives_jobs_are_accepted_and_found_later(house: House) -> None:
    house.broker.close()
    await eventually(lambda: not house.gateway._link.is_alive)
    job = await house.submit()
    _, shown = await house.call("GET", f"{JOBS}/{job}")
    assert shown["status"] == "queued"
    broker = await house.start_broker()
    assert job in broker.jobs
    await house.linked()
    await broker.until(lambda: any(type(message).__name__ == "GatewayHello" for message in broker.heard))


# Reading


async def test_a_job_that_is_not_there_is_not_found(house: House) -> None:
    for path in ("nope", "0" * 36, "..%2f..%2fetc"):
        status, problem = await house.call("GET", f"{JOBS}/{path}")
        assert (status, problem["error"]) == (404, "NOT_FOUND")


async def test_a_running_job_shows_its_live_progress(house: House) -> None:
    job = await arrived(house, await house.submit())
    await house.broker.begin(job)
    house.broker.progress(job, 0.4)
    await eventually(lambda: house.gateway._news.records.find(job).progress.fraction)  # type: ignore[union-attr]
    _, shown = await house.call("GET", f"{JOBS}/{job}")
    assert (shown["status"], shown["stage"], shown["progress"]["fraction"]) == ("processing", "sampling", 0.4)
    _, listed = await house.call("GET", JOBS)
    assert listed["jobs"][0]["progress"]["fraction"] == 0.4


async def test_a_waiting_job_says_where_it_stands(house: House) -> None:
    job = await arrived(house, await house.submit())
    house.broker.estimates[job] = Estimate(job, 3, 12.5, 40.0, "behind two jobs")
    house.now += 1
    _, shown = await house.call("GET", f"{JOBS}/{job}")
    assert shown["queue"] == {
        "position": 3,
        "estimated_start_s": 12.5,
        "estimated_done_s": 40.0,
        "reason": "behind two jobs",
    }
    _, listed = await house.call("GET", JOBS)
    assert listed["jobs"][0]["queue"]["position"] == 3


async def test_get_waits_for_the_end_if_asked(house: House) -> None:
    job = await arrived(house, await house.submit())
    waiting = asyncio.create_task(house.call("GET", f"{JOBS}/{job}?wait=60"))
    await eventually(lambda: house.gateway._news._waiters)
    await house.broker.run(job)
    status, shown = await waiting
    assert (status, shown["status"]) == (200, "completed")


@pytest.mark.parametrize("text", ["soon", "-"])
async def test_a_wait_that_is_no_number_is_refused(house: House, text: str) -> None:
    job = await house.submit()
    status, problem = await house.call("GET", f"{JOBS}/{job}?wait={text}")
    assert (status, problem["errors"][0]["pointer"]) == (422, "?wait")


async def test_pages_follow_each_other_to_the_last_and_filters_hold(house: House) -> None:
    made = [await house.submit(tags=["even" if number % 2 == 0 else "odd"]) for number in range(5)]
    found, cursor = [], ""
    while True:
        _, page = await house.call("GET", f"{JOBS}?limit=2&cursor={cursor}")
        found += [job["id"] for job in page["jobs"]]
        assert page["total"] == 5
        if not page["next_cursor"]:
            break
        cursor = page["next_cursor"]
    assert found == made[::-1]
    _, page = await house.call("GET", f"{JOBS}?tag=odd&status=queued&feature=text_to_textured_mesh")
    assert [job["id"] for job in page["jobs"]] == [made[3], made[1]]
    _, page = await house.call("GET", f"{JOBS}?created_after=2030-01-01T00:00:00Z")
    assert page["jobs"] == []
    async with house.session.get(f"{JOBS}?limit=2") as response:
        assert response.links["next"]["url"].path == JOBS


@pytest.mark.parametrize("text", ["status=running", "limit=many", "created_after=yesterday"])
async def test_a_filter_that_means_nothing_is_refused(house: House, text: str) -> None:
    status, problem = await house.call("GET", f"{JOBS}?{text}")
    assert (status, problem["errors"][0]["pointer"]) == (422, f"?{text.partition('=')[0]}")


# Changing


async def test_a_cancel_answers_the_job_and_says_whether_it_still_stops(house: House) -> None:
    job = await arrived(house, await house.submit())
    status, _ = await house.call("POST", f"{JOBS}/{job}/cancel")
    assert status == 202
    await house.broker.change(job, "cancelled", status=Status.CANCELLED)
    await eventually(lambda: house.gateway._news.records.find(job).status.is_final)  # type: ignore[union-attr]
    for _ in range(2):
        status, shown = await house.call("POST", f"{JOBS}/{job}/cancel")
        assert (status, shown["status"]) == (200, "cancelled")
    assert sum(isinstance(message, CancelJob) for message in house.broker.heard) == 1


async def test_a_change_that_no_broker_hears_is_for_later(house: House) -> None:
    job = await arrived(house, await house.submit())
    house.broker.deaf |= {CancelJob, MoveJob, ForgetJob}
    house.settings = type(house.settings)(ask_timeout_s=0.05, handover_s=0.0)
    await house.restart_web()
    status, problem = await house.call("PATCH", f"{JOBS}/{job}", json={"priority": 9})
    assert (status, problem["code"]) == (503, "broker_unavailable")
    status, shown = await house.call("POST", f"{JOBS}/{job}/cancel")  # but for this one: it is written down
    assert (status, shown["status"]) == (202, "queued")
    assert set(await house.store.cancel_requests()) == {job}


async def test_a_waiting_job_is_moved_and_a_running_one_is_not(house: House) -> None:
    job = await arrived(house, await house.submit())
    status, moved = await house.call("PATCH", f"{JOBS}/{job}", json={"priority": 9})
    assert (status, moved["priority"]) == (200, 9)
    await house.broker.begin(job)
    status, problem = await house.call("PATCH", f"{JOBS}/{job}", json={"priority": 1})
    assert (status, problem["detail"]) == (409, "it waits no more. only a waiting job can be moved")
    status, _ = await house.call("PATCH", f"{JOBS}/{job}", json={"priority": 11})
    assert status == 422


async def test_a_finished_job_is_deleted_with_its_files_and_an_open_one_is_not(house: House) -> None:
    job = await arrived(house, await house.submit())
    status, problem = await house.call("DELETE", f"{JOBS}/{job}")
    assert (status, problem["suggestion"]) == (409, "cancel it first, or wait until it is finished")
    async with house.session.put("/api/v1/uploads?filename=a.png", data=png(8, 8)):
        pass
    await house.broker.run(job)
    await house.result(job, "mesh.glb", b"glTF")
    await eventually(lambda: house.gateway._news.records.find(job).status.is_final)  # type: ignore[union-attr]
    status, gone = await house.call("DELETE", f"{JOBS}/{job}")
    assert (status, gone["id"], gone["status"]) == (200, job, "completed")
    assert await house.assets.list(f"jobs/{job}") == []
    assert len(await house.assets.list("uploads")) == 1


async def test_a_job_is_tried_again_with_another_seed(house: House) -> None:
    job = await arrived(house, await house.submit())
    status, _ = await house.call("POST", f"{JOBS}/{job}/retry")
    assert status == 409
    await house.broker.run(job)
    await eventually(lambda: house.gateway._news.records.find(job).status.is_final)  # type: ignore[union-attr]
    status, again = await house.call("POST", f"{JOBS}/{job}/retry", json={"seed": 5})
    assert (status, again["params"]["seed"], again["id"] != job) == (202, 5, True)
    status, again = await house.call("POST", f"{JOBS}/{job}/retry")
    assert (status, again["params"]["seed"] != 42) == (202, True)
    status, _ = await house.call("POST", f"{JOBS}/{job}/retry", json={"seed": "x"})
    assert status == 422


# Clients that leave


async def test_a_client_that_leaves_while_it_waits_leaves_nothing_behind(house: House) -> None:
    job = await arrived(house, await house.submit())
    waiting = [asyncio.create_task(house.call("GET", f"{JOBS}/{job}?wait=60")) for _ in range(20)]
    await eventually(lambda: len(house.gateway._news._waiters.get(job, ())) == 20)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await eventually(lambda: not house.gateway._news._waiters)
    await house.broker.run(job)
    _, shown = await house.call("GET", f"{JOBS}/{job}?wait=5")
    assert shown["status"] == "completed"


async def test_a_client_that_leaves_while_it_submits_has_submitted_or_not_and_others_are_unharmed(house: House) -> None:
    for _ in range(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        body = json.dumps(BODY).encode()
        writer.write(b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" % JOBS.encode())
        writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()
        del reader
    job = await house.submit()
    _, page = await house.call("GET", f"{JOBS}?limit=100")
    stored = {shown["id"] for shown in page["jobs"]}
    assert job in stored
    await eventually(lambda: not house.store._writing._calls)
    assert page["total"] == len(stored)


async def test_a_server_that_goes_away_does_not_keep_those_who_wait(house: House) -> None:
    job = await arrived(house, await house.submit())
    waiting = asyncio.create_task(house.call("GET", f"{JOBS}/{job}?wait=60"))
    await eventually(lambda: house.gateway._news._waiters)
    await house.stop_web()
    try:
        status, shown = await waiting
        assert (status, shown["status"]) == (200, "queued")
    except aiohttp.ClientError:
        pytest.fail("the answer was cut off")
