import asyncio
import base64
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from actors.stores.directory import DirectoryAssetStore
from aigc.core.errors import InputInvalid, Unavailable
from aigc.core.ids import OwnerId
from aigc.core.ports import Asset
from aigc.features.base import IMAGE_KINDS, MESH_KINDS
from tests.web.files_kit import OBJ, SVG, files_below, jpeg, png, stl, tga
from web.fetch import Fetcher, FetchSettings
from web.intake import Intake, IntakeLimits

ANN = OwnerId("ann")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Net:
    """A local web server with routes, an AssetStore, and fetchers that may or may not reach the server."""

    def __init__(self, assets: DirectoryAssetStore) -> None:
        self.assets = assets
        self.asked: list[str] = []
        self.answers: dict[str, Callable[[web.Request], Any]] = {}
        self.port = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        answer = self.answers[request.path](request)
        return await answer if asyncio.iscoroutine(answer) else answer  # type: ignore[no-any-return]

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def fetcher(self, *allowed: str, limits: IntakeLimits | None = None, **more: Any) -> Fetcher:
        ports = (self.port, 80, 443)
        settings = FetchSettings(allowed_networks=allowed, allowed_ports=ports, **more)
        return Fetcher(Intake(self.assets, limits or IntakeLimits()), settings)

    async def fetch(self, url: str, kinds: tuple[str, ...] = IMAGE_KINDS, **more: Any) -> Asset:
        return await self.fetcher("127.0.0.0/8", **more)(url, kinds=kinds, owner=ANN, where="/inputs/image")

    def kept(self) -> list[str]:
        return files_below(self.assets.folder)


@pytest.fixture
async def net(tmp_path: Path) -> AsyncIterator[Net]:
    assets = DirectoryAssetStore(tmp_path)
    await assets.open()
    net = Net(assets)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", net.handle)
    async with TestServer(app, host="0.0.0.0") as server:
        net.port = server.port or 0
        yield net
    await assets.close()


def sends(data: bytes, **headers: str) -> Callable[[web.Request], web.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: web.Response(body=data, headers=named)


def leads_to(target: str, status: int = 302) -> Callable[[web.Request], web.Response]:
    return lambda _: web.Response(status=status, headers={"Location": target})


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """One for 127.0.0.1 that nobody vouches for, and its key."""
    crt, key = str(tmp_path / "crt.pem"), str(tmp_path / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", crt],
        check=True, capture_output=True,
    )  # fmt: skip
    return crt, key


async def test_over_https_nothing_is_fetched_but_from_whom_somebody_vouches_for(
    net: Net, certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", net.handle)
    net.answers["/cat.png"] = sends(png(30, 20))
    shows = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    shows.load_cert_chain(*certificate)
    server = TestServer(app, host="127.0.0.1", scheme="https")
    await server.start_server(ssl=shows)
    try:
        net.port = server.port or 0
        url = f"https://127.0.0.1:{net.port}/cat.png"
        with pytest.raises(Unavailable, match="Certificate"):
            await net.fetch(url)
        monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
        assert (await net.fetch(url)).content_type == "image/png"
    finally:
        await server.close()


async def test_what_a_url_holds_becomes_an_upload_of_its_asker(net: Net) -> None:
    net.answers["/pictures/my cat.png"] = sends(png(30, 20), Content_Type="text/html")
    asset = await net.fetch(net.url("/pictures/my%20cat.png?size=1#top"))
    assert (asset.content_type, asset.filename, asset.owner) == ("image/png", "my cat.png", ANN)
    assert asset.key.startswith("uploads/") and asset.key.endswith("/image.png")
    assert (await net.assets.local(asset.key)).read_bytes() == png(30, 20)
    assert net.asked == ["/pictures/my%20cat.png?size=1"]


async def test_a_long_file_without_a_declared_length_arrives_whole(net: Net) -> None:
    data = png(filler=2_000_000)

    async def slowly(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(data), 100_000):
            await response.write(data[start : start + 100_000])
        return response

    net.answers["/x"] = slowly
    assert (await net.fetch(net.url("/x"))).bytes == len(data)


LOCAL_URLS = (
    "http://127.0.0.1:{port}/x",
    "http://localhost:{port}/x",
    "http://LOCALHOST.:{port}/x",
    "http://127.1:{port}/x",
    "http://0x7f.1:{port}/x",
    "http://2130706433:{port}/x",
    "http://0177.0.0.1:{port}/x",
    "http://0.0.0.0:{port}/x",
    "http://0:{port}/x",
    "http://[::1]:{port}/x",
    "http://[::ffff:127.0.0.1]:{port}/x",
    "http://[::ffff:7f00:1]:{port}/x",
    "http://[64:ff9b::7f00:1]:{port}/x",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://100.100.100.200/latest/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://[fe80::1]/",
    "http://224.0.0.1/",
)


async def test_no_way_of_writing_an_address_leads_inside(net: Net) -> None:
    net.answers["/x"] = sends(png())
    fetch = net.fetcher()
    for url in LOCAL_URLS:
        with pytest.raises((InputInvalid, Unavailable)) as caught:
            await fetch(url.format(port=net.port), kinds=IMAGE_KINDS, owner=ANN, where="/inputs/image")
        # A resolver may not know the odder names at all; nobody is ever asked.
        assert caught.value.code in ("address_refused", "fetch_failed"), url
        assert "127.0.0.1" not in caught.value.message
    assert net.asked == []
    assert net.kept() == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/x",
        "http://[::ffff:127.0.0.1]:{port}/x",
        "http://localhost:{port}/x",
        "http://10.0.0.1/",
        "http://169.254.169.254/",
    ],
)
async def test_the_reason_and_the_field_are_told(net: Net, url: str) -> None:
    with pytest.raises(InputInvalid, match="an address that is not public") as caught:
        await net.fetcher()(url.format(port=net.port), kinds=IMAGE_KINDS, owner=ANN, where="/inputs/image")
    assert (caught.value.code, caught.value.where) == ("address_refused", "/inputs/image")
    assert "upload" in caught.value.suggestion


async def test_a_name_is_judged_by_the_address_that_is_connected_to(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    net.answers["/x"] = sends(png())
    answers: list[list[str]] = []

    def resolver(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        assert host == "rebinding.example"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    fetch = net.fetcher("127.0.0.2/32")
    url = net.url("/x", "rebinding.example")
    # The first answer may be harmless and the second not: each connection asks once and uses what was judged.
    answers += [["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1", "127.0.0.2", "10.0.0.1"], ["127.0.0.1", "10.0.0.1"]]
    await fetch(url, kinds=IMAGE_KINDS, owner=ANN, where="")
    with pytest.raises(InputInvalid, match="not public"):
        await fetch(url, kinds=IMAGE_KINDS, owner=ANN, where="")
    await fetch(url, kinds=IMAGE_KINDS, owner=ANN, where="")
    with pytest.raises(InputInvalid, match="not public"):
        await fetch(url, kinds=IMAGE_KINDS, owner=ANN, where="")
    assert len(net.asked) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_where_they_may(net: Net, status: int) -> None:
    net.answers |= {"/a": leads_to("/b/c.png", status), "/b/c.png": sends(png())}
    assert (await net.fetch(net.url("/a"))).filename == "c.png"


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:{port}/x",
        "http://[::ffff:10.0.0.1]/x",
        "//10.0.0.1/x",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "gopher://127.0.0.1/x",
        "http://user:secret@127.0.0.1:{port}/x",
        "http://127.0.0.1:22/x",
        "http://[::1",
        "",
    ],
)
async def test_every_hop_is_judged_like_the_first(net: Net, target: str) -> None:
    net.answers |= {"/a": leads_to("/b"), "/b": leads_to(target.format(port=net.port))}
    with pytest.raises(InputInvalid) as caught:
        await net.fetch(net.url("/a"))
    assert caught.value.code == "address_refused"
    assert set(net.asked) <= {"/a", "/b"}


async def test_a_ring_of_redirects_ends(net: Net) -> None:
    net.answers["/a"] = leads_to("/a")
    with pytest.raises(InputInvalid, match="redirects more than 3 times"):
        await net.fetch(net.url("/a"))
    assert len(net.asked) == 4


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.org/x", "its scheme is 'ftp'"),
        ("file:///etc/passwd", "cannot be read from outside"),
        ("/etc/passwd", "its scheme is ''"),
        ("javascript:alert(1)", "its scheme is 'javascript'"),
        ("http://user@example.org/x", "user name or password"),
        ("http://:pw@example.org/x", "user name or password"),
        ("http://example.org:22/x", "its port is 22"),
        ("http://example.org:6379/x", "its port is 6379"),
        ("http:///x", "not followed"),
        ("http://exa mple.org:x/", "malformed"),
        ("http://example.org/" + "x" * 3000, "longer than 2048"),
    ],
)
async def test_a_url_of_another_form_is_not_followed(net: Net, url: str, words: str) -> None:
    with pytest.raises(InputInvalid, match=words):
        await net.fetch(url)


async def test_no_proxy_of_the_environment_is_used(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, net.url(""))
    with pytest.raises(InputInvalid, match="not public"):
        await net.fetcher("127.0.0.0/8")("http://10.0.0.1/x", kinds=IMAGE_KINDS, owner=ANN, where="")
    assert net.asked == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda _: web.Response(status=404), "answered 404"),
        (lambda _: web.Response(status=204), "answered 204"),
        (sends(b"\x1f\x8b", Content_Encoding="gzip"), "compressed"),
        (sends(SVG, Content_Type="image/png"), "HTML, SVG"),
        (sends(OBJ), r"a mesh \(OBJ\)"),
        (sends(b""), "empty"),
        (sends(png(9000, 9000)), "9000 x 9000"),
    ],
)
async def test_what_is_no_welcome_picture_is_refused(net: Net, answer: Any, words: str) -> None:
    net.answers["/x.png"] = answer
    with pytest.raises(InputInvalid, match=words):
        await net.fetch(net.url("/x.png"))
    assert net.kept() == []


async def test_the_other_sides_fault_can_be_tried_again(net: Net) -> None:
    net.answers["/x"] = lambda _: web.Response(status=503)
    with pytest.raises(Unavailable, match="answered 503"):
        await net.fetch(net.url("/x"))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    fetcher = Fetcher(
        Intake(net.assets, IntakeLimits()), FetchSettings(allowed_networks=("127.0.0.1/32",), allowed_ports=(port,))
    )
    with pytest.raises(Unavailable, match="did not send the file"):
        await fetcher(f"http://127.0.0.1:{port}/", kinds=IMAGE_KINDS, owner=ANN, where="")


async def test_an_endless_answer_ends_at_the_limit(net: Net) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(png(filler=3_000_000)[:100_000])
        while True:
            await response.write(b"\x55" * 100_000)

    net.answers["/x"] = endless
    with pytest.raises(InputInvalid, match="at most 1 MB"):
        await net.fetch(net.url("/x"), limits=IntakeLimits(image_bytes=1 << 20))
    assert net.kept() == []


async def test_a_declared_length_beyond_the_limit_is_refused_at_once(net: Net) -> None:
    net.answers["/x"] = sends(png(filler=2_000_000))
    with pytest.raises(InputInvalid, match="at most 1 MB"):
        await net.fetch(net.url("/x"), limits=IntakeLimits(image_bytes=1 << 20))


async def test_an_answer_that_never_ends_or_never_comes_is_given_up(net: Net) -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(png(filler=100_000)[:90_000])
        await asyncio.Event().wait()
        return response

    net.answers["/x"] = silent
    with pytest.raises(Unavailable, match=r"within 0\.2 s"):
        await net.fetch(net.url("/x"), total_s=0.2)
    assert net.kept() == []


async def test_an_answer_that_is_cut_off_leaves_nothing(net: Net) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "3000000"})
        await response.prepare(request)
        await response.write(png(filler=3_000_000)[:1_500_000])
        assert request.transport is not None
        request.transport.abort()
        return response

    net.answers["/x"] = cut
    with pytest.raises(Unavailable):
        await net.fetch(net.url("/x"))
    assert net.kept() == []


async def test_only_so_many_are_fetched_at_once(net: Net) -> None:
    under_way = most = 0
    free = asyncio.Event()

    async def counted(request: web.Request) -> web.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == 2:
            free.set()
        await free.wait()
        under_way -= 1
        return web.Response(body=png())

    net.answers["/x"] = counted
    fetch = net.fetcher("127.0.0.0/8", at_once=2)
    await asyncio.gather(*(fetch(net.url("/x"), kinds=IMAGE_KINDS, owner=ANN, where="") for _ in range(7)))
    assert most == 2


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


@pytest.mark.parametrize(
    ("url", "data"),
    [
        (data_url(png()), png()),
        (data_url(jpeg(), "text/html"), jpeg()),
        (data_url(png(), ""), png()),
        (data_url(png()).replace("data:", "DATA:").replace(";base64", "; BASE64"), png()),
        (data_url(tga(), "image/x-tga"), tga()),
        ("data:," + "".join(f"%{byte:02x}" for byte in png()), png()),
        (data_url(png(filler=300))[:100] + "\r\n " + data_url(png(filler=300))[100:], png(filler=300)),
    ],
)
async def test_a_data_url_holds_its_file_itself(
    net: Net, url: str, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.fetch.PIECE_BYTES", 61)
    asset = await net.fetcher()(url, kinds=IMAGE_KINDS, owner=ANN, where="")
    assert (await net.assets.local(asset.key)).read_bytes() == data


async def test_a_mesh_in_a_data_url_is_known_by_its_content(net: Net) -> None:
    for data, suffix in ((OBJ, "obj"), (stl(3), "stl")):
        asset = await net.fetcher()(data_url(data, ""), kinds=MESH_KINDS, owner=ANN, where="")
        assert asset.key.endswith(f"mesh.{suffix}")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("data:image/png;base64", "no comma"),
        ("data:" + ";" * 5000 + ",AAAA", "no comma"),
        ("data:image/png;base64," + "QUJD" * 14 + "QUI=" + "QUJD", "damaged: it goes on"),
        ("data:image/png;base64,!!!!", "damaged"),
        ("data:image/png;base64,QUJ", "damaged"),
        ("data:image/png;base64,QUJD=QUJD", "damaged"),
        ("data:image/png;base64,猫", "damaged"),
        ("data:,hello", "no known format"),
        (data_url(SVG, "image/svg+xml"), "HTML, SVG"),
    ],
)
async def test_a_data_url_that_holds_nothing_sound_is_refused(
    net: Net, url: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.fetch.PIECE_BYTES", 60)
    with pytest.raises(InputInvalid, match=words) as caught:
        await net.fetch(url)
    assert caught.value.where == "/inputs/image"


async def test_a_data_url_beyond_the_limit_is_not_even_decoded(net: Net) -> None:
    with pytest.raises(InputInvalid, match="at most 1 MB") as caught:
        await net.fetch("data:image/png;base64," + "!" * 2_000_000, limits=IntakeLimits(image_bytes=1 << 20))
    assert caught.value.code == "too_large"
