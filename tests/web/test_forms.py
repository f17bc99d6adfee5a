import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from aigc.core.errors import InputInvalid
from tests.web.raw_kit import BOUNDARY, FORM, Raw, form, head, part
from web.forms import PARTS_MAX, BoundedBody, Form, refuse_compression
from web.problem import FieldsInvalid

Sent = Callable[..., Awaitable[str]]


async def _read(request: web.Request) -> str:
    """`name: content` of the file part, or what was wrong."""
    try:
        refuse_compression(request)
        found = Form(request, BoundedBody(request.content, 100_000, 0.2))
        name = await found.find("file")
        content = b"".join([piece async for piece in found.pieces()])
        return f"{name}: {content.decode()}" if len(content) < 200 else f"{name}: {len(content)} bytes"
    except FieldsInvalid as error:
        return f"{error.errors[0].pointer} {error.code}"
    except InputInvalid as error:
        return f"{error.code}! {error.message}"


@pytest.fixture
async def sent() -> AsyncIterator[Sent]:
    """Sends raw bytes to a server and says what it made of them."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=await _read(request))

    app = web.Application()
    app.router.add_post("/", handler)
    async with TestServer(app) as server:

        async def send(body: bytes, *, length: int | None = None, **headers: str) -> str:
            async with Raw(server.port or 0) as raw:
                declared = {"Content_Type": FORM, "Content_Length": str(len(body) if length is None else length)}
                await raw.send(head("POST", "/", **{**declared, **headers}), body)
                return (await raw.answer())[2].decode()

        yield send


async def test_the_file_is_found_wherever_it_stands(sent: Sent) -> None:
    file = part("file", b"content", "cat.png")
    assert await sent(form(file)) == "cat.png: content"
    assert await sent(form(part("note", b"x" * 50_000), file, part("more", b"y"))) == "cat.png: content"
    assert await sent(b"a preamble\r\n" + form(file)) == "cat.png: content"
    assert await sent(b"\r\n" + form(part("file", b"", "a")) + b"an epilogue") == "a: "
    assert await sent(form(part("file", b"a\r\n--not the boundary\r\nb", "n"))) == "n: a\r\n--not the boundary\r\nb"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('filename="cat.png"', "cat.png"),
        ("filename=cat.png", "cat.png"),
        ('filename="猫.png"', "猫.png"),
        ("filename*=UTF-8''%e7%8c%ab.png", "猫.png"),
        ("filename=\"old.png\"; filename*=UTF-8''new.png", "new.png"),
        ('filename="C:\\\\dir\\\\cat.png"', "C:\\dir\\cat.png"),
        ('filename="a;b=c.png"', "a;b=c.png"),
        ('filename=""', ""),
        ("", ""),
    ],
)
async def test_a_file_name_is_read_in_every_form_that_clients_write(sent: Sent, written: str, name: str) -> None:
    head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="file"; {written}\r\nX: y\r\n\r\n'
    assert await sent(head.encode() + b"x" + f"\r\n--{BOUNDARY}--".encode()) == f"{name}: x"


async def test_a_boundary_that_arrives_in_pieces_is_found() -> None:
    whole = form(part("note", b"--" + BOUNDARY.encode()), part("file", b"\r\n--sEpArAtO\r\n\r", "a"))

    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=await _read(request))

    app = web.Application()
    app.router.add_post("/", handler)
    async with TestServer(app) as server, Raw(server.port or 0) as raw:
        await raw.send(head("POST", "/", Content_Type=FORM, Transfer_Encoding="chunked"))
        for byte in whole:
            await raw.send(b"1\r\n%c\r\n" % byte)
            await asyncio.sleep(0)
        await raw.send(b"0\r\n\r\n")
        assert (await raw.answer())[2].decode() == "a: \r\n--sEpArAtO\r\n\r"


async def test_content_longer_than_any_piece_arrives_whole(sent: Sent) -> None:
    assert await sent(form(part("file", b"z" * 90_000, "big"))) == "big: 90000 bytes"


async def test_parts_after_the_file_are_not_read(sent: Sent) -> None:
    # They may be broken, endless or enormous: the answer comes before them.
    assert await sent(form(part("file", b"content", "a")), length=1 << 40) == "a: content"


async def test_a_form_without_the_file_says_which_field_is_missing(sent: Sent) -> None:
    assert await sent(form(part("picture", b"content", "cat.png"))) == "/file missing"
    assert await sent(form()) == "/file missing"


async def test_two_files_are_one_file_and_something_that_is_not_read(sent: Sent) -> None:
    assert await sent(form(part("file", b"first", "1"), part("file", b"second", "2"))) == "1: first"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream", ""])
async def test_a_body_that_is_no_form_lacks_its_file(sent: Sent, kind: str) -> None:
    assert await sent(b"{}", Content_Type=kind) == "/file missing"


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (form(part("file", b"x", "a")), "multipart/form-data", "names no boundary"),
        (form(part("file", b"x", "a")), "multipart/form-data; boundary=" + "b" * 71, "names no boundary"),
        (form(part("file", b"x", "a")), "multipart/form-data; boundary=other", "closing boundary"),
        (b"", FORM, "closing boundary"),
        (part("file", b"never closed", "a"), FORM, "closing boundary"),
        (f"--{BOUNDARY}\r\nno colon\r\n\r\nx\r\n--{BOUNDARY}--".encode(), FORM, "no Content-Disposition"),
        (f"--{BOUNDARY}\r\n\r\nx\r\n--{BOUNDARY}--".encode(), FORM, "no Content-Disposition"),
        (f"--{BOUNDARY} and more\r\nA: b\r\n\r\nx\r\n--{BOUNDARY}--".encode(), FORM, "text follows a boundary"),
        (form(part("file", b"x", "a", "X: " + "y" * 20_000 + "\r\n")), FORM, "head of a part is longer"),
        (form(part("file", b"x", "a", "".join(f"Header{n}: x\r\n" for n in range(2000)))), FORM, "head of a part"),
        (f"--{BOUNDARY}\r\n".encode() + b"x" * 50_000, FORM, "head of a part is longer"),
    ],
)
async def test_a_malformed_form_is_refused_in_words(sent: Sent, body: bytes, kind: str, words: str) -> None:
    answer = await sent(body, Content_Type=kind)
    assert answer.startswith("input_invalid!") and words in answer


async def test_a_form_of_a_thousand_parts_is_given_up(sent: Sent) -> None:
    parts = form(*[part("p", b"") for _ in range(1000)])
    assert f"more than {PARTS_MAX} parts" in await sent(parts, length=1 << 40)


@pytest.mark.parametrize(
    "body",
    [
        b"no boundary here " * 20_000,
        b"line\r\n" * 50_000,
        form(part("note", b"x" * 200_000), part("file", b"x", "a")),
        form(part("file", b"x" * 200_000, "a")),
    ],
)
async def test_whatever_fills_the_body_it_is_read_to_its_bound_and_no_further(sent: Sent, body: bytes) -> None:
    answer = await sent(body, length=1 << 40)
    assert answer.startswith("too_large!")


async def test_silence_in_the_middle_is_given_up(sent: Sent) -> None:
    assert (await sent(part("file", b"half", "a"), length=100_000)).startswith("timed_out! nothing was sent for 0.2")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "GZIP", "made-up"])
async def test_a_compressed_body_is_refused_before_it_is_opened(sent: Sent, encoding: str) -> None:
    assert (await sent(b"\x1f\x8b" * 100, Content_Encoding=encoding)).startswith("unsupported_media_type!")


async def test_a_body_that_is_cut_off_is_told_from_a_sound_one() -> None:
    told: asyncio.Queue[str] = asyncio.Queue()

    async def handler(request: web.Request) -> web.Response:
        told.put_nowait(await _read(request))
        return web.Response()

    app = web.Application()
    app.router.add_post("/", handler)
    async with TestServer(app) as server:
        assert server.runner is not None and server.runner.server is not None
        server.runner.server.handler_cancellation = False
        async with Raw(server.port or 0) as raw:
            await raw.send(head("POST", "/", Content_Type=FORM, Content_Length=90_000), part("file", b"half", "a"))
        assert (await told.get()).startswith("cut_off!")
