"""What one system does with one client, with 64 polling clients, and with a backlog."""

import itertools
import time
from collections.abc import Callable
from typing import NamedTuple

from bench.harness import Service
from bench.http_load import Answer, Script, percentile, play
from bench.peers.systems import Dialect, System
from bench.usage import cpu_s

CLIENTS = 64
BACKLOG = 2048
PAUSES_S = (0.005, 0.01, 0.02, 0.04, 0.08, 0.1)
"""Between the questions of one polling client; the last one repeats."""


class Log:
    """What clients saw: times in milliseconds."""

    def __init__(self) -> None:
        self.submits_ms: list[float] = []
        self.visibles_ms: list[float] = []


def client(dialect: Dialect, log: Log, more: Callable[[], bool], pauses_s: tuple[float, ...] = PAUSES_S) -> Script:
    """Submits a job, asks until it is done, and begins again while there is `more`. Raises RuntimeError if refused."""
    while more():
        began = time.perf_counter()
        answer: Answer = yield dialect.submit
        _insist(answer)
        log.submits_ms.append(answer.ms)
        if not dialect.is_synchronous:
            yield from _until_done(dialect, dialect.job_of(answer.body), pauses_s)
        log.visibles_ms.append((time.perf_counter() - began) * 1e3)


def _until_done(dialect: Dialect, job: str, pauses_s: tuple[float, ...]) -> Script:
    for pause_s in itertools.chain(pauses_s, itertools.repeat(pauses_s[-1])):
        yield pause_s
        answer: Answer = yield dialect.ask(job)
        _insist(answer)
        if dialect.is_done(answer.body):
            return


def _insist(answer: Answer) -> None:
    if not answer.is_fine:
        raise RuntimeError(f"refused: {answer.body[:500]!r}")


def _times(count: int) -> Callable[[], bool]:
    """True so many times."""
    left = itertools.repeat(True, count)
    return lambda: next(left, False)


class Round(NamedTuple):
    """One system, once."""

    start_s: float
    """From the first process until the first job was seen to be done."""
    submit_p50_ms: float
    submit_p99_ms: float
    visible_p50_ms: float
    jobs_per_s: float
    """With 64 polling clients, like the next three."""
    submit_64_p99_ms: float
    visible_64_p50_ms: float
    cpu_64_s: float
    """Seconds of CPU per 1,000 jobs, all processes of the server and Redis."""
    drain_per_s: float | None
    drain_cpu_s: float | None
    drain_submits_per_s: float | None


def one_round(system: System, seconds: float) -> Round:
    """Start the system, measure everything once, end it."""
    began = time.perf_counter()
    with system.start() as service:
        play(service.port, [client(system.dialect, Log(), _times(1), (0.002,))])
        start_s = time.perf_counter() - began
        play(service.port, [client(system.dialect, Log(), _times(10)) for _ in range(16)])  # whatever warms up
        single = Log()
        play(service.port, [client(system.dialect, single, _times(200), (0.002,))])
        many, cpu_64_s, took_s = _together(system, service, seconds)
        drained = None if system.dialect.is_synchronous else _drain(system.dialect, service)
    return Round(
        start_s=start_s,
        submit_p50_ms=percentile(single.submits_ms, 0.5),
        submit_p99_ms=percentile(single.submits_ms, 0.99),
        visible_p50_ms=percentile(single.visibles_ms, 0.5),
        jobs_per_s=len(many.visibles_ms) / took_s,
        submit_64_p99_ms=percentile(many.submits_ms, 0.99),
        visible_64_p50_ms=percentile(many.visibles_ms, 0.5),
        cpu_64_s=cpu_64_s / len(many.visibles_ms) * 1e3,
        drain_per_s=drained and drained[0],
        drain_cpu_s=drained and drained[1],
        drain_submits_per_s=drained and drained[2],
    )


def _together(system: System, service: Service, seconds: float) -> tuple[Log, float, float]:
    """64 polling clients for so long and until their last job is done."""
    log = Log()
    before = cpu_s(service.pids)
    until = time.perf_counter() + seconds
    clients = [client(system.dialect, log, lambda: time.perf_counter() < until) for _ in range(CLIENTS)]
    took_s = play(service.port, clients)
    return log, cpu_s(service.pids) - before, took_s


def _drain(dialect: Dialect, service: Service) -> tuple[float, float, float]:
    """A backlog submitted by 64 clients that do not look back: jobs/s, CPU seconds per 1,000, submissions/s.

    It has ended when the jobs that were submitted last are done: every system here is first in, first out. That all
    others are done too is looked at afterwards.
    """
    jobs: list[str] = []
    more = _times(BACKLOG)

    def submitter() -> Script:
        while more():
            answer: Answer = yield dialect.submit
            _insist(answer)
            jobs.append(dialect.job_of(answer.body))

    def watcher(those: list[str]) -> Script:
        for job in those:
            yield from _until_done(dialect, job, (0.005,))

    before = cpu_s(service.pids)
    submitted_s = play(service.port, [submitter() for _ in range(CLIENTS)])
    took_s = submitted_s + play(service.port, [watcher(jobs[-CLIENTS:])])
    used_s = cpu_s(service.pids) - before
    play(service.port, [watcher(jobs[first::16]) for first in range(16)])
    return BACKLOG / took_s, used_s / BACKLOG * 1e3, BACKLOG / submitted_s
