import asyncio
import hashlib
import io
import os
import struct
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from tests.web.files_kit import GOOD, OBJ, SVG, files_below, glb, gltf, jpeg, png, stl
from tests.web.house_kit import House, eventually
from tests.web.raw_kit import FORM, Raw, exchange, form, head, part, pour

IMAGE, MESH, ANY = "/api/v1/file-upload/image", "/api/v1/file-upload/mesh", "/api/v1/uploads"
MB = 1 << 20


def form_of(data: bytes, name: str, field: str = "file") -> aiohttp.FormData:
    """As existing clients send it: any content type."""
    fields = aiohttp.FormData(quote_fields=False)
    fields.add_field(field, io.BytesIO(data), filename=name, content_type="application/octet-stream")
    return fields


async def upload(house: House, path: str, data: bytes, name: str) -> tuple[int, Any]:
    return await house.call("POST", path, data=form_of(data, name))


def kept(house: House) -> list[str]:
    return files_below(house.assets.folder)


async def test_an_upload_is_answered_with_200_and_the_keys_of_the_replaced_api(house: House) -> None:
    data = png(40, 30, filler=2 * MB)
    status, body = await upload(house, IMAGE, data, "cat.png")
    assert status == 200
    assert set(body) >= {"file_id", "filename", "file_type", "file_size_mb", "upload_time", "expires_at"}
    assert (body["filename"], body["file_type"], body["file_size_mb"]) == ("cat.png", "image", 2.0)
    assert (body["sha256"], body["bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))
    assert body["upload_time"].endswith("Z") and body["expires_at"].endswith("Z")
    lives = datetime.fromisoformat(body["expires_at"]) - datetime.fromisoformat(body["upload_time"])
    assert 86_390 < lives.total_seconds() < 86_410
    stored = (await house.assets.list(f"uploads/{body['file_id']}"))[0]
    assert (await house.assets.local(stored.key)).read_bytes() == data


async def test_every_kind_of_file_goes_through_every_way_in(house: House) -> None:
    for name, data in GOOD.items():
        path = IMAGE if name[0] < "g" else MESH
        status, body = await upload(house, path, data, name)
        assert (status, body["file_type"]) == (200, "image" if path == IMAGE else "mesh"), name
        status, posted = await upload(house, ANY, data, name)
        assert status == 201
        status, put = await house.call("PUT", f"{ANY}?filename={name}", data=data)
        assert status == 201
        assert body["sha256"] == posted["sha256"] == put["sha256"] == hashlib.sha256(data).hexdigest()
        assert body["content_type"] == posted["content_type"] == put["content_type"]


async def test_the_plain_ways_say_where_the_upload_is(house: House) -> None:
    async with house.session.put(f"{ANY}?filename=a.obj", data=OBJ) as response:
        location = response.headers["Location"]
        body = await response.json()
    assert location == f"{ANY}/{body['file_id']}"
    assert await house.call("GET", location) == (200, {**body, "is_available": True})


async def test_metadata_list_and_delete(house: House) -> None:
    ids = []
    for path, data, name in ((IMAGE, png(), "a.png"), (MESH, OBJ, "b.obj"), (MESH, glb(), "c.glb")):
        ids.append((await upload(house, path, data, name))[1]["file_id"])
    _, listed = await house.call("GET", "/api/v1/file-upload/list?file_type=mesh&limit=1")
    assert (listed["count"], listed["total_files"], listed["files"][0]["file_id"]) == (1, 2, ids[2])
    _, listed = await house.call("GET", "/api/v1/file-upload/list")
    assert [one["file_id"] for one in listed["files"]] == ids[::-1]
    _, found = await house.call("GET", f"/api/v1/file-upload/metadata/{ids[0]}")
    assert (found["filename"], found["is_available"]) == ("a.png", True)
    status, gone = await house.call("DELETE", f"/api/v1/file-upload/{ids[0]}")
    assert (status, gone["file_id"], gone["filename"]) == (200, ids[0], "a.png")
    assert (await house.call("GET", f"/api/v1/file-upload/metadata/{ids[0]}"))[0] == 404
    assert (await house.call("DELETE", f"/api/v1/file-upload/{ids[0]}"))[0] == 404
    assert (await house.call("GET", f"{ANY}/{ids[1]}"))[0] == 200


NO_IDS = ("x", "..", "..%2f..%2fetc%2fpasswd", "%00", "a" * 5000, "00000000-0000-0000-0000-000000000000", "*", "%2e%2e")


async def test_an_id_that_is_none_is_not_found_and_nothing_else_happens(house: House) -> None:
    for identity in NO_IDS:
        for method, path in (("GET", "file-upload/metadata"), ("GET", "uploads"), ("DELETE", "uploads")):
            request = head(method, f"/api/v1/{path}/{identity}", Content_Length=0)
            status, body = await exchange(house.port, request)
            assert status in (404, 405) and body["detail"], identity


async def test_an_expired_upload_is_not_there_even_before_it_is_swept(house: House) -> None:
    identity = (await upload(house, IMAGE, png(), "a.png"))[1]["file_id"]
    key = (await house.assets.list(f"uploads/{identity}"))[0].key
    await house.assets.touch(key, 1.0)
    assert (await house.call("GET", f"{ANY}/{identity}"))[0] == 404
    assert (await house.call("GET", ANY))[1]["files"] == []


async def test_formats_say_what_may_be_sent(house: House) -> None:
    _, body = await house.call("GET", "/api/v1/file-upload/supported-formats")
    assert {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tiff", ".tga"} <= set(body["image"]["formats"])
    assert {".glb", ".obj", ".fbx", ".ply", ".stl", ".gltf"} <= set(body["mesh"]["formats"])
    assert (body["image"]["max_size_mb"], body["mesh"]["max_size_mb"], body["expiry_hours"]) == (50, 200, 24)


DISGUISES = (
    (IMAGE, b"#!/bin/sh\nrm -rf /\n", "a.png", "a script"),
    (IMAGE, SVG, "a.png", "HTML, SVG"),
    (IMAGE, SVG, "a.svg", ".svg is not accepted"),
    (IMAGE, b"PK\x03\x04" + b"\0" * 1000, "bomb.png", "a ZIP archive"),
    (IMAGE, png(50_000, 50_000), "bomb.png", "50000 x 50000"),
    (IMAGE, jpeg(after=b"<script>alert(1)</script>"), "a.jpg", "hides a script"),
    (IMAGE, png() + b"GIF89a", "a.png", "appended"),
    (IMAGE, OBJ, "a.png", "a mesh (OBJ)"),
    (IMAGE, png(), "a.exe", ".exe is not accepted"),
    (IMAGE, png(), "a.png/../../x.php", ".php is not accepted"),
    (IMAGE, b"", "a.png", "empty"),
    (MESH, png(), "a.obj", "a picture (PNG)"),
    (MESH, gltf(buffers=[{"uri": "file:///etc/passwd"}]), "a.gltf", "refers to another file"),
    (MESH, gltf(buffers=[{"uri": "scene.bin"}]), "a.gltf", "refers to another file"),
    (MESH, b"import os\n", "a.obj", "not OBJ"),
    (MESH, stl(3)[:-1], "a.stl", "bytes long"),
    (MESH, glb()[:-1], "a.glb", "cut off"),
    (MESH, b"PK\x03\x04", "a.3mf", ".3mf is not accepted"),
)


async def test_a_disguise_is_refused_with_400_and_leaves_nothing(house: House) -> None:
    for path, data, name, words in DISGUISES:
        status, body = await upload(house, path, data, name)
        assert (status, words in body["detail"]) == (400, True), (name, body)
        assert body["suggestion"]
        assert kept(house) == []


async def test_a_form_without_the_field_is_422_in_the_shape_that_clients_know(house: House) -> None:
    status, body = await house.call("POST", IMAGE, data=form_of(png(), "a.png", field="picture"))
    item = {"type": "missing", "loc": ["body", "file"], "msg": "Field required", "input": None}
    assert (status, body) == (422, {"detail": [item]})


NAMES = (
    "../../../etc/cron.d/x.png",
    "..%2f..%2fx.png",
    "/etc/x.png",
    "C:\\windows\\x.png",
    "\\\\host\\share\\x.png",
    "x\x00.png",
)


async def test_no_name_reaches_the_disk(house: House, tmp_path: Path) -> None:
    for name in NAMES:
        body = form(part("file", png(), name))
        request = head("POST", IMAGE, Content_Type=FORM, Content_Length=len(body))
        status, answer = await exchange(house.port, request, body)
        assert status == 200
        assert answer["filename"] in ("x.png", "%2f..%2fx.png")
    assert len(kept(house)) == 2 * len(NAMES) and not any("x.png" in stored for stored in kept(house))
    assert not list(tmp_path.parent.rglob("*x.png"))


async def test_a_name_cannot_bring_headers_into_an_answer(house: House) -> None:
    body = form(part("file", png(), "a\rSet-Cookie: x=1\r.png"))
    request = head("POST", ANY, Content_Type=FORM, Content_Length=len(body))
    async with Raw(house.port) as raw:
        await raw.send(request, body)
        status, headers, _ = await raw.answer()
    assert status == 201 and "set-cookie" not in headers


@pytest.mark.parametrize("path", [IMAGE, MESH, ANY])
async def test_a_form_that_declares_too_much_is_413_before_it_is_sent(house: House, path: str) -> None:
    status, body = await exchange(house.port, head("POST", path, Content_Type=FORM, Content_Length=1 << 40))
    assert (status, body["code"]) == (413, "too_large")
    assert "at most" in body["detail"]


async def test_a_stream_that_declares_too_much_is_413_before_it_is_sent(house: House) -> None:
    status, body = await exchange(house.port, head("PUT", f"{ANY}?filename=a.obj", Content_Length=1 << 40))
    assert (status, "200 MB" in body["detail"]) == (413, True)
    status, body = await exchange(
        house.port, head("PUT", f"{ANY}?filename=a.png", Content_Length=60 * MB), png(filler=MB)
    )
    assert (status, "50 MB" in body["detail"]) == (413, True)


@pytest.mark.parametrize("way", ["form", "stream"])
async def test_an_endless_upload_is_refused_at_the_limit_with_flat_memory_and_no_file_left(
    house: House, way: str
) -> None:
    block = b"\x55" * MB

    start = png()[:33] + struct.pack(">I4s", 1 << 30, b"teSt")
    if way == "form":
        start = part("file", start, "a.png")[:-2]

    def endless() -> Iterator[bytes]:
        for piece in (start, *(block for _ in range(100))):
            yield b"%x\r\n%b\r\n" % (len(piece), piece)

    path = IMAGE if way == "form" else f"{ANY}?filename=a.png"
    before = psutil.Process().memory_info().rss
    most = 0
    async with Raw(house.port) as raw:
        await raw.send(head("POST" if way == "form" else "PUT", path, Content_Type=FORM, Transfer_Encoding="chunked"))
        answer = asyncio.ensure_future(raw.json())
        async for sent in pour(raw, endless()):  # noqa: B007 - asserted below
            most = max(most, psutil.Process().memory_info().rss)
            if answer.done():
                break
        status, body = await answer
    assert (status, body["code"]) == (413, "too_large")
    assert sent > 40 * MB
    assert most - before < 40 * MB
    assert kept(house) == []


@pytest.mark.parametrize("way", ["form", "stream"])
async def test_a_client_that_leaves_in_the_middle_leaves_nothing(house: House, way: str) -> None:
    data = png(filler=8 * MB)
    body = form(part("file", data, "a.png")) if way == "form" else data
    method, path = ("POST", IMAGE) if way == "form" else ("PUT", f"{ANY}?filename=a.png")
    async with Raw(house.port) as raw:
        await raw.send(head(method, path, Content_Type=FORM, Content_Length=len(body)), body[: 5 * MB])
        await eventually(lambda: kept(house))
    await eventually(lambda: not kept(house))
    assert (await upload(house, IMAGE, png(), "a.png"))[0] == 200


async def test_a_body_shorter_than_its_form_says_is_refused(house: House) -> None:
    body = form(part("file", png(filler=100_000), "a.png"))[:-20]
    status, answer = await exchange(house.port, head("POST", IMAGE, Content_Type=FORM, Content_Length=len(body)), body)
    assert (status, "closing boundary" in answer["detail"]) == (400, True)
    assert kept(house) == []


async def test_a_compressed_body_is_415(house: House) -> None:
    for method, path in (("POST", IMAGE), ("PUT", f"{ANY}?filename=a.png")):
        request = head(method, path, Content_Type=FORM, Content_Encoding="gzip", Content_Length=4)
        status, body = await exchange(house.port, request, b"\x1f\x8b\x08\0")
        assert (status, "compressed" in body["detail"]) == (415, True)


async def test_a_full_disk_is_507_in_words_and_the_server_goes_on_when_there_is_room(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # tests/faults fills a real disk; here the question is what the client hears.
    room = os.statvfs_result((4096, 4096, 1000, 0, 0, 0, 0, 0, 0, 255))
    with monkeypatch.context() as full:
        full.setattr(os, "statvfs", lambda _: room)
        status, body = await upload(house, IMAGE, png(filler=3 * MB), "a.png")
    assert (status, body["code"]) == (507, "disk_full")
    assert "full" in body["detail"] or "free" in body["detail"]
    assert kept(house) == []
    assert (await upload(house, IMAGE, png(filler=3 * MB), "a.png"))[0] == 200


async def test_many_at_once_are_kept_apart(house: House) -> None:
    files = {f"{number}.png": png(number + 1, 7, filler=300_000) for number in range(12)}
    answers = await asyncio.gather(*(upload(house, IMAGE, data, name) for name, data in files.items()))
    assert {body["filename"]: body["sha256"] for _, body in answers} == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
