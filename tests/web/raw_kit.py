"""Requests that no well-behaved client would send, byte by byte over a socket."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import msgspec

BOUNDARY = "sEpArAtOr"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def part(name: str, content: bytes, filename: str | None = None, headers: str = "") -> bytes:
    """One part of a form; `filename` goes in as it is."""
    shown = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n{headers}\r\n'
    return head.encode("utf-8", "surrogateescape") + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def head(method: str, path: str, **headers: Any) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Raw:
    """One connection. Use as `async with Raw(port) as raw`."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> "Raw":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def send(self, *data: bytes) -> None:
        for piece in data:
            self.writer.write(piece)
            await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower case) and body of the next answer."""
        async with asyncio.timeout(60):
            text = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = text.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
            return int(first.split()[1]), headers, body

    async def json(self) -> tuple[int, Any]:
        status, _, body = await self.answer()
        return status, msgspec.json.decode(body)


async def exchange(port: int, *data: bytes) -> tuple[int, Any]:
    """Status and JSON body of one raw request."""
    async with Raw(port) as raw:
        await raw.send(*data)
        return await raw.json()


async def pour(raw: Raw, pieces: Iterable[bytes]) -> AsyncIterator[int]:
    """Sends pieces until they are through or the server closes; yields how many bytes went before each."""
    sent = 0
    try:
        for piece in pieces:
            yield sent
            await raw.send(piece)
            sent += len(piece)
    except ConnectionError:
        return
