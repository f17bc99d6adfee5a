"""One stream of events to a thousand WebSockets: P11, against picows sending one frame per event.

python -m bench.fanout [--watchers 1000] [--rounds 3] [--seconds 3]

Our gateway is sent changes of jobs as a broker sends them, one job at a time or eight together, each as soon as the one
before has left; so it is the sender that is measured, and not how fast jobs run.
"""

import argparse
import asyncio
import os
import time
from typing import NamedTuple

import uvloop

from bench.harness import Figure, Line, Service, keep, show, started
from bench.load import CLIENT_CPU, SERVER_CPU
from bench.usage import cpu_s

EVENT = b'{"type":"job.progress","job_id":"0b9dbb2e-8f0c-4d43-9c9b-0a2f7d1f5d11","progress":{"fraction":0.5}}'


class Heard(NamedTuple):
    """What all watchers together heard."""

    frames: int
    events: int
    seconds: float
    cpu_s: float = 0.0
    """Of the process that sends."""


class Watcher(asyncio.Protocol):
    """A WebSocket client that counts frames and events and reads nothing."""

    def __init__(self, path: str, hello: bytes) -> None:
        self._path = path
        self._hello = hello
        self._buffer = b""
        self.frames = 0
        self.events = 0
        self.ready = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self.transport = transport
        transport.write(  # type: ignore[attr-defined]
            f"GET {self._path} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Answer to the upgrade first, then frames."""
        self._buffer += data
        if not self.ready.done():
            _, blank, rest = self._buffer.partition(b"\r\n\r\n")
            if not blank:
                return
            self._buffer = rest
            if self._hello:
                # A client's frame is masked; a mask of zeros leaves it readable.
                head = bytes((0x81, 0x80 | len(self._hello))) + bytes(4)
                self.transport.write(head + self._hello)  # type: ignore[attr-defined]
            self.ready.set_result(None)
        self._count()

    def _count(self) -> None:
        at = 0
        while at + 2 <= len(self._buffer):
            size, head = self._buffer[at + 1] & 127, 2
            if size >= 126:
                wide = 2 if size == 126 else 8
                head += wide
                if at + head > len(self._buffer):
                    break
                size = int.from_bytes(self._buffer[at + 2 : at + head], "big")
            if at + head + size > len(self._buffer):
                break
            self.frames += 1
            self.events += self._buffer.count(b'"type":"job.', at + head, at + head + size)
            at += head + size
        self._buffer = self._buffer[at:]


async def watch(port: int, path: str, hello: bytes, watchers: int) -> list[Watcher]:
    """So many connected watchers."""
    loop = asyncio.get_running_loop()
    made: list[Watcher] = []
    for _ in range(watchers):
        _, watcher = await loop.create_connection(lambda: Watcher(path, hello), "127.0.0.1", port)
        made.append(watcher)
    await asyncio.gather(*(watcher.ready for watcher in made))
    return made


async def heard_during(made: list[Watcher], seconds: float) -> Heard:
    """What they hear in that time."""
    began = time.perf_counter()
    frames, events = sum(one.frames for one in made), sum(one.events for one in made)
    await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    return Heard(sum(one.frames for one in made) - frames, sum(one.events for one in made) - events, took)


SUBSCRIBE = b'{"type":"subscribe","all":true}'


def heard(command: list[str], path: str, hello: bytes, watchers: int, seconds: float, cpu: int | None) -> Heard:
    """What so many watchers of that server hear while it sends as fast as they take it."""

    async def main(service: Service) -> Heard:
        made = await watch(service.port, path, hello, watchers)
        before = cpu_s(service.pids)
        result = await heard_during(made, seconds)
        result = result._replace(cpu_s=cpu_s(service.pids) - before)
        for one in made:
            one.transport.close()
        return result

    with started(command, cpu) as service:
        return uvloop.run(main(service))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--watchers", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    os.sched_setaffinity(0, {CLIENT_CPU})
    size = (options.watchers, options.seconds, SERVER_CPU)
    rounds = []
    for _ in range(options.rounds):
        yard = heard(["-m", "bench.picows_server"], "/", b"", *size)
        single = heard(["-m", "bench.fanout_server", "1"], "/api/v1/events", SUBSCRIBE, *size)
        several = heard(["-m", "bench.fanout_server", "8"], "/api/v1/events", SUBSCRIBE, *size)
        rounds.append(
            {
                "picows_deliveries": yard.frames / yard.seconds,
                "deliveries": single.frames / single.seconds,
                "events": several.events / several.seconds,
                "picows_cpu_us": yard.cpu_s / yard.frames * 1e6,
                "cpu_us": single.cpu_s / single.frames * 1e6,
                "cpu_us_per_event": several.cpu_s / several.events * 1e6,
            }
        )
    show(lines(rounds))
    keep("fanout", rounds)


def lines(rounds: list[dict[str, float]]) -> list[Line]:
    """What the rounds came to."""

    def ratio(above: str, below: str) -> Figure:
        return Figure.of([values[above] / values[below] for values in rounds])

    picows = "picows_deliveries"
    return [
        Line("", "picows, deliveries/s", Figure.of([values[picows] for values in rounds])),
        Line("P11", "deliveries/s to 1,000 watchers, against picows", ratio("deliveries", picows), ">= 0.9"),
        Line("", "CPU of a delivery, picows' against ours", ratio("picows_cpu_us", "cpu_us")),
        Line("P11", "coalesced events/s, against picows uncoalesced", ratio("events", picows), ">= 7"),
        Line(
            "", "CPU of an event, picows' against that of ours, coalesced", ratio("picows_cpu_us", "cpu_us_per_event")
        ),
    ]


if __name__ == "__main__":
    main()
