import asyncio
import hashlib
import json
import os
import random
import re
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDictProxy

from actors.stores.directory import DirectoryAssetStore
from actors.stores.s3 import S3AssetStore
from aigc.core.errors import NotFound
from aigc.core.ids import AssetKey
from aigc.core.ports import AssetStore
from tests.s3_kit import CREDENTIALS, s3_server
from tests.web.raw_kit import Raw, head
from web.counters import COUNTERS, Counters
from web.delivery import PIECE_BYTES, Content, Unsatisfiable, deliver, disposition, requested_range, whole

DATA = random.Random(24).randbytes(2 * PIECE_BYTES + 12345)
SHA = hashlib.sha256(DATA).hexdigest()
MODIFIED = 1_700_000_000
WHEN = formatdate(MODIFIED, usegmt=True)
EARLIER = formatdate(MODIFIED - 10, usegmt=True)


def content(**other: object) -> Content:
    known = {
        "key": AssetKey("jobs/a/1/mesh.glb"),
        "filename": "mesh.glb",
        "content_type": "model/gltf-binary",
        "bytes": len(DATA),
        "sha256": SHA,
        "modified": MODIFIED + 0.7,
    }
    return Content(**{**known, **other})  # type: ignore[arg-type]


class Bench:
    """A server that delivers one stored file, and a client."""

    def __init__(self, assets: AssetStore, session: aiohttp.ClientSession, port: int) -> None:
        self.assets = assets
        self.session = session
        self.port = port
        self.content = content()
        self.done = asyncio.Event()

    async def get(self, method: str = "GET", **headers: str) -> tuple[int, "CIMultiDictProxy[str]", bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, "/file", headers=named) as response:
            return response.status, response.headers, await response.read()


def bucket(request: pytest.FixtureRequest, folder: Path) -> AssetStore:
    for name, value in CREDENTIALS.items():
        request.getfixturevalue("monkeypatch").setenv(name, value)
    return S3AssetStore(folder, s3_server(request.config).settings())


STORES: dict[str, Callable[[pytest.FixtureRequest, Path], AssetStore]] = {
    "directory": lambda request, folder: DirectoryAssetStore(folder),
    "s3": bucket,
}


@pytest.fixture(params=STORES)
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    assets = STORES[request.param](request, tmp_path)
    await assets.open()

    async def data() -> AsyncIterator[bytes]:
        yield DATA

    await assets.put(content().key, data(), content_type="model/gltf-binary", limit=len(DATA))

    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            return await deliver(request, assets, bench.content, {"X-Job-ID": "a"})
        except NotFound as error:
            return web.Response(status=404, text=str(error))
        finally:
            bench.done.set()

    app = web.Application()
    app[COUNTERS] = Counters()
    app.router.add_get("/file", handler)
    async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("/")) as session:
        bench = Bench(assets, session, server.port or 0)
        yield bench
    await assets.close()


async def test_a_whole_file_comes_with_all_that_a_client_needs_to_keep_it(bench: Bench) -> None:
    status, headers, body = await bench.get()
    assert (status, body) == (200, DATA)
    expected = {
        "Content-Type": "model/gltf-binary",
        "Content-Length": str(len(DATA)),
        "Content-Disposition": 'attachment; filename="mesh.glb"',
        "ETag": f'"{SHA}"',
        "Last-Modified": WHEN,
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Job-ID": "a",
    }
    assert {name: headers[name] for name in expected} == expected


async def test_head_tells_the_same_and_sends_nothing(bench: Bench) -> None:
    _, full, _ = await bench.get()
    status, headers, body = await bench.get("HEAD")
    assert (status, body) == (200, b"")
    assert {**dict(headers), "Date": ""} == {**dict(full), "Date": ""}
    assert (await bench.get())[2] == DATA


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=100-", 100, len(DATA)),
        ("bytes=-7", len(DATA) - 7, len(DATA)),
        (f"bytes=-{len(DATA) * 2}", 0, len(DATA)),
        (f"bytes=10-{10 * len(DATA)}", 10, len(DATA)),
        (f"bytes={PIECE_BYTES - 1}-{PIECE_BYTES + 1}", PIECE_BYTES - 1, PIECE_BYTES + 2),
    ],
)
async def test_a_range_is_sent_as_asked(bench: Bench, asked: str, start: int, end: int) -> None:
    status, headers, body = await bench.get(Range=asked)
    assert (status, body) == (206, DATA[start:end])
    assert headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
    status, headers, _ = await bench.get("HEAD", Range=asked)
    assert (status, headers["Content-Length"]) == (206, str(end - start))


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=9-5", "bytes=x", "bytes=-", "pages=1-2", "bytes=" + "9" * 99 + "-"]
)
async def test_a_range_that_is_not_understood_is_ignored(bench: Bench, asked: str) -> None:
    status, _, body = await bench.get(Range=asked)
    assert (status, body) == (200, DATA)


@pytest.mark.parametrize("asked", [f"bytes={len(DATA)}-", "bytes=-0", f"bytes={10**15}-"])
async def test_a_range_behind_the_end_is_416_and_says_how_long_the_file_is(bench: Bench, asked: str) -> None:
    status, headers, body = await bench.get(Range=asked)
    assert (status, headers["Content-Range"]) == (416, f"bytes */{len(DATA)}")
    assert f"has {len(DATA)} bytes" in json.loads(body)["detail"]


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (f'"{SHA}"', 206),
        (f'W/"{SHA}"', 200),
        ('"another"', 200),
        (WHEN, 206),
        (EARLIER, 200),
        ("nonsense", 200),
    ],
)
async def test_a_part_is_sent_only_of_the_file_that_the_client_has_begun(
    bench: Bench, condition: str, status: int
) -> None:
    answer = await bench.get(Range="bytes=10-19", If_Range=condition)
    assert (answer[0], answer[2]) == (status, DATA[10:20] if status == 206 else DATA)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If_None_Match": f'"{SHA}"'}, 304),
        ({"If_None_Match": f'W/"{SHA}"'}, 304),
        ({"If_None_Match": f'"x", "{SHA}"'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"x"'}, 200),
        ({"If_None_Match": '"x"', "If_Modified_Since": WHEN}, 200),
        ({"If_Modified_Since": WHEN}, 304),
        ({"If_Modified_Since": EARLIER}, 200),
        ({"If_Match": f'"{SHA}"'}, 200),
        ({"If_Match": '"x"'}, 412),
        ({"If_Match": f'W/"{SHA}"'}, 412),
        ({"If_None_Match": f'"{SHA}"', "Range": "bytes=0-1"}, 304),
    ],
)
async def test_conditions_are_kept(bench: Bench, headers: dict[str, str], status: int) -> None:
    answer = await bench.get(**headers)
    assert (answer[0], answer[2]) == (status, DATA if status == 200 else b"")
    assert answer[1]["ETag"] == f'"{SHA}"'


async def test_a_file_that_is_gone_is_404_and_the_next_one_is_sent(bench: Bench) -> None:
    bench.content = content(key=AssetKey("jobs/b/1/mesh.glb"))
    assert (await bench.get())[0] == 404
    bench.content = content()
    assert (await bench.get())[0] == 200


async def test_a_file_that_became_shorter_is_not_sent(bench: Bench) -> None:
    bench.content = content(bytes=len(DATA) + 1)
    status, headers, body = await bench.get()
    assert status == 500 and b"is not sent" in body and "ETag" not in headers
    assert await whole(bench.assets, bench.content) is None
    assert await whole(bench.assets, content()) == DATA


async def test_an_empty_file_is_sent(bench: Bench) -> None:
    async def nothing() -> AsyncIterator[bytes]:
        yield b""

    key = AssetKey("jobs/c/1/empty.obj")
    await bench.assets.put(key, nothing(), content_type="text/plain", limit=1)
    bench.content = content(key=key, bytes=0)
    assert (await bench.get())[0::2] == (200, b"")
    assert (await bench.get(Range="bytes=0-"))[0] == 416
    assert (await bench.get(Range="bytes=-5"))[0] == 416


async def test_a_client_that_leaves_in_the_middle_ends_the_sending_and_closes_the_file(bench: Bench) -> None:
    def open_files() -> int:
        return sum(
            "mesh.glb" in os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if _is_link(fd)
        )

    async with Raw(bench.port) as raw:
        await raw.send(head("GET", "/file"))
        await raw.reader.readuntil(b"\r\n\r\n")
    async with asyncio.timeout(60):
        await bench.done.wait()
    assert open_files() == 0


def _is_link(fd: str) -> bool:
    return os.path.islink(f"/proc/self/fd/{fd}")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("mesh.glb", 'attachment; filename="mesh.glb"'),
        ("my cat (1).glb", 'attachment; filename="my cat (1).glb"'),
        ("猫.glb", "attachment; filename=\"_.glb\"; filename*=UTF-8''%E7%8C%AB.glb"),
        ('a"b.glb', "attachment; filename=\"a_b.glb\"; filename*=UTF-8''a%22b.glb"),
        ("a;b.glb", "attachment; filename=\"a_b.glb\"; filename*=UTF-8''a%3Bb.glb"),
        (
            "../../x\r\nSet-Cookie: a=b\x00.glb",
            "attachment; filename=\"xSet-Cookie_ a_b.glb\"; filename*=UTF-8''xSet-Cookie%3A%20a%3Db.glb",
        ),
        ("", 'attachment; filename="file"'),
        ("..", 'attachment; filename="file"'),
    ],
)
def test_any_name_makes_a_safe_header(name: str, header: str) -> None:
    assert disposition(name) == header


@given(st.text())
def test_no_name_can_break_out_of_its_header(name: str) -> None:
    header = disposition(name)
    assert re.fullmatch(r"attachment; filename=\"[A-Za-z0-9 ._()+@,-]+\"(; filename\*=UTF-8''[!-~]+)?", header)
    assert "/" not in unquote(header.rpartition("''")[2])


@given(st.integers(0, 50), st.integers(0, 60), st.integers(0, 60))
def test_ranges_mean_what_a_slice_means(size: int, first: int, last: int) -> None:
    data = bytes(range(size))
    for text, expected in (
        (f"bytes={first}-", data[first:]),
        (f"bytes=-{last}", data[-last:] if last else b""),
        (f"bytes={first}-{last}", data[first : last + 1] if first <= last else data),
    ):
        try:
            found = requested_range(text, size)
        except Unsatisfiable:
            assert expected == b""
        else:
            start, count = found or (0, size)
            assert data[start : start + count] == expected
