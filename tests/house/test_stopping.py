"""SIGTERM at any moment, once and twice, with jobs that end in time and others; exit codes, and what is said."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.house.init_kit import Service
from tests.house.kit import UP, Server, descendants, eventually, gone
from tests.house.site_kit import Site, started

KINDS: dict[str, Callable[[Site], Service]] = {
    "broker": lambda site: site.broker(),
    "web": lambda site: site.web(),
    "worker": lambda site: site.worker(),
}
IN_ORDER = (0, -signal.SIGTERM)
"""What systemd takes for an orderly end: also a death by SIGTERM, before anybody listens to it."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as opened:
        yield Site(tmp_path, opened, worker={"drain_s": 1})


def lasting(site: Site) -> str:
    """A job that runs, and would for ten minutes."""
    job: str = site.client.submit("text_to_raw_mesh", model="noop", text="x", params={"sleep_s": 600, "steps": 6000})[
        "id"
    ]
    assert any(event["type"] == "job.progress" for event in site.client.events(job))
    return job


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("after_s", [0.0, 0.4, 0.9])
def test_a_process_can_be_ended_while_it_starts(site: Site, kind: str, after_s: float) -> None:
    service = KINDS[kind](site)
    service.spawn()
    pid = service.pid
    time.sleep(after_s)  # into the middle of its start, wherever that is
    family = descendants(pid)
    assert service.stop() in IN_ORDER, service.tail()
    assert gone(family, within_s=60)
    assert "Traceback" not in service.tail()


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_process_says_when_it_is_ready_and_when_it_has_ended(site: Site, kind: str) -> None:
    service = KINDS[kind](site)
    service.start()
    service.signal(signal.SIGHUP)  # `systemctl reload` ends nobody
    service.signal(signal.SIGTERM)
    service.heard("STOPPING=1")
    assert service.wait() == 0
    events = [json.loads(line)["event"] for line in service.tail().splitlines() if line.startswith("{")]
    # A supervisor and its two children, and whom the reload has put in their place by then.
    assert events.count("server.stopped") in (range(3, 6) if kind == "web" else (1,))
    assert events[-1] == "server.stopped"


def test_a_job_that_outlasts_the_drain_is_handed_back_and_counts_as_no_failure(site: Site) -> None:
    broker, web, worker = site.broker(), site.web(1), site.worker()
    started(broker, web, worker)
    job = lasting(site)
    family = descendants(worker.pid)
    assert worker.stop() == 0
    assert gone(family, within_s=60), "its runners are gone with it"
    eventually(lambda: site.client.job(job)["status"] == "queued")
    record = site.client.job(job)
    assert record["failures"] == []
    worker.start()
    assert any(event["type"] == "job.progress" for event in site.client.events(job, since=record["seq"]))
    record = site.client.job(job)
    assert (record["status"], record["attempt"], record["failures"]) == ("processing", 2, [])


def test_a_second_sigterm_does_not_wait_for_the_drain(tmp_path: Path) -> None:
    with ExitStack() as opened:
        site = Site(tmp_path, opened, worker={"drain_s": 600})
        broker, web, worker = site.broker(), site.web(1), site.worker()
        started(broker, web, worker)
        job = lasting(site)
        worker.signal(signal.SIGTERM)
        worker.heard("STOPPING=1")
        assert worker.stop() == 0
        eventually(lambda: site.client.job(job)["status"] == "queued")
        assert site.client.job(job)["failures"] == []


def test_whoever_is_in_a_hurry_is_heard_by_the_children_of_a_supervisor(tmp_path: Path) -> None:
    with Server(tmp_path, mode=UP, settings={"worker": {"drain_s": 600, "memory_gb": 4}}) as server:
        job = server.submit(sleep_s=600, steps=6000)["id"]
        assert any(event["type"] == "job.progress" for event in server.client.events(job))
        process = server.process
        assert process is not None

        def has_ended() -> bool:
            process.send_signal(signal.SIGTERM)  # the first reaches the gateways, a later one the worker
            return process.poll() is not None

        eventually(has_ended)
        assert server.stop() in IN_ORDER
