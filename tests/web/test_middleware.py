import asyncio
import re

import pytest
from aiohttp import WSMsgType, web
from structlog.testing import capture_logs

from aigc.core.errors import StoreBroken
from tests.web.house_kit import House
from web.access import Access, AccessSettings
from web.origins import Origins
from web.requests import request_id_of


async def fails(request: web.Request) -> web.Response:
    raise ZeroDivisionError("secret of the house")


async def breaks(request: web.Request) -> web.Response:
    raise StoreBroken("/srv/jobs.db is damaged")


async def tells(request: web.Request) -> web.Response:
    return web.Response(text=request_id_of(request))


async def breaks_off(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_str("hello")
    raise StoreBroken("in the middle")


@pytest.fixture
async def odd(house: House) -> House:
    """A house with routes that fail."""
    more = [
        web.get("/fails", fails),
        web.get("/breaks", breaks),
        web.get("/tells", tells),
        web.get("/breaks-off", breaks_off),
    ]
    house.extend = lambda app: app.add_routes(more)  # type: ignore[assignment, return-value]
    await house.restart_web()
    return house


async def test_a_defect_is_logged_with_its_id_and_nothing_of_it_is_told(odd: House) -> None:
    with capture_logs() as logs:
        async with odd.session.get("/fails") as response:
            text = await response.text()
    assert response.status == 500
    assert "secret" not in text
    (failed,) = [line for line in logs if line["event"] == "request.failed"]
    assert failed["request"] == response.headers["X-Request-Id"]
    assert failed["request"] in text


async def test_a_broken_store_is_the_operators_affair(odd: House) -> None:
    with capture_logs() as logs:
        status, problem = await odd.call("GET", "/breaks")
    assert (status, "jobs.db" in str(problem)) == (500, False)
    assert "jobs.db is damaged" in str(logs)


async def test_a_stream_that_fails_ends_and_no_answer_is_written_into_it(odd: House) -> None:
    with capture_logs() as logs:
        async with odd.session.ws_connect("/breaks-off") as socket:
            assert (await socket.receive()).data == "hello"
            assert (await socket.receive()).type in (WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.CLOSE)
    assert "stream.failed" in [line["event"] for line in logs]


async def test_a_sound_request_id_is_kept_and_any_other_replaced(odd: House) -> None:
    for given, kept in (("abc-1:2", True), ("a b", False), ("x" * 65, False), ("ä", False)):
        async with odd.session.get("/tells", headers={"X-Request-Id": given}) as response:
            inside = await response.text()
        assert inside == response.headers["X-Request-Id"]
        assert (inside == given) is kept


async def test_every_request_has_an_id_of_its_own_and_tells_its_time(odd: House) -> None:
    seen = set()
    for path in ("/tells", "/nowhere", "/fails", "/health"):
        async with odd.session.get(path) as response:
            seen.add(response.headers["X-Request-Id"])
            assert re.fullmatch(r"\d+\.\d{6}", response.headers["X-Process-Time"])
            assert float(response.headers["X-Process-Time"]) < 5
            assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert len(seen) == 4


async def test_a_page_of_any_origin_may_ask(house: House) -> None:
    asked = {
        "Origin": "http://elsewhere.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    for path in ("/api/v1/jobs", "/api/v1/file-upload/image", "/nowhere"):
        async with house.session.options(path, headers=asked) as response:
            assert response.status == 200
            assert response.headers["Access-Control-Allow-Origin"] == "http://elsewhere.example"
            assert response.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
            assert "DELETE" in response.headers["Access-Control-Allow-Methods"]
    async with house.session.get("/health", headers={"Origin": "http://elsewhere.example"}) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "X-Request-Id" in response.headers["Access-Control-Expose-Headers"]
    async with house.session.get("/nowhere", headers={"Origin": "null"}) as response:
        assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (404, "*")


async def test_pages_of_other_origins_can_be_refused_by_the_operator(house: House) -> None:
    known = Origins(named=frozenset({"https://studio.example"}), anywhere=False)
    house.access = Access(AccessSettings(origins=known))
    await house.restart_web()
    foreign, own = {"Origin": "http://elsewhere.example"}, {"Origin": house.base}
    async with house.session.get("/health", headers=foreign) as response:
        assert response.status == 403
        assert "Access-Control-Allow-Origin" not in response.headers
        assert "security.cors_origins" in (await response.json())["suggestion"]
    async with house.session.get("/health", headers={"Origin": "http://["}) as response:
        assert response.status == 403, "what is no origin is no welcome one"
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", **foreign}
    async with house.session.get("/api/v1/events", headers=upgrade) as response:
        assert response.status == 403
    for welcome in ({"Origin": "https://studio.example"}, own, {}):
        async with house.session.get("/health", headers=welcome) as response:
            assert response.status == 200


async def test_an_unknown_address_and_a_wrong_method_are_told_as_problems(house: House) -> None:
    status, problem = await house.call("GET", "/api/v1/nowhere")
    assert (status, problem["error"], problem["message"]) == (404, "NOT_FOUND", "Resource not found")
    async with house.session.put("/api/v1/jobs") as response:
        problem = await response.json(content_type=None)
    assert (response.status, response.headers["Allow"]) == (405, "GET,HEAD,POST")
    assert problem["detail"] == "PUT is not allowed here; allowed is GET, HEAD, POST"


async def test_a_path_with_a_slash_at_its_end_leads_to_the_one_without(house: House) -> None:
    async with house.session.get("/api/v1/jobs/?limit=1", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (307, "/api/v1/jobs?limit=1")


async def test_a_client_that_leaves_in_the_middle_is_no_failure(house: House) -> None:
    with capture_logs() as logs:
        for _ in range(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
            writer.write(b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
            writer.write(b"Content-Length: 1000\r\n\r\n{")
            await writer.drain()
            writer.transport.abort()
            del reader
        assert (await house.call("GET", "/health"))[0] == 200
    assert [line for line in logs if line["event"] == "request.failed"] == []


async def test_of_many_requests_one_is_logged(house: House) -> None:
    house.log_every = 5
    await house.restart_web()
    with capture_logs() as logs:
        for _ in range(10):
            await house.call("GET", "/health")
    assert len([line for line in logs if line["event"] == "request.served"]) == 2
