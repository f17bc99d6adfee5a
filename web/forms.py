"""Bodies that are read as they come: a plain stream, or the one file of a multipart form, never held as a whole."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar, cast

from aiohttp import BodyPartReader, MultipartReader, StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from aigc.core.errors import InputInvalid
from web.problem import FieldError, FieldsInvalid

T = TypeVar("T")

PARTS_MAX = 64
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

    # These four are what MultipartReader asks of its source.

    async def read(self, n: int) -> bytes:
        """At most n bytes; empty at the end."""
        return await self._bounded(self._content.read(n))

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        """One line with its end."""
        return await self._bounded(self._content.readline(max_line_length=max_line_length))

    def at_eof(self) -> bool:
        """True when everything was read."""
        return self._content.at_eof()

    def unread_data(self, data: bytes) -> None:
        """Put bytes back in front."""
        self._content.unread_data(data)

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
    """One file of a multipart form; parts before it are passed over, parts after it are not read.

    Raises in every method: InputInvalid for a body that is no sound form, and what BoundedBody raises.
    """

    def __init__(self, request: web.Request, body: BoundedBody) -> None:
        if request.content_type != "multipart/form-data":
            raise InputInvalid(
                f"the body is {request.content_type}, not a form",
                suggestion="send a form with a part named file, or the file itself with PUT /api/v1/uploads",
            )
        try:
            self._reader = MultipartReader(request.headers, cast(StreamReader, body))
        except ValueError as error:
            raise _malformed(error) from None
        self._part: BodyPartReader | None = None

    async def find(self, field: str) -> str:
        """The file name of the part `field`, whose content `pieces` will give. Raises FieldsInvalid if none has it."""
        for _ in range(PARTS_MAX):
            part = await self._next()
            if part is None:
                raise FieldsInvalid([FieldError(f"/{field}", "Field required")], code="missing")
            if part.name == field:
                self._part = part
                return part.filename or ""
            await self._skip(part)
        raise InputInvalid(f"the form has more than {PARTS_MAX} parts", suggestion=f"send {field} first")

    async def pieces(self) -> AsyncIterator[bytes]:
        """The content of the part that was found."""
        while self._part is not None and (piece := await self._read(self._part)):
            yield piece

    async def _skip(self, part: BodyPartReader) -> None:
        while await self._read(part):
            pass

    async def _next(self) -> BodyPartReader | None:
        part: Any = await self._sound(self._reader.next())
        if isinstance(part, MultipartReader):
            raise InputInvalid("a form within a form is not accepted", suggestion="send the file as one part")
        return cast("BodyPartReader | None", part)

    async def _read(self, part: BodyPartReader) -> bytes:
        return await self._sound(part.read_chunk(PIECE_BYTES))

    async def _sound(self, reading: Awaitable[T]) -> T:
        try:
            return await reading
        except (ValueError, RuntimeError, HttpProcessingError) as error:
            raise _malformed(error) from None


def _malformed(error: Exception) -> InputInvalid:
    return InputInvalid(
        f"the body is no sound multipart form ({str(error)[:120] or type(error).__name__})", suggestion="send it again"
    )
