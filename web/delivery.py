"""A stored file as an HTTP answer: conditions and ranges of RFC 9110, safe headers, sent in pieces."""

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from aiohttp import ETag, web

from aigc.core.errors import NotFound
from aigc.core.ids import AssetKey
from aigc.core.ports import AssetStore
from web.counters import COUNTERS
from web.intake import display_name
from web.problem import problem
from web.requests import request_id_of

PIECE_BYTES = 1 << 19
READER_LIMIT_S = 120.0
"""A client that takes no piece for so long is given up."""

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")


@dataclass(frozen=True)
class Content:
    """What is to be sent, as the record says it is."""

    key: AssetKey
    filename: str
    content_type: str
    bytes: int
    sha256: str
    modified: float
    """Seconds since the epoch."""


class Unsatisfiable(ValueError):
    """A range that begins behind the end."""


def disposition(filename: str) -> str:
    """`Content-Disposition` for any file name (RFC 6266): an ASCII form for old clients and the exact one."""
    name = display_name(filename) or "file"
    plain = re.sub(r"[^A-Za-z0-9 ._()+@,-]", "_", name)
    exact = quote(name, safe="!#$&+-.^_`|~")
    return f'attachment; filename="{plain}"' + (f"; filename*=UTF-8''{exact}" if plain != name else "")


def requested_range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and number of bytes that a `Range` header asks for; None for the whole file.

    What is malformed, of another unit, or asks for several ranges is ignored, as RFC 9110 section 14.2 allows.
    Raises Unsatisfiable.
    """
    found = _RANGE.match(header.strip())
    if not found or found[0] == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        start = max(size - int(last), 0)
        if int(last) == 0 or size == 0:
            raise Unsatisfiable(header)
        return start, size - start
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable(header)
    end = min(int(last) if last else size - 1, size - 1)
    return int(first), end - int(first) + 1


async def deliver(
    request: web.Request, assets: AssetStore, content: Content, headers: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """Answer with a stored file, a part of it, or the news that the client has it already.

    Raises:
        NotFound: the record names a file that is gone.
        Unavailable: the store cannot be reached.
    """
    tag = ETag(content.sha256)
    modified = datetime.fromtimestamp(int(content.modified), UTC)
    common = {
        **(headers or {}),
        "Content-Disposition": disposition(content.filename),
        "Content-Type": content.content_type,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
        "ETag": f'"{content.sha256}"',
        "Last-Modified": format_datetime(modified, usegmt=True),
    }
    if request.if_match is not None and not _matches(request.if_match, tag, weak=False):
        return web.Response(status=412, headers=common)
    if _is_known(request, tag, modified):
        return web.Response(status=304, headers=common)
    part = None
    if "Range" in request.headers and _range_applies(request, tag, modified):
        try:
            part = requested_range(request.headers["Range"], content.bytes)
        except Unsatisfiable:
            detail = f"the file has {content.bytes} bytes, and none of them are in {request.headers['Range'][:60]!r}"
            refused = problem(416, "range_not_satisfiable", detail, request_id_of(request))
            refused.headers["Content-Range"] = f"bytes */{content.bytes}"
            return refused
    start, count = part or (0, content.bytes)
    if part is not None:
        common["Content-Range"] = f"bytes {start}-{start + count - 1}/{content.bytes}"
    file = await _opened(assets, content)
    if file is None:
        return _damaged(request, content)
    with file:
        return await _sent(request, file, start, count, 206 if part else 200, common)


async def whole(assets: AssetStore, content: Content) -> bytes | None:
    """The file's bytes; None if it is not as long as its record says. Raises as `deliver`."""
    file = await _opened(assets, content)
    if file is None:
        return None
    with file:
        return await asyncio.to_thread(file.read)


def _matches(tags: tuple[ETag, ...], tag: ETag, *, weak: bool) -> bool:
    return any(one.value in ("*", tag.value) and (weak or not one.is_weak) for one in tags)


def _is_known(request: web.Request, tag: ETag, modified: datetime) -> bool:
    if request.if_none_match is not None:
        return _matches(request.if_none_match, tag, weak=True)
    since = request.if_modified_since
    return since is not None and modified <= since


def _range_applies(request: web.Request, tag: ETag, modified: datetime) -> bool:
    condition = request.headers.get("If-Range", "").strip()
    if condition.startswith(('"', "W/")):
        return condition == f'"{tag.value}"'
    return not condition or request.if_range == modified


async def _opened(assets: AssetStore, content: Content) -> BinaryIO | None:
    """The file, open for reading; None if it is not as long as its record says."""
    path = await assets.local(content.key)
    opening = asyncio.ensure_future(asyncio.to_thread(_open, path, content.bytes))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        # The client left; the thread goes on, and nobody else would close what it opens.
        opening.add_done_callback(_close)
        raise


def _close(opening: "asyncio.Future[BinaryIO | None]") -> None:
    if opening.exception() is None and (file := opening.result()) is not None:
        file.close()


def _open(path: Path, size: int) -> BinaryIO | None:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise NotFound("the file is gone; it may have expired", suggestion="make the job again") from None
    if os.fstat(file.fileno()).st_size != size:
        file.close()
        return None
    return file


def _damaged(request: web.Request, content: Content) -> web.Response:
    return problem(
        500,
        "asset_damaged",
        f"the stored file is not {content.bytes} bytes long, as it was when it was made; it is not sent",
        request_id_of(request),
        suggestion="make the job again, and have the disk checked",
    )


async def _sent(
    request: web.Request, file: BinaryIO, start: int, count: int, status: int, headers: Mapping[str, str]
) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = count
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    if start:
        await asyncio.to_thread(file.seek, start)
    left, counters = count, request.app[COUNTERS]
    try:
        while left:
            piece = await asyncio.to_thread(file.read, min(left, PIECE_BYTES))
            if not piece:
                raise ConnectionResetError("the file became shorter while it was sent")
            left -= len(piece)
            counters.sent(len(piece))
            async with asyncio.timeout(READER_LIMIT_S):
                await response.write(piece)
        await response.write_eof()
    except (ConnectionError, TimeoutError):
        # The headers are out: all that can be said now is that the answer is not whole.
        if request.transport is not None:
            request.transport.abort()
    return response
