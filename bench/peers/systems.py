"""Every system of the comparison, and how a client speaks to it. One HTTP process, one worker, one Redis each."""

import contextlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import NamedTuple

from bench.harness import JOB, Mode, Service, aigc_server, free_port, fresh_folder, process, redis_server, wait_for_port
from bench.http_load import request_bytes
from bench.peers.install import python_of


class Dialect(NamedTuple):
    """How a job is submitted and asked for."""

    submit: bytes
    ask: Callable[[str], bytes]
    is_done: Callable[[bytes], bool]
    job_of: Callable[[bytes], str] = lambda body: str(json.loads(body)["id"])
    is_synchronous: bool = False
    """The answer to the submission is the result."""


class System(NamedTuple):
    """One candidate."""

    name: str
    dialect: Dialect
    start: Callable[[], AbstractContextManager[Service]]
    keeps_files: bool = False
    """Its job leaves a file that survives a power cut; the others only return a value."""
    environment: str = ""
    """Which peer's environment it needs; empty: ours."""


OURS = Dialect(
    request_bytes("POST", "/api/v1/jobs", json.dumps(JOB).encode()),
    ask=lambda job: request_bytes("GET", f"/api/v1/jobs/{job}"),
    is_done=lambda body: b'"status":"completed"' in body,
)
PEERS = Dialect(
    request_bytes("POST", "/jobs", b'{"text": "x"}'),
    ask=lambda job: request_bytes("GET", f"/jobs/{job}"),
    is_done=lambda body: b'"done":true' in body,
)


@contextlib.contextmanager
def ours(mode: Mode, disk: str | None = None) -> Iterator[Service]:
    """This server."""
    with aigc_server(mode, disk=disk) as service:
        yield service


@contextlib.contextmanager
def peer(environment: str, worker: str, keeps_files: bool = False) -> Iterator[Service]:
    """An HTTP process, a worker process (the module `worker` with its arguments), and a Redis of their own."""
    python = str(python_of(environment))
    with ExitStack() as opened:
        redis = opened.enter_context(redis_server())
        folder = str(opened.enter_context(fresh_folder())) if keeps_files else ""
        port = free_port()
        told = {"BENCH_REDIS": redis.url, "BENCH_PORT": str(port), "BENCH_FOLDER": folder, **TUNED}
        hands = opened.enter_context(process([python, "-m", *worker.split()], environment=told, quiet=True))
        front = opened.enter_context(
            process([python, "-m", f"bench.peers.{environment}_app"], environment=told, quiet=True)
        )
        wait_for_port(port)
        yield Service(port, (front.pid, hands.pid, redis.pid))


@contextlib.contextmanager
def litserve() -> Iterator[Service]:
    """LitServe starts its worker itself and needs no Redis."""
    port = free_port()
    command = [str(python_of("litserve")), "-m", "bench.peers.litserve_app"]
    with process(command, environment={"BENCH_PORT": str(port)}, quiet=True) as child:
        wait_for_port(port)
        yield Service(port, (child.pid,))


TUNED = {"dramatiq_queue_prefetch": "64"}
DRAMATIQ = "dramatiq bench.peers.dramatiq_app --processes 1 --threads 8"
CELERY = (
    "celery --quiet --app bench.peers.celery_app worker --loglevel WARNING --concurrency 1"
    " --without-gossip --without-mingle --without-heartbeat"
)
TASKIQ = (
    "taskiq worker bench.peers.taskiq_app:broker --workers 1 --log-level WARNING"
    " --max-async-tasks 100 --max-prefetch 64"
)

SYSTEMS = (
    System("ours", OURS, partial(ours, "multi"), keeps_files=True),
    System("ours, files in memory", OURS, partial(ours, "multi", "/dev/shm")),
    System("ours, one process", OURS, partial(ours, "single"), keeps_files=True),
    System("Dramatiq, 8 threads", PEERS, partial(peer, "dramatiq", DRAMATIQ), environment="dramatiq"),
    System("Taskiq, list", PEERS, partial(peer, "taskiq", TASKIQ), environment="taskiq"),
    System("Celery, prefork", PEERS, partial(peer, "celery", CELERY), environment="celery"),
    System("Celery, solo", PEERS, partial(peer, "celery", f"{CELERY} --pool solo"), environment="celery"),
    System("LitServe", PEERS._replace(is_synchronous=True), litserve, environment="litserve"),
    System(
        "Dramatiq with files",
        PEERS,
        partial(peer, "dramatiq", DRAMATIQ, keeps_files=True),
        keeps_files=True,
        environment="dramatiq",
    ),
)
