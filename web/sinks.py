"""The writing ends of event streams: frames and chunks go straight to the transport, and nothing waits."""

import asyncio
from collections.abc import Sequence

from web.stories import Event
from web.watcher import Packed

GRACE_S = 2.0
"""A connection that was told to close is cut after so long."""


class _Connection:
    """What both sinks share: a transport that is written without waiting."""

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport

    def backlog(self) -> int | None:
        """Bytes that were sent and not yet taken by the other side; None if it is gone."""
        return None if self._transport.is_closing() else self._transport.get_write_buffer_size()

    def _cut_later(self) -> None:
        # A close waits until what was written has been read, which a reader that does not read puts off for ever.
        asyncio.get_running_loop().call_later(GRACE_S, self._cut)

    def _cut(self) -> None:
        if not self._transport.is_closing() or self._transport.get_write_buffer_size():
            self._transport.abort()


class SocketSink(_Connection):
    """Writes WebSocket frames straight to the transport: one system call, no coroutine, for each of a thousand."""

    kind = form = "websocket"

    def pack(self, events: Sequence[Event]) -> Packed:
        """One text frame: a JSON array of the events."""
        return Packed(text_frame(b"[" + b",".join([event.data for event in events]) + b"]"), events)

    def send(self, packed: Packed) -> None:
        """See `Sink`."""
        self._transport.write(packed.data)

    def heartbeat(self) -> None:
        """The WebSocket pings by itself."""

    def close(self, code: int, reason: str) -> None:
        """A close frame leaves; a client that does not answer it is cut off."""
        if not self._transport.is_closing():
            payload = code.to_bytes(2, "big") + reason.encode()[:120]
            self._transport.write(bytes((0x88, len(payload))) + payload)
            self._cut_later()


class SseSink(_Connection):
    """Writes server-sent events straight to the transport, as HTTP chunks where the client knows them."""

    kind = "sse"

    def __init__(self, transport: asyncio.WriteTransport, *, is_chunked: bool) -> None:
        super().__init__(transport)
        self._is_chunked = is_chunked
        self.form = "chunked sse" if is_chunked else "sse"
        self.ended = asyncio.Event()
        """The stream is over: the job is finished, or the connection is."""

    def pack(self, events: Sequence[Event]) -> Packed:
        """Durable events have an id, by which a browser resumes; others have none."""
        parts = []
        for event in events:
            line = f"id: {event.seq}\nevent: {event.type}\ndata: " if event.seq else f"event: {event.type}\ndata: "
            parts += [line.encode(), event.data, b"\n\n"]
        return Packed(self._chunk(b"".join(parts)), events)

    def send(self, packed: Packed) -> None:
        """See `Sink`; with the last event the stream is over."""
        self._transport.write(packed.data)
        if any(event.is_final for event in packed.events):
            self.ended.set()

    def heartbeat(self) -> None:
        """A comment, which keeps proxies from closing the connection."""
        self._transport.write(self._chunk(b":\n\n"))

    def close(self, code: int, reason: str) -> None:
        """The stream ends; the browser connects again and resumes."""
        self.ended.set()
        if self._transport.get_write_buffer_size():
            self._cut_later()

    def _chunk(self, data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data) if self._is_chunked else data


def text_frame(payload: bytes) -> bytes:
    """A WebSocket text frame from a server (RFC 6455, section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload
