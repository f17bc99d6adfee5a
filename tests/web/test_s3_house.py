"""Uploads and downloads over HTTP when the files are in a bucket: clients notice nothing of it."""

import base64
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from actors.stores.s3 import S3AssetStore
from actors.stores.s3_settings import S3Settings
from aigc.core.ids import AssetKey
from tests.s3_kit import CREDENTIALS, Proxy, S3Server, Way, s3_server
from tests.web.files_kit import glb, png
from tests.web.house_kit import House, eventually
from tests.web.raw_kit import FORM, Raw, form, head, part
from tests.web.results_kit import MESH, PICTURE, completed
from tests.web.test_downloads import OLD, get, with_picture
from tests.web.test_uploads import IMAGE, upload

MIB = 1 << 20


@pytest.fixture
def server(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return s3_server(pytestconfig)


@pytest.fixture
async def proxy(server: S3Server) -> AsyncIterator[Proxy]:
    async with Proxy(server.port).running() as proxy:
        yield proxy


@pytest.fixture
def settings(server: S3Server, proxy: Proxy) -> S3Settings:
    return server.settings(port=proxy.port, retries=1, part_bytes=5 * MIB)


@pytest.fixture
async def house(settings: S3Settings, tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    house.assets = S3AssetStore(tmp_path / "assets", settings)  # type: ignore[assignment]
    async with house.running():
        yield house


async def test_what_was_sent_is_in_the_bucket_and_can_be_used_and_fetched(house: House, server: S3Server) -> None:
    job = await with_picture(house)

    status, headers, body = await get(house, f"/api/v1/jobs/{job}/inputs/image")
    assert (status, body, headers["content-type"]) == (200, PICTURE, "image/png")
    assert headers["content-disposition"] == 'attachment; filename="my cat.png"'
    (asset,) = await house.assets.list("uploads")
    assert asset.filename == "my cat.png"
    _, shown = await house.call("GET", "/api/v1/uploads")
    assert [one["file_id"] for one in shown["files"]] == [asset.key.split("/")[1]]


async def test_a_result_is_sent_whole_in_part_and_not_twice(house: House) -> None:
    data = glb(binary=os.urandom(3 * MIB))
    job = await house.submit()
    await completed(house, job, (("mesh.glb", "model", data), ("thumbnail.png", "thumbnail", PICTURE)))
    url = f"/api/v1/jobs/{job}/outputs/mesh.glb"

    status, headers, body = await get(house, url)
    assert (status, body, headers["content-type"]) == (200, data, "model/gltf-binary")
    status, part_headers, body = await get(house, url, Range="bytes=1000-2000000", **{"If-Range": headers["etag"]})
    assert (status, body) == (206, data[1000:2000001])
    assert part_headers["content-range"] == f"bytes 1000-2000000/{len(data)}"
    assert (await get(house, url, **{"If-None-Match": headers["etag"]}))[::2] == (304, b"")
    async with house.session.head(url) as response:
        assert (response.status, response.headers["Content-Length"]) == (200, str(len(data)))
    assert (await get(house, f"{OLD}/{job}/download"))[2] == data
    _, told = await house.call("GET", f"{OLD}/{job}/thumbnail?format=base64")
    assert told["base64_data"].endswith(base64.b64encode(PICTURE).decode())


async def test_while_the_bucket_is_away_files_are_503_and_jobs_go_on(house: House, proxy: Proxy) -> None:
    job = await house.submit()
    await completed(house, job)
    proxy.turn(Way.REFUSED)

    async with house.session.get(f"/api/v1/jobs/{job}/outputs/mesh.glb") as response:
        told = await response.json()
        assert (response.status, told["code"]) == (503, "assets_unavailable")
        assert int(response.headers["Retry-After"]) > 0
        assert "127.0.0.1" not in str(told)
    status, told = await upload(house, IMAGE, png(3, 3), "cat.png")
    assert status == 503
    assert (await house.call("GET", f"/api/v1/jobs/{job}"))[1]["status"] == "completed"
    another = await house.submit()

    proxy.turn(Way.OPEN)
    assert (await get(house, f"/api/v1/jobs/{job}/outputs/mesh.glb"))[2] == MESH
    assert (await upload(house, IMAGE, png(3, 3), "cat.png"))[0] == 200
    assert (await house.call("GET", f"/api/v1/jobs/{another}"))[0] == 200


async def test_of_an_upload_that_breaks_off_nothing_is_in_the_bucket(
    house: House, server: S3Server, settings: S3Settings
) -> None:
    body = form(part("file", png(filler=16 * MIB), "a.png"))
    async with Raw(house.port) as raw:
        request = head("POST", IMAGE, Content_Type=FORM, Content_Length=len(body))
        await raw.send(request, body[: 12 * MIB])
        await eventually(lambda: server.unfinished(settings) == 1)
    await eventually(lambda: server.unfinished(settings) == 0)

    assert await house.assets.list("uploads") == []
    assert (await upload(house, IMAGE, png(), "a.png"))[0] == 200


async def test_what_is_missing_in_the_bucket_is_404_on_that_route_only(house: House) -> None:
    job = await house.submit()
    await completed(house, job)
    await house.assets.delete(AssetKey(f"jobs/{job}/1/mesh.glb"))

    assert (await get(house, f"/api/v1/jobs/{job}/outputs/mesh.glb"))[0] == 404
    assert (await get(house, f"/api/v1/jobs/{job}/thumbnail"))[2] == PICTURE
