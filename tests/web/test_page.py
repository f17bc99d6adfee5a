from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from aigc import __version__
from web.page import STATIC, routes

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    static = tmp_path / "static"
    (static / "vendor" / "viewer@1.0").mkdir(parents=True)
    (static / "index.html").write_text("<title>the page</title>")
    (static / "main.js").write_text("go()")
    (static / "vendor" / "viewer@1.0" / "viewer.js").write_text("view()")
    (tmp_path / "secret.txt").write_text("secret")
    app = web.Application()
    app.add_routes(routes(static))
    async with TestClient(TestServer(app)) as client:
        yield client


async def get(client: Client, path: str, accept: str = "*/*") -> ClientResponse:
    return await client.get(URL(path, encoded=True), headers={"Accept": accept})


async def test_a_browser_gets_the_page_and_a_program_a_description(client: Client) -> None:
    page = await get(client, "/", "text/html,application/xhtml+xml")
    assert (page.status, page.content_type, "the page" in await page.text()) == (200, "text/html", True)
    told = await (await get(client, "/")).json()
    assert (told["name"], told["version"], told["health_url"]) == ("3D Generative Models API", "1.0.0", "/health")
    assert (told["server"], told["release"]) == ("aigc", __version__)


async def test_the_page_may_load_nothing_from_elsewhere(client: Client) -> None:
    policy = (await get(client, "/", "text/html")).headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http:" not in policy
    assert "https:" not in policy


async def test_our_files_are_asked_for_again_and_vendored_ones_kept(client: Client) -> None:
    ours = await get(client, "/static/main.js")
    assert (await ours.text(), ours.headers["Cache-Control"]) == ("go()", "no-cache")
    again = await client.get("/static/main.js", headers={"If-None-Match": ours.headers["ETag"]})
    assert again.status == 304
    vendored = await get(client, "/static/vendor/viewer@1.0/viewer.js")
    assert "immutable" in vendored.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "/etc/passwd", "nope.js", "vendor", "main.js%00", "."],
)
async def test_nothing_else_can_be_reached(client: Client, path: str) -> None:
    found = await get(client, f"/static/{path}")
    assert found.status == 404
    assert "secret" not in await found.text()


def test_the_page_that_is_shipped_is_there() -> None:
    assert (STATIC / "index.html").is_file()
