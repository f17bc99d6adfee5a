"""What the link costs: raw blocking pyzmq, zmq.asyncio and our link, side by side.

Round trips a second with 1 and with 64 requests under way, and one-way messages a second, over inproc, ipc and tcp on
loopback, 263 bytes each. The three styles take turns (A B C A B C …) in one call, so that ratios within a table hold
even where the machine is shared; absolutes do not.

    python bench/wire.py --seconds 0.5 --rounds 3
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import zmq
import zmq.asyncio

from transport import Address, Codec, Dealer, Envelope, Overloaded, Router

PAYLOAD = bytes(263)
ECHO, FLOW, TELL = b"e", b"f", b"t"
FLOW_CHUNK = 256

STYLES = ("pyzmq", "zmq.asyncio", "link")
DEPTHS = {"rtt_1": 1, "rtt_64": 64}
MEASURES = (*DEPTHS, "one_way")


class Echo(msgspec.Struct, array_like=True, frozen=True, tag=1):
    """A request, and its answer."""

    payload: bytes


class Flow(msgspec.Struct, array_like=True, frozen=True, tag=2):
    """A message without an answer."""

    payload: bytes


class Tell(msgspec.Struct, array_like=True, frozen=True, tag=3):
    """How many `Flow` came?"""


class Told(msgspec.Struct, array_like=True, frozen=True, tag=4):
    """So many."""

    count: int


ToServer = Echo | Flow | Tell
ToClient = Echo | Told

# Servers: each echoes ECHO, counts FLOW and answers TELL, until it is told to stop.


def serve_pyzmq(context: Any, url: str, stop: threading.Event) -> None:
    """A thread or process that does nothing else."""
    socket = context.socket(zmq.ROUTER)
    socket.bind(url)
    count = 0
    while not stop.is_set():
        if not socket.poll(50):
            continue
        peer, frame = socket.recv_multipart()
        kind = frame[:1]
        if kind == FLOW:
            count += 1
        elif kind == ECHO:
            socket.send_multipart([peer, frame])
        else:
            socket.send_multipart([peer, str(count).encode()])
            count = 0
    socket.close(linger=0)


async def serve_asyncio(context: Any, url: str) -> None:
    """One await for each message received or sent."""
    socket = zmq.asyncio.Context(context).socket(zmq.ROUTER)
    socket.bind(url)
    count = 0
    try:
        while True:
            peer, frame = await socket.recv_multipart()
            kind = frame[:1]
            if kind == FLOW:
                count += 1
            elif kind == ECHO:
                await socket.send_multipart([peer, frame])
            else:
                await socket.send_multipart([peer, str(count).encode()])
                count = 0
    finally:
        socket.close(linger=0)


async def serve_link(context: Any, url: str) -> None:
    """Callbacks on batches; messages are typed, so this one decodes and encodes as well."""
    count = 0

    def serve(batch: list[tuple[bytes, Envelope[ToServer]]]) -> None:
        nonlocal count
        for peer, envelope in batch:
            for message in envelope.messages:
                if isinstance(message, Flow):
                    count += 1
                elif isinstance(message, Echo):
                    router.send(peer, message)
                else:
                    router.reply(peer, envelope.correlation, Told(count))
                    count = 0

    router: Router[ToClient, ToServer] = Router(context, Address.parse(url), Codec(ToServer), serve, boot="server")
    try:
        await asyncio.Event().wait()
    finally:
        router.close()


# Clients: one measure each; the rate in messages a second.


def measure_pyzmq(context: Any, url: str, measure: str, seconds: float) -> float:
    """Blocking calls only."""
    socket = context.socket(zmq.DEALER)
    socket.connect(url)
    try:
        end = time.perf_counter() + seconds
        if measure == "one_way":
            start = time.perf_counter()
            while time.perf_counter() < end:
                for _ in range(FLOW_CHUNK):
                    socket.send(FLOW + PAYLOAD[1:])
            socket.send(TELL)
            count = int(socket.recv())
            return count / (time.perf_counter() - start)
        for _ in range(DEPTHS[measure]):
            socket.send(ECHO + PAYLOAD[1:])
        start, count = time.perf_counter(), 0
        while time.perf_counter() < end:
            socket.send(socket.recv())
            count += 1
        return count / (time.perf_counter() - start)
    finally:
        socket.close(linger=0)


async def measure_asyncio(context: Any, url: str, measure: str, seconds: float) -> float:
    """One future for each call."""
    socket = zmq.asyncio.Context(context).socket(zmq.DEALER)
    socket.connect(url)
    try:
        end = time.perf_counter() + seconds
        if measure == "one_way":
            start = time.perf_counter()
            while time.perf_counter() < end:
                for _ in range(FLOW_CHUNK):
                    await socket.send(FLOW + PAYLOAD[1:])
                await asyncio.sleep(0)
            await socket.send(TELL)
            count = int(await socket.recv())
            return count / (time.perf_counter() - start)
        for _ in range(DEPTHS[measure]):
            await socket.send(ECHO + PAYLOAD[1:])
        start, count = time.perf_counter(), 0
        while time.perf_counter() < end:
            await socket.send(await socket.recv())
            count += 1
        return count / (time.perf_counter() - start)
    finally:
        socket.close(linger=0)


async def measure_link(context: Any, url: str, measure: str, seconds: float) -> float:
    """No future at all, but for the question at the end of a flow."""
    count = 0

    def on_batch(batch: list[Envelope[ToClient]]) -> None:
        nonlocal count
        for envelope in batch:
            for message in envelope.messages:
                dealer.send(message)
                count += 1

    dealer: Dealer[Any, ToClient] = Dealer(
        context, Address.parse(url), Codec(ToClient), on_batch, name="client", boot=f"c{time.perf_counter_ns()}"
    )
    try:
        await dealer.ask(Tell(), timeout_s=10)
        if measure == "one_way":
            return await _flow(dealer, seconds)
        for _ in range(DEPTHS[measure]):
            dealer.send(Echo(PAYLOAD))
        start, count = time.perf_counter(), 0
        await asyncio.sleep(seconds)
        return count / (time.perf_counter() - start)
    finally:
        dealer.close()


async def _flow(dealer: "Dealer[Any, ToClient]", seconds: float) -> float:
    start = time.perf_counter()
    message = Flow(PAYLOAD)
    while time.perf_counter() < start + seconds:
        try:
            for _ in range(FLOW_CHUNK):
                dealer.send(message)
            await asyncio.sleep(0)
        except Overloaded:
            await asyncio.sleep(0.001)
    while True:
        try:
            told: Any = await dealer.ask(Tell(), timeout_s=30)
            rate: float = told.count / (time.perf_counter() - start)
        except Overloaded:
            await asyncio.sleep(0.001)
        else:
            return rate


# One measure: a server beside the client, in its own process where the bytes leave ours.


def _process(style: str, url: str) -> None:
    context = zmq.Context()
    if style == "pyzmq":
        serve_pyzmq(context, url, threading.Event())
    else:
        asyncio.run({"zmq.asyncio": serve_asyncio, "link": serve_link}[style](context, url))


@contextmanager
def _server_process(style: str, url: str) -> Iterator[None]:
    process = multiprocessing.get_context("spawn").Process(target=_process, args=(style, url), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


async def _beside(serving: Any, measuring: Any) -> float:
    task = asyncio.ensure_future(serving)
    try:
        await asyncio.sleep(0)
        result: float = await measuring
        return result
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _inside(style: str, url: str, measure: str, seconds: float) -> float:
    """Client and server in one process: two threads for the blocking style, one loop for the others."""
    with zmq.Context() as context:
        if style == "zmq.asyncio":
            return asyncio.run(_beside(serve_asyncio(context, url), measure_asyncio(context, url, measure, seconds)))
        if style == "link":
            return asyncio.run(_beside(serve_link(context, url), measure_link(context, url, measure, seconds)))
        stop = threading.Event()
        thread = threading.Thread(target=serve_pyzmq, args=(context, url, stop))
        thread.start()
        try:
            return measure_pyzmq(context, url, measure, seconds)
        finally:
            stop.set()
            thread.join()


def _across(style: str, url: str, measure: str, seconds: float) -> float:
    with zmq.Context() as context:
        if style == "pyzmq":
            return measure_pyzmq(context, url, measure, seconds)
        client: Callable[..., Any] = measure_asyncio if style == "zmq.asyncio" else measure_link
        result: float = asyncio.run(client(context, url, measure, seconds))
        return result


def run(transports: list[str], seconds: float, rounds: int) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Rates by transport, measure and style, one for each round."""
    rates: dict[str, dict[str, dict[str, list[float]]]] = {
        transport: {measure: {style: [] for style in STYLES} for measure in MEASURES} for transport in transports
    }
    with tempfile.TemporaryDirectory() as folder:
        for transport in transports:
            for number in range(rounds):
                for style in STYLES:
                    for measure, rate in _round(transport, style, Path(folder), number, seconds).items():
                        rates[transport][measure][style].append(rate)
    return rates


def _round(transport: str, style: str, folder: Path, number: int, seconds: float) -> dict[str, float]:
    if transport == "inproc":
        return {measure: _inside(style, "inproc://wire", measure, seconds) for measure in MEASURES}
    url = f"ipc://{folder}/{style}{number}" if transport == "ipc" else f"tcp://127.0.0.1:{_free_port()}"
    with _server_process(style, url):
        _across(style, url, "rtt_1", 0.05)  # the server is up, and warm
        return {measure: _across(style, url, measure, seconds) for measure in MEASURES}


def round_trip_ms(seconds: float = 0.5) -> float:
    """One question and its answer over our link between two processes, one at a time, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"ipc://{folder}/echo"
        with _server_process("link", url):
            _across("link", url, "rtt_1", 0.05)
            return 1e3 / _across("link", url, "rtt_1", seconds)


def _free_port() -> int:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
        return socket.bind_to_random_port("tcp://127.0.0.1")


def report(rates: dict[str, dict[str, dict[str, list[float]]]]) -> str:
    """A table: medians with (min-max) in messages a second, and the link's ratio to the other two."""
    lines = ["| | " + " | ".join(STYLES) + " | link / zmq.asyncio | link / pyzmq |", "|---|---|---|---|---|---|"]
    for transport, measures in rates.items():
        for measure, styles in measures.items():
            medians = {style: statistics.median(values) for style, values in styles.items()}
            cells = [f"{medians[style]:,.0f} ({min(v):,.0f}-{max(v):,.0f})" for style, v in styles.items()]
            ratios = [f"{medians['link'] / medians[style]:.2f}" for style in ("zmq.asyncio", "pyzmq")]
            lines.append(f"| {transport} {measure} | " + " | ".join(cells + ratios) + " |")
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="raw pyzmq, zmq.asyncio and our link, side by side")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of each measure (default 0.5)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each style (default 3)")
    parser.add_argument("--transports", nargs="+", default=["inproc", "ipc", "tcp"], choices=["inproc", "ipc", "tcp"])
    parser.add_argument("--json", action="store_true", help="every rate, as JSON")
    options = parser.parse_args()
    rates = run(options.transports, options.seconds, options.rounds)
    print(json.dumps(rates, indent=2) if options.json else report(rates))


if __name__ == "__main__":
    main()
