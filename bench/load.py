"""The service under load against a hello world of the same moment: P1, P2, P6, P7, P12, and raw ZeroMQ for scale.

    python -m bench.load [--rounds 3] [--seconds 3]

The server has one core, the load generator the other. Rounds of hello world and the service alternate.
"""

import argparse
import itertools
import json
import os
import statistics
import time
from typing import Any

from bench.harness import JOB, Figure, Service, aigc_server, cpu_s, hello_server, keep, row
from bench.http_load import Load, request_bytes, run

SERVER_CPU, CLIENT_CPU = 0, 1
BODY = json.dumps(JOB).encode()
POST = request_bytes("POST", "/api/v1/jobs", BODY)
POST_WAIT = request_bytes("POST", "/api/v1/jobs?wait=30", BODY)
HELLO = request_bytes("POST", "/", BODY)


def measured(service: Service, request: bytes, **how: Any) -> tuple[Load, float]:
    """A run, and the CPU seconds that the whole service used for it and for what it left to do."""
    before = cpu_s(service.pids)
    load = run(service.port, lambda: request, **how)
    return load, cpu_s(service.pids) - before


def drained(service: Service) -> None:
    """Wait until nothing waits or runs."""
    ask = request_bytes("GET", "/api/v1/system/jobs/queue/stats")
    while True:
        answers: list[bytes] = []
        run(service.port, lambda: ask, connections=1, count=1, on_answer=answers.append)
        data = json.loads(answers[0])["data"]
        if data["pending_jobs"] == data["processing_jobs"] == 0:
            return
        time.sleep(0.2)


def warm(service: Service) -> None:
    """The model is loaded, caches are filled."""
    run(service.port, lambda: POST_WAIT, connections=1, count=20)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    os.sched_setaffinity(0, {CLIENT_CPU})
    rounds: list[dict[str, float]] = []
    with hello_server(SERVER_CPU) as hello, aigc_server(SERVER_CPU) as service:
        warm(service)
        run(hello.port, lambda: HELLO, connections=64, seconds=1)
        for _ in range(options.rounds):
            rounds.append(one_round(hello, service, options.seconds))
    report(rounds)


def one_round(hello: Service, service: Service, seconds: float) -> dict[str, float]:
    """Everything once: hello world, submissions at 64 connections with their drain, single calls."""
    yard, yard_cpu = measured(hello, HELLO, connections=64, seconds=seconds)
    before = cpu_s(service.pids)
    began = time.perf_counter()
    load = run(service.port, lambda: POST, connections=64, seconds=seconds)
    drained(service)
    drain_s = time.perf_counter() - began
    job_cpu = cpu_s(service.pids) - before
    single = run(service.port, lambda: POST, connections=1, count=200)
    drained(service)
    single_hello = run(hello.port, lambda: HELLO, connections=1, count=200)
    waits = run(service.port, lambda: POST_WAIT, connections=1, count=200)
    together = run(service.port, lambda: POST_WAIT, connections=64, seconds=seconds)
    return {
        "hello_rate": yard.rate,
        "hello_cpu_us": yard_cpu / yard.count * 1e6,
        "submit_rate": load.rate,
        "refused": load.refused + waits.refused + together.refused,
        "job_cpu_us": job_cpu / load.count * 1e6,
        "drain_rate": load.count / drain_s,
        "submit_p99_64_ms": load.percentile_ms(0.99),
        "submit_p50_ms": single.percentile_ms(0.5),
        "hello_p50_ms": single_hello.percentile_ms(0.5),
        "done_p50_ms": waits.percentile_ms(0.5),
        "sync_rate": together.rate,
        "gap_p50_ms": gap_ms(service),
    }


def gap_ms(service: Service, jobs: int = 300) -> float:
    """Median time between the end of one run and the beginning of the next, of jobs that wait in a row."""
    ids: list[str] = []
    run(
        service.port,
        lambda: POST,
        connections=16,
        count=jobs,
        on_answer=lambda body: ids.append(json.loads(body)["id"]),
    )
    drained(service)
    runs: list[tuple[float, float]] = []
    for job in ids:
        answers: list[bytes] = []
        ask = request_bytes("GET", f"/api/v1/jobs/{job}")
        run(service.port, lambda ask=ask: ask, connections=1, count=1, on_answer=answers.append)
        info = json.loads(answers[0])["info"]
        runs.append((info["began"], info["ended"]))
    runs.sort()
    return statistics.median((later[0] - earlier[1]) * 1e3 for earlier, later in itertools.pairwise(runs))


def report(rounds: list[dict[str, float]]) -> None:
    """Print the table and keep the figures."""

    def figure(name: str) -> Figure:
        return Figure.of([values[name] for values in rounds])

    def ratio(above: str, below: str) -> Figure:
        return Figure.of([values[above] / values[below] for values in rounds])

    print(f"hello world: {figure('hello_rate'):.0f} POST/s, {figure('hello_cpu_us'):.1f} us CPU each")
    print(f"service: {figure('submit_rate'):.0f} durable submissions/s, {figure('drain_rate'):.0f} jobs/s to the end")
    print(f"         {figure('sync_rate'):.0f} jobs/s with ?wait from 64 clients, refused {figure('refused'):.0f}")
    row(
        "P1",
        "durable submissions/s, 64 connections, against hello world",
        f"{ratio('submit_rate', 'hello_rate')}",
        ">= 0.80",
    )
    row(
        "P2",
        "CPU per job to its end, against hello world's request",
        f"{ratio('job_cpu_us', 'hello_cpu_us')}",
        "<= 1.8",
    )
    row(
        "P6",
        "submit p50, one client, against hello world's",
        f"{ratio('submit_p50_ms', 'hello_p50_ms')}",
        "(peers: issue 3)",
    )
    row("", "submit p99, 64 clients, ms", f"{figure('submit_p99_64_ms')}", "")
    row("P7", "submit to done p50, one client, ms", f"{figure('done_p50_ms')}", "see parts")
    row("P12", "gap between runs on a warm model p50, ms", f"{figure('gap_p50_ms')}", "<= 1")
    keep("load", rounds)


if __name__ == "__main__":
    main()
