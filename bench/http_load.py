"""A load generator that costs little: clients are scripts over kept-alive connections, answers only measured."""

import asyncio
import time
from collections.abc import Callable, Generator, Iterable
from typing import Any, NamedTuple

import uvloop


class Answer(NamedTuple):
    """What came back for one request."""

    body: bytes
    is_fine: bool
    """The status was 2xx."""
    ms: float


Script = Generator[bytes | float, Any, None]
"""One client: yields a request and is sent its `Answer`, or yields a pause in seconds and is sent nothing."""


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
        return percentile(self.latencies_ms, share)


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request_bytes(method: str, path: str, body: bytes = b"") -> bytes:
    """An HTTP/1.1 request as it goes over the wire."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    return head.encode() + b"\r\n" + body


class _Connection(asyncio.Protocol):
    """Plays one script to its end."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._answer = b""
        self._sent_at = 0.0
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._go_on()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, blank, body = self._answer.partition(b"\r\n\r\n")
        if not blank:
            return
        at = head.lower().index(b"content-length:") + 15
        if len(body) < int(head[at:].split(b"\r\n", 1)[0]):
            return
        self._answer = b""
        self._go_on(Answer(body, head[9:10] == b"2", (time.perf_counter() - self._sent_at) * 1e3))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(error or ConnectionError("the server closed the connection"))

    def _go_on(self, answer: Answer | None = None) -> None:
        try:
            wanted = self._script.send(answer)
        except StopIteration:
            self.ended.set_result(None)
            self._transport.close()
            return
        except Exception as defect:  # noqa: BLE001 - raised where the script was started
            self.ended.set_exception(defect)
            self._transport.close()
            return
        if isinstance(wanted, float):
            self._loop.call_later(wanted, self._go_on)
        else:
            self._sent_at = time.perf_counter()
            self._transport.write(wanted)  # type: ignore[attr-defined]


def play(port: int, scripts: Iterable[Script]) -> float:
    """Every script has its own connection and was played to its end; the seconds that it took."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        began = time.perf_counter()
        made = [
            (await loop.create_connection(lambda script=script: _Connection(script), "127.0.0.1", port))[1]
            for script in scripts
        ]
        await asyncio.gather(*(connection.ended for connection in made))
        return time.perf_counter() - began

    return uvloop.run(main())


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
    until = time.perf_counter() + (seconds or 1e9)
    left = count or 1 << 60
    latencies: list[float] = []
    refused = 0

    def client() -> Script:
        nonlocal left, refused
        while left > 0 and time.perf_counter() < until:
            left -= 1
            answer = yield request()
            latencies.append(answer.ms)
            refused += not answer.is_fine
            if on_answer is not None:
                on_answer(answer.body)

    took = play(port, [client() for _ in range(connections)])
    return Load(len(latencies), took, latencies, refused)
