"""The service under load against a hello world of the same moment: P1, P2, P6, P7 and P12.

    python -m bench.load [--mode multi] [--rounds 3] [--seconds 3]

One process (single) has one core and the load generator the other, and so has hello world. Several processes (multi)
share all cores with the load generator, and so does hello world then. Rounds of both alternate.
"""

import argparse
import itertools
import json
import os
import signal
import statistics
import time
from typing import Any

from bench.harness import (
    JOB,
    MODES,
    Figure,
    Line,
    Service,
    aigc_server,
    hello_server,
    keep,
    keep_folders,
    show,
)
from bench.http_load import Answer, Load, Script, play, request_bytes, run
from bench.parts import parts
from bench.usage import cpu_s

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
    parser.add_argument("--mode", choices=MODES, default="single")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    server_cpu = None
    if options.mode == "single":
        server_cpu = SERVER_CPU
        os.sched_setaffinity(0, {CLIENT_CPU})
    rounds: list[dict[str, float]] = []
    with keep_folders(), hello_server(server_cpu) as hello, aigc_server(options.mode, server_cpu) as service:
        warm(service)
        run(hello.port, lambda: HELLO, connections=64, seconds=1)
        for _ in range(options.rounds):
            rounds.append(one_round(hello, service, options.seconds))
    show(lines(rounds))
    keep(f"load-{options.mode}", rounds)


def one_round(hello: Service, service: Service, seconds: float) -> dict[str, float]:
    """Everything once: hello world, submissions at 64 connections with their drain, single calls."""
    yard, yard_cpu = measured(hello, HELLO, connections=64, seconds=seconds)
    before = cpu_s(service.pids)
    began = time.perf_counter()
    load = run(service.port, lambda: POST, connections=64, seconds=seconds)
    drained(service)
    drain_s = time.perf_counter() - began
    job_cpu = cpu_s(service.pids) - before
    alone = _without_worker(service, seconds)
    single = run(service.port, lambda: POST, connections=1, count=200)
    drained(service)
    single_hello = run(hello.port, lambda: HELLO, connections=1, count=200)
    waits = run(service.port, lambda: POST_WAIT, connections=1, count=200)
    together = run(service.port, lambda: POST_WAIT, connections=64, seconds=seconds)
    found = parts()
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
        "parts_ms": found.sum,
        "parts_with_result_ms": found.with_result,
        "sync_rate": together.rate,
        "gap_p50_ms": gap_ms(service),
        **alone,
    }


def _without_worker(service: Service, seconds: float) -> dict[str, float]:
    """Submissions while the worker stands still, as if it were another machine: what the way in costs by itself."""
    workers = service.parts().get("worker", [])
    if not workers:
        return {}
    others = [pid for pid in service.pids if pid not in workers]
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        before = cpu_s(others)
        load = run(service.port, lambda: POST, connections=64, seconds=seconds)
        used_s = cpu_s(others) - before
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
    drained(service)
    return {"submit_alone_rate": load.rate, "submit_alone_cpu_us": used_s / load.count * 1e6}


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

    def reader() -> Script:
        for job in ids:
            answer: Answer = yield request_bytes("GET", f"/api/v1/jobs/{job}")
            info = json.loads(answer.body)["info"]
            runs.append((info["began"], info["ended"]))

    play(service.port, [reader()])
    runs.sort()
    return statistics.median((later[0] - earlier[1]) * 1e3 for earlier, later in itertools.pairwise(runs))


def lines(rounds: list[dict[str, float]]) -> list[Line]:
    """What the rounds came to."""

    def figure(name: str) -> Figure:
        return Figure.of([values[name] for values in rounds])

    def ratio(above: str, below: str) -> Figure:
        return Figure.of([values[above] / values[below] for values in rounds])

    submits = "durable submissions/s, 64 connections, against hello world"
    alone: list[Line] = []
    if "submit_alone_rate" in rounds[0]:
        alone = [
            Line("", "the same while the worker stands still", ratio("submit_alone_rate", "hello_rate")),
            Line("", "CPU of such a submission, against hello world's", ratio("submit_alone_cpu_us", "hello_cpu_us")),
        ]
    job = "CPU of a job to its end, against hello world's request"
    results = "the same, against that sum with runner and durable file"
    return [
        Line("", "hello world, POST/s", figure("hello_rate")),
        Line("", "hello world, CPU of a request, µs", figure("hello_cpu_us")),
        Line("", "durable submissions/s", figure("submit_rate")),
        Line("", "jobs/s to their end, submitted and drained", figure("drain_rate")),
        Line("", "jobs/s with ?wait from 64 clients", figure("sync_rate")),
        Line("", "refused", figure("refused")),
        Line("P1", submits, ratio("submit_rate", "hello_rate"), ">= 0.80"),
        *alone,
        Line("P2", job, ratio("job_cpu_us", "hello_cpu_us"), "<= 1.8"),
        Line("P6", "submit p50, one client, against hello world's", ratio("submit_p50_ms", "hello_p50_ms")),
        Line("P6", "submit p99, 64 clients, ms", figure("submit_p99_64_ms")),
        Line("P7", "submit to done p50, one client that waits, ms", figure("done_p50_ms")),
        Line("P7", "the same, against the sum of its parts", ratio("done_p50_ms", "parts_ms"), "<= 1.3"),
        Line("", results, ratio("done_p50_ms", "parts_with_result_ms")),
        Line("P12", "gap between runs on a warm model p50, ms", figure("gap_p50_ms"), "<= 1"),
    ]


if __name__ == "__main__":
    main()
