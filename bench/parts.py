"""What the way of one job is made of, each part alone: the yardstick of P7.

python -m bench.parts

A job passes an HTTP request, two round trips between processes (gateway and broker, broker and worker) and two writes
of the store (its creation and its end). Our job also passes a third process, the runner, and leaves a durable file:
those are shown apart, since the sum that the goal names is without them.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import redis

from bench.harness import hello_server, redis_server
from bench.http_load import percentile, request_bytes, run
from bench.wire import round_trip_ms

CALLS = 300
RECORD = bytes(440)


class Parts(NamedTuple):
    """Medians in milliseconds, one at a time."""

    hello: float
    ipc: float
    store: float
    file: float

    @property
    def sum(self) -> float:
        """Hello world, two ways between processes and back, two writes of the store."""
        return self.hello + 2 * self.ipc + 2 * self.store

    @property
    def with_result(self) -> float:
        """The same with the way to the runner and back, and a result that survives a power cut."""
        return self.sum + self.ipc + self.file


def parts() -> Parts:
    """Every part, alone."""
    with hello_server() as hello:
        request = request_bytes("POST", "/", b'{"feature":"x"}')
        called = run(hello.port, lambda: request, connections=1, count=CALLS).percentile_ms(0.5)
    with redis_server() as server, redis.Redis.from_url(server.url) as client:
        write = client.register_script("redis.call('HSET', KEYS[1], 'r', ARGV[1]); redis.call('ZADD', KEYS[2], 1, 'a')")
        written = _median_ms(lambda: write(keys=["record", "index"], args=[RECORD]))
    with tempfile.TemporaryDirectory(prefix="aigc-bench-") as name:
        stored = _median_ms(lambda: _store(Path(name)))
    return Parts(called, round_trip_ms(), written, stored)


def _median_ms(call: Callable[[], object]) -> float:
    took = []
    for _ in range(CALLS):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1e3)
    return percentile(took, 0.5)


def _store(folder: Path) -> None:
    """A file and its name, durable."""
    aside, name = folder / "aside", folder / f"{time.monotonic_ns()}.glb"
    with aside.open("xb") as file:
        file.write(RECORD)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(name)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def main() -> None:
    """Print them."""
    found = parts()
    for name, value in found._asdict().items():
        print(f"{name:12} {value:.3f} ms")
    print(f"sum {found.sum:.2f} ms; with the runner and a durable file {found.with_result:.2f} ms")


if __name__ == "__main__":
    main()
