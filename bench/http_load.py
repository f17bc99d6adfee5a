"""A load generator that costs little: fixed requests over kept-alive connections, answers only measured."""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

import uvloop


class Load(NamedTuple):
    """What one run saw."""

    count: int
    seconds: float
    latencies_ms: list[float]
    refused: int
    """Answers that were not 2xx."""

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.count / self.seconds

    def percentile_ms(self, share: float) -> float:
        """The latency below which `share` (0 to 1) of the answers came."""
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request_bytes(method: str, path: str, body: bytes = b"") -> bytes:
    """An HTTP/1.1 request as it goes over the wire."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    return head.encode() + b"\r\n" + body


class _Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is whole."""

    def __init__(self, next_request: Callable[[], bytes | None], done: Callable[[float, bool, bytes], None]) -> None:
        self._next = next_request
        self._done = done
        self._answer = b""
        self._sent_at = 0.0
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, blank, body = self._answer.partition(b"\r\n\r\n")
        if not blank:
            return
        at = head.lower().index(b"content-length:") + 15
        if len(body) < int(head[at:].split(b"\r\n", 1)[0]):
            return
        self._done((time.perf_counter() - self._sent_at) * 1e3, head[9:10] == b"2", body)
        self._answer = b""
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def _send(self) -> None:
        request = self._next()
        if request is None:
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)  # type: ignore[attr-defined]


def run(
    port: int,
    request: Callable[[], bytes],
    *,
    connections: int,
    seconds: float = 0,
    count: int = 0,
    on_answer: Callable[[bytes], None] | None = None,
) -> Load:
    """Closed loop: every connection has one request under way, for `seconds` or until `count` were sent."""

    async def main() -> Load:
        loop = asyncio.get_running_loop()
        until = time.perf_counter() + (seconds or 1e9)
        left = count or 1 << 60
        latencies: list[float] = []
        refused = 0

        def next_request() -> bytes | None:
            nonlocal left
            if left <= 0 or time.perf_counter() >= until:
                return None
            left -= 1
            return request()

        def done(latency_ms: float, is_fine: bool, body: bytes) -> None:
            nonlocal refused
            latencies.append(latency_ms)
            refused += not is_fine
            if on_answer is not None:
                on_answer(body)

        began = time.perf_counter()
        made = [
            (await loop.create_connection(lambda: _Connection(next_request, done), "127.0.0.1", port))[1]
            for _ in range(connections)
        ]
        await asyncio.gather(*(connection.ended for connection in made))
        return Load(len(latencies), time.perf_counter() - began, latencies, refused)

    return uvloop.run(main())
