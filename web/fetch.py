"""Inputs that a client names by URL: fetched from public addresses only, typed by content, stored like an upload.

A `file:` URL, with a path that may be relative, is followed into folders that the operator listed.
"""

import asyncio
import binascii
import socket
import ssl
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any, BinaryIO
from urllib.parse import unquote, unquote_to_bytes

import aiohttp
from msgspec import Struct
from yarl import URL

from aigc.core.errors import InputInvalid, Unavailable
from aigc.core.ids import OwnerId
from aigc.core.ports import Asset
from web.input_folders import InputFolders
from web.intake import Intake, too_large
from web.public_address import AddressPolicy
from web.sniff import BY_SUFFIX, FORMATS

PIECE_BYTES = 1 << 18
FILE_CHARACTERS = 3 * 4096 + len("file:")
"""A `file:` URL may be so long: a path of 4096 bytes, each of them escaped."""
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_WAYS = "upload the file instead (POST /api/v1/uploads)"


class FetchSettings(Struct, frozen=True, kw_only=True):
    """How far a fetch may go."""

    allowed_networks: tuple[str, ...] = ()
    """Networks that are not public and may be fetched from all the same (`10.1.0.0/16`)."""
    allowed_ports: tuple[int, ...] = (80, 443)
    redirects: int = 3
    connect_s: float = 10.0
    total_s: float = 120.0
    at_once: int = 8
    input_folders: tuple[Path, ...] = ()
    """Folders whose files may be named; see `InputFolders`."""
    url_characters: int = 2048
    """Of `http:` and `https:`, and of the head of `data:`, whose length is bounded by the body that it comes in."""


class Fetcher:
    """Makes an upload of what a URL holds; implements `web.admission.Fetch`.

    The address is checked where the socket is made: after resolution, for literals, for each redirect and for each
    address that a name has. Between check and connection nothing can change.

    Args:
        intake: stores and checks the content.
        settings: limits.

    Raises:
        ValueError: an allowed network is none.
    """

    def __init__(self, intake: Intake, settings: FetchSettings | None = None) -> None:
        self._intake = intake
        self._settings = settings or FetchSettings()
        self._policy = AddressPolicy(self._settings.allowed_networks)
        self._folders = InputFolders(self._settings.input_folders)
        self._turns = asyncio.Semaphore(self._settings.at_once)
        self._trust: ssl.SSLContext | None = None

    async def __call__(self, url: str, *, kinds: Sequence[str], owner: OwnerId, where: str) -> Asset:
        """The content of the URL is stored under `uploads/<id>/<kind>.<format>`.

        Args:
            url: `http:`, `https:`, `data:` or `file:`.
            kinds: formats that are welcome, as suffixes without the dot.
            owner: whose upload it becomes.
            where: JSON pointer of the field, for errors.

        Raises:
            InputInvalid: the address is refused (`address_refused`, `server_path`), or the content is of another kind
                or too large.
            NotFound: a `file:` URL into one of the folders leads to nothing.
            Unavailable: the other side did not answer, or the AssetStore cannot take it.
        """
        wanted = {BY_SUFFIX[kind].name for kind in kinds if kind in BY_SUFFIX}
        try:
            if url[:5].lower() == "data:":
                return await self._from_text(url, wanted, owner, where)
            if url[:5].lower() == "file:":
                if len(url) > FILE_CHARACTERS:
                    raise _refused(f"it is longer than {FILE_CHARACTERS} characters")
                return await self._from_folder(unquote(url[5:].removeprefix("//")), wanted, owner, where)
            async with self._turns, asyncio.timeout(self._settings.total_s):
                return await self._from_http(url, wanted, owner, where)
        except TimeoutError:
            raise _no_answer(f"the address did not send the file within {self._settings.total_s:g} s") from None
        except InputInvalid as error:
            error.where = error.where or where
            raise

    async def _from_text(self, url: str, wanted: Collection[str], owner: OwnerId, where: str) -> Asset:
        comma = url.find(",", 5, self._settings.url_characters)
        if comma < 0:
            raise InputInvalid("the data: URL has no comma", suggestion="write data:image/png;base64,...")
        head, text = url[5:comma], url[comma + 1 :]
        content_type, *options = (part.strip().lower() for part in head.split(";"))
        kind = "mesh" if any(FORMATS[name].kind == "mesh" for name in wanted) else "image"
        limit = self._intake.limits.bytes_of(kind)
        if len(text) > 4 * limit // 3 + 4096:
            raise too_large(kind, limit)
        raw = await asyncio.to_thread(_decoded, text, "base64" in options)
        # Content decides; what the client says it is helps only where content cannot (TGA has no signature).
        said = next((form.name for form in FORMATS.values() if form.content_type == content_type), "")
        name = f"input.{said}" if said else ""
        return await self._intake.take(
            _sliced(raw), filename=name, wanted=wanted, owner=owner, size=len(raw), where=where
        )

    async def _from_folder(self, path: str, wanted: Collection[str], owner: OwnerId, where: str) -> Asset:
        file, size = await asyncio.to_thread(self._folders.open, path)
        with file:
            return await self._intake.take(
                _read(file), filename=PurePath(path).name, wanted=wanted, owner=owner, size=size, where=where
            )

    async def _from_http(self, url: str, wanted: Collection[str], owner: OwnerId, where: str) -> Asset:
        refused: list[str] = []
        if self._trust is None:
            # Of our own, since aiohttp's may know no certificate, see `config.lean`; read from a disk, not in the loop.
            self._trust = await asyncio.to_thread(ssl.create_default_context)
        connector = aiohttp.TCPConnector(
            ssl=self._trust,
            socket_factory=lambda info: self._socket(info, refused),
            use_dns_cache=False,
            force_close=True,
        )
        async with aiohttp.ClientSession(
            connector=connector,
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity", "User-Agent": "aigc", "Accept": "*/*"},
            timeout=aiohttp.ClientTimeout(total=None, connect=self._settings.connect_s, sock_read=30.0),
        ) as session:
            try:
                return await self._hops(session, url, wanted, owner, where)
            except aiohttp.InvalidURL:
                raise _refused("it is malformed") from None
            except aiohttp.ClientError as error:
                if refused:
                    # Not which: the answer must not be a way to ask our resolver about the inside.
                    raise _refused("it leads to an address that is not public") from None
                raise _no_answer(f"the address did not send the file ({type(error).__name__})") from None

    async def _hops(
        self, session: aiohttp.ClientSession, url: str, wanted: Collection[str], owner: OwnerId, where: str
    ) -> Asset:
        target = self._checked(url)
        for _ in range(self._settings.redirects + 1):
            async with session.get(target, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    return await self._received(response, target, wanted, owner, where)
                target = self._checked(str(target.join(_parsed(response.headers.get("Location", "")))))
        raise _refused(f"it redirects more than {self._settings.redirects} times")

    async def _received(
        self, response: aiohttp.ClientResponse, url: URL, wanted: Collection[str], owner: OwnerId, where: str
    ) -> Asset:
        if response.status >= 500:
            raise _no_answer(f"the address answered {response.status}")
        if response.status != 200:
            raise InputInvalid(f"the address answered {response.status}", suggestion=_WAYS, code="fetch_refused")
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise InputInvalid("the address sends the file compressed", suggestion=_WAYS, code="fetch_refused")
        return await self._intake.take(
            response.content.iter_chunked(PIECE_BYTES),
            filename=url.name,
            wanted=wanted,
            owner=owner,
            size=response.content_length,
            where=where,
        )

    def _checked(self, url: str) -> URL:
        """The URL, if its form may be followed; its address is checked when the socket is made."""
        if len(url) > self._settings.url_characters:
            raise _refused(f"it is longer than {self._settings.url_characters} characters")
        found = _parsed(url)
        if found.scheme not in ("http", "https"):
            raise _refused(f"its scheme is {found.scheme[:20]!r}; http, https and data are followed")
        if found.user is not None or found.password is not None:
            raise _refused("it holds a user name or password")
        if not found.host or found.port not in self._settings.allowed_ports:
            ports = ", ".join(map(str, self._settings.allowed_ports))
            raise _refused(f"its port is {found.port}; {ports} are allowed")
        return found

    def _socket(self, info: tuple[Any, ...], refused: list[str]) -> socket.socket:
        """A socket for one resolved address. Raises OSError if connections to it are not allowed."""
        family, kind, protocol, _name, address = info
        if not self._policy.allows(str(address[0])):
            refused.append(str(address[0]))
            raise PermissionError(f"connections to {address[0]} are not allowed")
        return socket.socket(family, kind, protocol)


def _parsed(url: str) -> URL:
    try:
        return URL(url)
    except ValueError:
        raise _refused("it is malformed") from None


def _refused(why: str) -> InputInvalid:
    return InputInvalid(f"this URL is not followed: {why}", suggestion=_WAYS, code="address_refused")


def _no_answer(what: str) -> Unavailable:
    return Unavailable(what, retry_after_s=10.0, suggestion=f"try again, or {_WAYS}", code="fetch_failed")


def _decoded(text: str, is_base64: bool) -> bytes:
    """In pieces: a thread that decodes megabytes in one call holds the interpreter, and so the loop, all the while."""
    pieces = (text[start : start + PIECE_BYTES] for start in range(0, len(text), PIECE_BYTES))
    try:
        return b"".join(_from_base64(pieces) if is_base64 else _from_percents(pieces))
    except ValueError as error:
        raise InputInvalid(f"the base64 text is damaged: {error}", suggestion=_WAYS) from None


def _from_base64(pieces: Iterable[str]) -> Iterator[bytes]:
    rest, is_over = "", False
    for piece in pieces:
        # Some clients break base64 into lines.
        rest += piece.translate({10: None, 13: None, 32: None})
        if is_over and rest:
            raise ValueError("it goes on behind its end")
        whole, rest = rest[: len(rest) & ~3], rest[len(rest) & ~3 :]
        is_over = whole.endswith("=")
        yield binascii.a2b_base64(whole, strict_mode=True)
    yield binascii.a2b_base64(rest, strict_mode=True)


def _from_percents(pieces: Iterable[str]) -> Iterator[bytes]:
    rest = ""
    for piece in pieces:
        rest += piece
        cut = rest.find("%", max(0, len(rest) - 2)) % (len(rest) + 1)  # -1, for none, becomes the end
        yield unquote_to_bytes(rest[:cut])
        rest = rest[cut:]
    yield unquote_to_bytes(rest)


async def _read(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
        yield piece


async def _sliced(raw: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), PIECE_BYTES):
        yield raw[start : start + PIECE_BYTES]
