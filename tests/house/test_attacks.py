"""Requests and files made to do harm: refused in words, nothing of the inside is told, the server serves on."""

import asyncio
import contextlib
import json
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from aigc.client import Refused
from aigc.runner.noop import triangle_glb
from tests.house.kit import SAMPLES, UP, House, Server, mainly
from tests.web.files_kit import glb, gltf, jpeg, png, png_chunk
from tests.web.raw_kit import BOUNDARY, FORM, Raw, form, head, part
from web.app import WebSettings, make_app
from web.counters import Counters
from web.signing import unsigned

SECRET = "the-secret-outside-of-the-data-folder"
INSIDE, NEIGHBOUR = "127.0.0.1", "127.0.0.2"
"""Addresses of this machine: one that no URL may lead to, one that the tests allow."""


@pytest.fixture(scope="module", params=mainly(UP))
def mode(request: pytest.FixtureRequest) -> str:
    """One gateway judges what comes in, in both modes; here a broker and a worker could be harmed beside it."""
    started: str = request.param
    return started


@pytest.fixture(scope="module")
def server(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the models that come with it, and a secret beside its data folder."""
    folder = tmp_path_factory.mktemp("attacked")
    (folder / "secret.txt").write_text(SECRET)
    with house(folder, bundled=True, settings={"security": {"fetch_allow": [f"{NEIGHBOUR}/32"]}}) as running:
        running.client.wait(running.submit()["id"])
        yield running


@pytest.fixture(autouse=True)
def unharmed(server: Server) -> Iterator[None]:
    """After each test the same processes still do their work, and have logged no failure of their own."""
    family, said = server.family(), server.log.stat().st_size
    yield
    assert server.client.wait(server.submit()["id"])["status"] == "completed"
    assert server.family() == family
    with server.log.open("rb") as file:
        file.seek(said)
        log = file.read().decode(errors="replace")
    assert "request.failed" not in log and "Traceback" not in log, log[-3000:]
    assert sorted(path.name for path in server.folder.iterdir()) == OUTSIDE


OUTSIDE = ["data", "models.yaml", "secret.txt", "server.log", "system.yaml"]


def tells_nothing(server: Server, said: object) -> None:
    """No path of the server's and nothing of a file that is not the client's."""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    assert str(server.folder) not in text
    assert SECRET not in text
    assert "root:x:0" not in text


async def answer(server: Server, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """What one connection that sends just this is told; it is no failure of the server's, and tells nothing."""
    async with Raw(int(server.url.rsplit(":", 1)[1])) as raw:
        await raw.send(request)
        status, headers, body = await raw.answer()
    assert status < 500 or b":accounts_disabled" in body, (status, body, request[:300])
    tells_nothing(server, f"{headers} {body!r}")
    return status, headers, body


# Names and ids.

TRAVERSALS = (
    "..", ".", "%2e%2e", "../../secret.txt", "..%2f..%2fsecret.txt", "%2e%2e%2f%2e%2e%2fsecret.txt",
    "..%252f..%252fsecret.txt", "....//....//secret.txt", "..%5c..%5csecret.txt", "%2fetc%2fpasswd", "/etc/passwd",
    "%5c%5chost%5cshare", "secret.txt%00.png", "%00", "~root", "C:%5cwindows", "%ff%fe", "a%0d%0aX-Evil:%20yes", "*",
    "%c0%ae%c0%ae%c0%af", "x" * 5000, "%F0%9F%92%A3", "con", "-rf", "${jndi}", "%7Bid%7D",
)  # fmt: skip


def places() -> list[tuple[str, str, list[str]]]:
    """Method, path with `{name}` where something goes in, and these names: of every route that there is."""
    app = make_app(SimpleNamespace(assets=None, counters=Counters(), sign=unsigned), WebSettings())  # type: ignore[arg-type]
    found = []
    for route in app.router.routes():
        resource = route.resource
        if resource is None or "{" not in resource.canonical or route.method == "HEAD":
            continue
        method = "GET" if route.method == "*" else route.method
        names = [piece.partition("}")[0] for piece in resource.canonical.split("{")[1:]]
        found.append((method, resource.canonical, names))
    return found


@pytest.mark.parametrize(("method", "path", "names"), places())
async def test_no_name_in_a_path_leads_out_of_the_house(
    server: Server, method: str, path: str, names: list[str]
) -> None:
    job = server.client.jobs(limit=1)["jobs"][0]["id"]
    for name in names:
        for evil in TRAVERSALS:
            target = path.replace(f"{{{name}}}", evil)
            for other in names:
                target = target.replace(f"{{{other}}}", job if other == "id" else "model")
            body = b"{}" if method in ("POST", "PATCH", "PUT") else b""
            request = head(method, target, content_type="application/json", content_length=len(body)) + body
            status, headers, _ = await answer(server, request)
            # What follows a download's path is for people's eyes only.
            assert status >= 300 or name == "alias" or evil in (".", "..", "%2e%2e"), (target, status)
            assert "x-evil" not in headers
            assert not headers.get("location", "/").startswith("//"), "a redirect that leads elsewhere"


@pytest.mark.parametrize("name", ["cursor", "tag", "status", "feature", "limit", "created_after", "wait", "filename"])
async def test_no_value_in_a_query_leads_out_of_the_house(server: Server, name: str) -> None:
    job = server.client.jobs(limit=1)["jobs"][0]["id"]
    paths = ("/api/v1/jobs", f"/api/v1/system/jobs/{job}/download", "/api/v1/system/jobs/history", "/api/v1/uploads")
    for path in paths:
        for evil in (*TRAVERSALS, "nan", "1e999", "-1", "9" * 400, "[]", "' OR 1=1 --", "%E2%80%AE"):
            _, headers, _ = await answer(server, head("GET", f"{path}?{name}={evil}"))
            assert "x-evil" not in headers


@pytest.mark.parametrize("evil", ["../../secret.glb", "/etc/cron.d/x.glb", "..\\..\\x.glb", "a\0b.glb", "x" * 300])
async def test_the_name_of_an_uploaded_file_decides_nothing(server: Server, evil: str) -> None:
    body = form(part("file", triangle_glb(), filename=evil))
    request = head("POST", "/api/v1/uploads", content_type=FORM, content_length=len(body)) + body
    status, _, told = await answer(server, request)
    assert status < 300 or status in (400, 415, 422), told


@pytest.mark.parametrize(
    "header",
    ["Idempotency-Key", "X-Request-Id", "Last-Event-ID", "Range", "If-None-Match", "Prefer", "Origin", "Accept"],
)
async def test_no_value_of_a_header_harms(server: Server, header: str) -> None:
    job = server.client.jobs(limit=1)["jobs"][0]["id"]
    body = json.dumps({"feature": "text_to_raw_mesh", "model": "noop", "inputs": {"text": "x"}}).encode()
    for evil in (
        "../../secret.txt",
        "x" * 5000,
        "\x7f",
        '"',
        "bytes=0-9,5-",
        "bytes=-0",
        "9" * 40,
        "wait=nan",
        "é" * 9,
    ):
        sent = {header: evil, "content_type": "application/json", "content_length": len(body)}
        await answer(server, head("POST", "/api/v1/jobs", **sent) + body)
        for path in (f"/api/v1/jobs/{job}", f"/api/v1/jobs/{job}/outputs/noop.glb", f"/api/v1/jobs/{job}/thumbnail"):
            await answer(server, head("GET", path, **{header: evil}))


# Bodies.

BODIES = {
    "nothing": b"",
    "no JSON": b"hello",
    "half": b'{"feature": "text_to_raw',
    "a list": b"[]",
    "null": b"null",
    "NaN": b'{"feature": "text_to_raw_mesh", "params": {"x": NaN}}',
    "infinity": b'{"feature": "text_to_raw_mesh", "params": {"x": -Infinity}}',
    "beyond numbers": b'{"feature": "text_to_raw_mesh", "params": {"x": 1e999}}',
    "beyond 64 bits": b'{"feature": "text_to_raw_mesh", "params": {"x": ' + b"9" * 5000 + b"}}",
    "deep arrays": b'{"feature": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a key twice": b'{"feature": "text_to_raw_mesh", "feature": "text_to_raw_mesh"}',
    "half a character": b'{"feature": "\\ud800"}',
    "no UTF-8": b'{"feature": "\xff\xfe"}',
    "UTF-16": '{"feature": "text_to_raw_mesh"}'.encode("utf-16"),
    "a NUL": b'{"feature": "text\\u0000to_raw_mesh"}',
    "too many keys": json.dumps({str(number): 0 for number in range(50_000)}).encode(),
    "wrong types": b'{"feature": {"$ne": 1}, "inputs": 7, "params": "x", "tags": {}}',
    "a path of the server": b'{"feature": "image_to_raw_mesh", "inputs": {"image": {"path": "/etc/passwd"}}}',
    "another's upload": b'{"feature": "image_to_raw_mesh", "inputs": {"image": {"upload": "../../secret.txt"}}}',
    "another's job": b'{"feature": "image_to_raw_mesh", "inputs": {"image": {"job": "../..", "output": "../x"}}}',
}


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/api/v1/mesh-generation/text-to-raw-mesh"])
@pytest.mark.parametrize("what", BODIES)
async def test_a_body_that_makes_no_sense_is_refused_in_words(server: Server, path: str, what: str) -> None:
    body = BODIES[what]
    request = head("POST", path, content_type="application/json", content_length=len(body)) + body
    status, _, told = await answer(server, request)
    assert 400 <= status < 500
    problem = json.loads(told)
    assert problem.get("detail")
    assert len(told) < 64_000, "a refusal is no echo"


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "application/json; charset=utf-16", ""]
)
async def test_a_body_of_another_kind_is_refused(server: Server, kind: str) -> None:
    body = b"feature=text_to_raw_mesh"
    request = head("POST", "/api/v1/jobs", content_type=kind, content_length=len(body)) + body
    assert (await answer(server, request))[0] in (400, 415, 422)


HEADERS = {
    "one of 100 kB": b"X-Large: " + b"x" * 100_000 + b"\r\n",
    "ten thousand": b"".join(b"X-%d: y\r\n" % number for number in range(10_000)),
    "folded": b"X-Folded: a\r\n b\r\n",
    "no colon": b"nothing\r\n",
    "a NUL": b"X-Nul: a\0b\r\n",
    "two lengths": b"Content-Length: 3\r\nContent-Length: 5\r\n",
    "length and chunks": b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    "no length": b"Content-Length: many\r\n",
    "a negative length": b"Content-Length: -1\r\n",
    "an odd coding": b"Transfer-Encoding: chunked, identity, chunked\r\n",
    "a bad chunk": b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\n",
}


@pytest.mark.parametrize("what", HEADERS)
async def test_headers_against_the_rules_are_refused_or_ignored(server: Server, what: str) -> None:
    request = b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\n" + HEADERS[what] + b"\r\n"
    status, _, _ = await answer(server, request)
    assert 400 <= status < 500


HOSTS = [
    "evil.example",
    "evil.example:99999",
    "[::1",
    "a b",
    "x/../../y",
    "user@evil.example",
    "evil.example\t",
    "",
    "%0d",
]


@pytest.mark.parametrize("host", HOSTS)
async def test_a_host_of_the_clients_own_making_harms_nobody(server: Server, host: str) -> None:
    job = server.client.jobs(limit=1)["jobs"][0]["id"]
    for path in ("/", "/health", f"/api/v1/jobs/{job}", f"/api/v1/system/jobs/{job}", f"http://{host}/health"):
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        _, headers, _ = await answer(server, request)
        assert "evil" not in headers.get("location", "")


# Forms.

FORMS = {
    "no boundary": ("multipart/form-data", b"--x\r\n\r\n"),
    "an endless boundary": (f"multipart/form-data; boundary={'x' * 5000}", b"--x\r\n\r\n"),
    "no end": (FORM, part("file", triangle_glb(), filename="x.glb")),
    "no part": (FORM, form()),
    "a part without a name": (FORM, f"--{BOUNDARY}\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode()),
    "ten thousand parts": (FORM, form(*[part(f"n{number}", b"x") for number in range(10_000)])),
    "a part with a large header": (FORM, form(part("file", b"x", headers="X: " + "y" * 100_000 + "\r\n"))),
    "a form in a form": (
        FORM,
        form(part("file", form(part("file", b"x")), headers="Content-Type: multipart/mixed; boundary=y\r\n")),
    ),
    "a coding": (FORM, form(part("file", b"!!!", filename="x.glb", headers="Content-Transfer-Encoding: base64\r\n"))),
    "no form": ("application/json", b"{}"),
}


@pytest.mark.parametrize("what", FORMS)
async def test_a_form_against_the_rules_is_refused_and_leaves_nothing(server: Server, what: str) -> None:
    kind, body = FORMS[what]
    before = server.client.uploads()
    request = head("POST", "/api/v1/uploads", content_type=kind, content_length=len(body)) + body
    status, _, told = await answer(server, request)
    assert 400 <= status < 500, told
    assert server.client.uploads() == before


# Files.


def bomb_png(kind: bytes) -> bytes:
    """A small PNG with a chunk that unpacks to 64 MB."""
    packed = b"name\0\0" + zlib.compress(bytes(64 << 20), 1)
    return png(64, 64, more=png_chunk(kind, packed))


def long_png() -> bytes:
    """A PNG that says it is small, with rows for much more."""
    sound = png(64, 64)
    at = sound.index(b"IDAT") - 4
    return sound[:at] + png_chunk(b"IDAT", zlib.compress(bytes(64 << 20), 1)) + png_chunk(b"IEND", b"")


def accessors(**changes: Any) -> bytes:
    """A triangle whose description says something else."""
    sound = triangle_glb()
    size = struct.unpack_from("<I", sound, 12)[0]
    document = json.loads(sound[20 : 20 + size])
    document["accessors"][0] |= changes
    return glb(json.dumps(document).encode(), binary=sound[20 + size + 8 :])


PICTURES: dict[str, bytes | Callable[[], bytes]] = {
    "garbage behind a signature": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
    "cut short": (SAMPLES / "robot.png").read_bytes()[:5000],
    "damaged": (SAMPLES / "robot.png").read_bytes()[:3000] + b"\xaa" * 5000,
    "a pixel bomb": png(60_000, 60_000),
    "empty pixels": png(0, 0),
    "a text that unpacks to 64 MB": lambda: bomb_png(b"zTXt"),
    "a profile that unpacks to 64 MB": lambda: bomb_png(b"iCCP"),
    "rows that unpack to 64 MB": long_png,
    "a cut JPEG": jpeg(64, 64),
    "a ZIP": b"PK\x03\x04" + bytes(1000),
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "a script": b"#!/bin/sh\necho\n",
    "a polyglot": png(8, 8) + b"PK\x03\x04" + bytes(100),
    "one pixel": png(1, 1),
}
MESHES = {
    "garbage behind a signature": b"glTF\2\0\0\0" + struct.pack("<I", 2060) + b"\x55" * 2048,
    "cut short": triangle_glb()[:-20],
    "no JSON": glb(b"{" * 100),
    "deep JSON": glb(b'{"asset":{"version":"2.0"},"extras":' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
    "more vertices than bytes": accessors(count=1_000_000),
    "vertices beyond all memory": accessors(count=2**31 - 1),
    "a negative count": accessors(count=-3),
    "a sparse billion": accessors(
        count=10**9,
        bufferView=None,
        sparse={
            "count": 1,
            "indices": {"bufferView": 0, "componentType": 5125},
            "values": {"bufferView": 0},
        },
    ),
    "no such view": accessors(bufferView=77),
    "a file of the server": glb(gltf(buffers=[{"byteLength": 36, "uri": "file:///etc/passwd"}])),
    "a file beside it": glb(gltf(buffers=[{"byteLength": 36, "uri": "../../secret.txt"}])),
    "no mesh": glb(),
    "not a number": triangle_glb().replace(struct.pack("<f", 1.0), struct.pack("<f", float("nan"))),
    "a node in itself": glb(gltf(scene=0, scenes=[{"nodes": [0]}], nodes=[{"children": [0]}])),
    "indices into nothing": b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 999999999\n",
    "a header that promises": b"ply\nformat binary_little_endian 1.0\nelement vertex 2000000000\n"
    b"property float x\nproperty float y\nproperty float z\nend_header\n" + bytes(120),
}
SUFFIXES = {"indices into nothing": "obj", "a header that promises": "ply"}


def bundled_models(wanted: str) -> list[Any]:
    """Feature and model of those that come with the server and take nothing but such a file.

    Two in each run and all with `make soak`: they read files by the same code, and tests/bad_input has each of them.
    """
    import yaml

    from aigc.features import FEATURES
    from tests.house.kit import REPOSITORY

    found = yaml.safe_load((REPOSITORY / "config" / "models.yaml").read_text())["models"]
    alone = [name for name in found if set(FEATURES[name].inputs) == {wanted}]
    pairs = [(feature, model) for feature in alone for model in found[feature]]
    return [pytest.param(*pair, marks=[pytest.mark.slow] * (at > 1)) for at, pair in enumerate(pairs)]


def outcome(server: Server, feature: str, model: str, name: str, file: Path) -> str:
    """`refused`, or the status of the job; with the right words in both cases."""
    try:
        job = server.client.submit(feature, model=model, files={name: file})
    except Refused as error:
        assert error.status in (400, 413, 415, 422), error
        tells_nothing(server, error.problem)
        return "refused"
    record = server.client.wait(job["id"])
    tells_nothing(server, record)
    if record["status"] == "failed":
        assert record["error"]["code"] == "input_invalid", record["error"]
        assert record["error"]["message"]
        assert record["attempt"] == 1, "bad input is never tried again"
    return str(record["status"])


HARMLESS = {"a polyglot", "one pixel", "damaged", "empty pixels", "a text that unpacks to 64 MB"}
"""A model may make something of these, if it can."""


@pytest.mark.parametrize(("feature", "model"), bundled_models("image"))
@pytest.mark.parametrize("what", PICTURES)
def test_a_picture_made_to_harm_is_refused_in_words(
    server: Server, tmp_path: Path, feature: str, model: str, what: str
) -> None:
    file = tmp_path / "picture.png"
    picture = PICTURES[what]
    file.write_bytes(picture() if callable(picture) else picture)
    assert outcome(server, feature, model, "image", file) in {"refused", "failed"} | (
        {"completed"} if what in HARMLESS else set()
    )


@pytest.mark.parametrize(("feature", "model"), bundled_models("mesh"))
@pytest.mark.parametrize("what", MESHES)
def test_a_mesh_made_to_harm_is_refused_in_words(
    server: Server, tmp_path: Path, feature: str, model: str, what: str
) -> None:
    file = tmp_path / f"mesh.{SUFFIXES.get(what, 'glb')}"
    file.write_bytes(MESHES[what])
    assert outcome(server, feature, model, "mesh", file) in {"refused", "failed"} | (
        {"completed"} if what in HARMLESS else set()
    )


# URLs.

URLS = (
    "http://127.0.0.1/x.png", "http://localhost/x.png", "http://[::1]/x.png", "http://[::ffff:127.0.0.1]/x.png",
    "http://[::ffff:7f00:1]/x.png", "http://169.254.169.254/latest/meta-data/", "http://0.0.0.0/x.png",
    "http://2130706433/x.png", "http://0x7f.1/x.png", "http://127.1/x.png", "http://10.0.0.1/x.png",
    "http://[64:ff9b::7f00:1]/x.png", "http://127.0.0.1:22/", "file:///etc/passwd", "ftp://127.0.0.1/x.png",
    "gopher://127.0.0.1/", "http://user:pass@127.0.0.1/", "//127.0.0.1/x.png", "http://", "http://\u2460\u2461/",
    "data:image/png;base64,!!!!", "data:,", "javascript:alert(1)",
)  # fmt: skip


def by_url(server: Server, url: str) -> Refused:
    """How the server refuses to make something of what the URL leads to."""
    with pytest.raises(Refused) as refused:
        server.client.submit("image_to_raw_mesh", inputs={"image": {"url": url}})
    return refused.value


@pytest.mark.parametrize("url", URLS)
def test_no_url_leads_into_the_house(server: Server, url: str) -> None:
    refused = by_url(server, url)
    assert 400 <= refused.status < 500, refused
    assert "upload" in str(refused) or refused.code != "address_refused"
    tells_nothing(server, refused.problem)


class Redirecting(BaseHTTPRequestHandler):
    """`/to/URL` leads to that URL, everything else is a picture."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(f"{self.server.server_address[0]}{self.path}")  # type: ignore[str-bytes-safe]
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write((SAMPLES / "robot.png").read_bytes())

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serving(host: str) -> Iterator[None]:
    """A web server on that address's port 80."""
    made = ThreadingHTTPServer((host, 80), Redirecting)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def may_use_port_80() -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((NEIGHBOUR, 80))
        except OSError:
            return False
    return True


@pytest.mark.skipif(not may_use_port_80(), reason="NOT TESTED: redirects into the house. Port 80 is taken or forbidden")
def test_no_redirect_leads_into_the_house(server: Server) -> None:
    Redirecting.asked.clear()
    with serving(INSIDE), serving(NEIGHBOUR):
        for target in (f"http://{INSIDE}/x.png", "http://[::1]/x.png", "file:///etc/passwd", "//127.0.0.1/x.png"):
            refused = by_url(server, f"http://{NEIGHBOUR}/to/{target}")
            assert refused.code == "address_refused"
            tells_nothing(server, refused.problem)
        allowed = server.client.submit("image_to_raw_mesh", inputs={"image": {"url": f"http://{NEIGHBOUR}/x.png"}})
    server.client.cancel(allowed["id"])
    assert [asked for asked in Redirecting.asked if asked.startswith(INSIDE)] == []
    assert f"{NEIGHBOUR}/x.png" in Redirecting.asked


# Connections.


async def test_a_crowd_that_says_nothing_or_speaks_slowly_keeps_nobody_out(server: Server) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    async with contextlib.AsyncExitStack() as opened:
        for _ in range(200):
            raw = await opened.enter_async_context(Raw(port))
            await raw.send(b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Le")
        assert (await asyncio.to_thread(server.client.health))["status"] == "healthy"
