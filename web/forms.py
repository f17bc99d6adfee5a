"""Bodies that are read as they come: a plain stream, or the one file of a multipart form, never held as a whole."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import TypeVar

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from aigc.core.errors import InputInvalid
from web.problem import FieldError, FieldsInvalid

T = TypeVar("T")

PARTS_MAX = 64
HEAD_BYTES = 1 << 14
"""The headers of one part may be so long."""
PIECE_BYTES = 1 << 18


def refuse_compression(request: web.Request) -> None:
    """Raises InputInvalid for a compressed body: what it would become cannot be bounded before it is there."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise InputInvalid(
            "compressed bodies are not accepted",
            suggestion="send the file as it is, without Content-Encoding",
            code="unsupported_media_type",
        )


class BoundedBody:
    """A request's body that may not be longer than `limit` bytes, nor silent for longer than `idle_s` seconds.

    Raises in every reading method: InputInvalid with code `too_large`, `timed_out` or `cut_off`.
    """

    def __init__(self, content: StreamReader, limit: int, idle_s: float) -> None:
        self._content = content
        self._limit = limit
        self._idle_s = idle_s

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body in pieces as they arrive."""
        while piece := await self.read(PIECE_BYTES):
            yield piece

    async def read(self, n: int) -> bytes:
        """At most n bytes; empty at the end."""
        return await self._bounded(self._content.read(n))

    async def _bounded(self, reading: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._idle_s):
                found = await reading
        except TimeoutError:
            raise InputInvalid(
                f"nothing was sent for {self._idle_s:g} seconds", suggestion="send it again", code="timed_out"
            ) from None
        except (ConnectionError, HttpProcessingError):
            raise InputInvalid("the body was cut off", suggestion="send it again", code="cut_off") from None
        if self._content.total_bytes > self._limit:
            raise InputInvalid(f"the body is longer than {self._limit} bytes", code="too_large")
        return found


class Form:
    """One file of a multipart form (RFC 7578); parts before it are passed over, parts after it are not read.

    aiohttp's own reader takes a part for whole whose closing boundary never came, and reads on behind the boundary.

    Raises in every method: InputInvalid for a body that is no sound form, and what BoundedBody raises.
    """

    def __init__(self, request: web.Request, body: BoundedBody) -> None:
        if request.content_type != "multipart/form-data":
            raise FieldsInvalid(
                [FieldError("/file", f"Field required: the body is {request.content_type}, not a form")],
                suggestion="send a form with a part named file, or the file itself with PUT /api/v1/uploads",
                code="missing",
            )
        boundary = _parameters(request.headers["Content-Type"], "Content-Type").get_param("boundary")
        if not isinstance(boundary, str) or not 0 < len(boundary) <= 70 or not boundary.isascii():
            raise _malformed("its Content-Type names no boundary of 1 to 70 characters")
        self._body = body
        self._mark = f"\r\n--{boundary}".encode()
        self._held = bytearray(b"\r\n")  # so that the first boundary looks like any other

    async def find(self, field: str) -> str:
        """The file name of the part `field`, whose content `pieces` will give. Raises FieldsInvalid if none has it."""
        for _ in range(PARTS_MAX):
            async for _piece in self._until(self._mark):
                pass
            while len(self._held) < 2:
                await self._fill()
            if self._held[:2] == b"--":
                raise FieldsInvalid([FieldError(f"/{field}", "Field required")], code="missing")
            name, filename = await self._head()
            if name == field:
                return filename
        raise InputInvalid(f"the form has more than {PARTS_MAX} parts", suggestion=f"send {field} first")

    async def pieces(self) -> AsyncIterator[bytes]:
        """The content of the part that was found."""
        async for piece in self._until(self._mark):
            yield piece

    async def _head(self) -> tuple[str, str]:
        """Name and file name of the part that begins here; both may be empty."""
        block = bytearray()
        async for piece in self._until(b"\r\n\r\n"):
            block += piece
            if len(block) > HEAD_BYTES:
                raise _malformed(f"the head of a part is longer than {HEAD_BYTES} bytes")
        padding, *lines = block.decode(errors="replace").split("\r\n")
        if padding.strip():
            raise _malformed("text follows a boundary")
        value = next((line[20:] for line in lines if line[:20].lower() == "content-disposition:"), None)
        if value is None:
            raise _malformed("a part has no Content-Disposition")
        found = _parameters(value.strip(), "Content-Disposition")
        name = found.get_param("name", header="content-disposition")
        return name if isinstance(name, str) else "", _filename(found)

    async def _until(self, mark: bytes) -> AsyncIterator[bytes]:
        """What stands before `mark`, which is passed over."""
        while (at := self._held.find(mark)) < 0:
            # The last bytes may be the mark's first.
            sure = len(self._held) - len(mark) + 1
            if sure > 0:
                yield bytes(self._held[:sure])
                del self._held[:sure]
            await self._fill()
        if at:
            yield bytes(self._held[:at])
        del self._held[: at + len(mark)]

    async def _fill(self) -> None:
        piece = await self._body.read(PIECE_BYTES)
        if not piece:
            raise _malformed("it ends before its closing boundary")
        self._held += piece


def _parameters(value: str, name: str) -> Message:
    """A header whose parameters can be asked for."""
    message = Message()
    message[name] = value
    return message


def _filename(message: Message) -> str:
    """The file name, preferably in its exact form (`filename*`)."""
    given = message.get_params([], header="content-disposition")
    names = [value for name, value in given if name == "filename"]
    exact = [value for value in names if isinstance(value, tuple)]
    return collapse_rfc2231_value((exact or names or [""])[0])


def _malformed(why: str) -> InputInvalid:
    return InputInvalid(f"the body is no sound multipart form: {why}", suggestion="send it again")
