"""One stream of events to a thousand WebSockets: P11, against picows sending one frame per event.

python -m bench.fanout [--mode multi] [--watchers 1000] [--rounds 3] [--seconds 3]
"""

import argparse
import asyncio
import os
import time
from typing import NamedTuple

import uvloop

from bench.harness import MODES, Figure, Line, Service, aigc_server, keep, show, started
from bench.http_load import run
from bench.load import CLIENT_CPU, POST, SERVER_CPU, drained, warm
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


async def heard_during(made: list[Watcher], work: "asyncio.Future[None]", *, to_the_end: bool) -> Heard:
    """What they hear until `work` is done; `to_the_end`: until nothing more comes."""
    began = time.perf_counter()
    frames, events = sum(one.frames for one in made), sum(one.events for one in made)
    await work
    last, seconds = -1, time.perf_counter() - began
    while to_the_end and last != (last := sum(one.events for one in made)):
        seconds = time.perf_counter() - began
        await asyncio.sleep(0.25)
    return Heard(sum(one.frames for one in made) - frames, sum(one.events for one in made) - events, seconds)


def ours(service: Service, watchers: int, seconds: float) -> Heard:
    """Watchers of everything while jobs run; each job tells three events and more."""
    senders = service.parts().get("web", service.pids)

    async def main() -> Heard:
        made = await watch(service.port, "/api/v1/events", b'{"type":"subscribe","all":true}', watchers)

        def work() -> None:
            run_in_thread(service, seconds)

        before = cpu_s(senders)
        result = await heard_during(made, asyncio.ensure_future(asyncio.to_thread(work)), to_the_end=True)
        result = result._replace(cpu_s=cpu_s(senders) - before)
        for one in made:
            one.transport.close()
        return result

    return uvloop.run(main())


def run_in_thread(service: Service, seconds: float) -> None:
    """Submissions from 16 clients, and wait until all are done."""
    run(service.port, lambda: POST, connections=16, seconds=seconds)
    drained(service)


def picows(watchers: int, seconds: float, cpu: int | None) -> Heard:
    """The same watchers on picows, which sends one frame per event as fast as it can."""

    async def main(service: Service) -> Heard:
        made = await watch(service.port, "/", b"", watchers)
        before = cpu_s(service.pids)
        result = await heard_during(made, asyncio.ensure_future(asyncio.sleep(seconds)), to_the_end=False)
        result = result._replace(cpu_s=cpu_s(service.pids) - before)
        for one in made:
            one.transport.close()
        return result

    with started(["-m", "bench.picows_server"], cpu) as service:
        return uvloop.run(main(service))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=MODES, default="single")
    parser.add_argument("--watchers", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    cpu = None
    if options.mode == "single":  # several processes share all cores with the watchers, and so does picows then
        cpu = SERVER_CPU
        os.sched_setaffinity(0, {CLIENT_CPU})
    rounds = []
    limits = {"queue": 1_000_000, "watchers": 20_000}
    with aigc_server(options.mode, cpu, limits=limits) as service:
        warm(service)
        for _ in range(options.rounds):
            yard = picows(options.watchers, options.seconds, cpu)
            mine = ours(service, options.watchers, options.seconds)
            rounds.append(
                {
                    "picows_deliveries": yard.frames / yard.seconds,
                    "deliveries": mine.frames / mine.seconds,
                    "events": mine.events / mine.seconds,
                    "picows_cpu_us": yard.cpu_s / yard.frames * 1e6,
                    "cpu_us_per_event": mine.cpu_s / mine.events * 1e6,
                }
            )
    show(lines(rounds))
    keep(f"fanout-{options.mode}", rounds)


def lines(rounds: list[dict[str, float]]) -> list[Line]:
    """What the rounds came to."""

    def ratio(above: str, below: str) -> Figure:
        return Figure.of([values[above] / values[below] for values in rounds])

    cheaper = "CPU of a delivered event, picows' against that of our sender"
    return [
        Line("", "picows, deliveries/s", Figure.of([values["picows_deliveries"] for values in rounds])),
        Line(
            "P11", "deliveries/s to 1,000 watchers, against picows", ratio("deliveries", "picows_deliveries"), ">= 0.9"
        ),
        Line("P11", "coalesced events/s, against picows uncoalesced", ratio("events", "picows_deliveries"), ">= 7"),
        Line("", cheaper, ratio("picows_cpu_us", "cpu_us_per_event")),
    ]


if __name__ == "__main__":
    main()
