import pytest

from tests.web.house_kit import House
from tests.web.raw_kit import Raw, exchange, head

GETS = """
/health /api/v1/system/health /api/v1/system/auth-status /api/v1/system/info /api/v1/system/status /api/v1/system/models
/api/v1/system/features /api/v1/system/models/shapes/parameters /api/v1/system/scheduler-status
/api/v1/system/jobs/queue/stats /api/v1/system/jobs/history /api/v1/system/supported-formats
/api/v1/system/adapters /api/v1/system/available-adapters /api/v1/file-upload/list
/api/v1/file-upload/supported-formats /api/v1/mesh-generation/supported-formats
/api/v1/mesh-segmentation/supported-formats
/api/v1/mesh-retopology/supported-formats /api/v1/mesh-retopology/available-models
/api/v1/mesh-uv-unwrapping/supported-formats /api/v1/mesh-uv-unwrapping/pack-methods
/api/v1/mesh-uv-unwrapping/available-models /api/v1/auto-rigging/supported-formats
"""


async def test_everything_that_clients_ask_at_their_start_is_answered(house: House) -> None:
    for path in GETS.split():
        status, body = await house.call("GET", path)
        assert (status, isinstance(body, dict)) == (200, True), path


async def test_answers_are_compact(house: House) -> None:
    for path in GETS.split():
        async with house.session.get(path) as response:
            text = await response.text()
        assert '": ' not in text, path


@pytest.mark.parametrize("path", ["/api/v1/system/features/", "/api/v1/file-upload/list/?limit=5", "/api/v1/nowhere//"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_trailing_slash_is_answered_with_307(house: House, path: str, method: str) -> None:
    async with Raw(house.port) as raw:
        await raw.send(head(method, path, Content_Length=0))
        status, headers, _ = await raw.answer()
    place, _, query = path.partition("?")
    expected = place.rstrip("/") + (f"?{query}" if query else "")
    assert (status, headers["location"]) == (307, expected)


async def test_a_post_follows_its_redirect_with_its_body(house: House) -> None:
    path = "/api/v1/mesh-generation/text-to-textured-mesh/"
    status, body = await house.call("POST", path, json={"text_prompt": "a chair"})
    assert (status, body["status"]) == (200, "queued")


async def test_a_redirect_never_leaves_this_server(house: House) -> None:
    for path in ("//evil.example/api/v1/x/", "/api/v1//evil.example/", "/api/v1/%2f%2fevil.example/"):
        async with Raw(house.port) as raw:
            await raw.send(head("GET", path))
            status, headers, _ = await raw.answer()
        assert status in (307, 404)
        assert headers.get("location", "/api/v1/").startswith("/api/v1/")


async def test_what_is_not_there_is_404_with_all_the_keys_that_clients_read(house: House) -> None:
    for path in ("/api/v1/nowhere", "/api/v1/system/jobs/x/y/z", "/api/v2/system/health"):
        status, body = await house.call("GET", path)
        assert (status, body["error"], body["message"], bool(body["detail"])) == (
            404, "NOT_FOUND", "Resource not found", True,
        )  # fmt: skip
    status, body = await exchange(house.port, head("PUT", "/api/v1/system/health", Content_Length=0))
    assert (status, bool(body["detail"])) == (405, True)


async def test_a_get_with_a_content_type_and_no_body_is_no_fault(house: House) -> None:
    status, _ = await house.call("GET", "/api/v1/system/features", headers={"Content-Type": "application/json"})
    assert status == 200
