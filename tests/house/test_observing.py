"""What an operator sees from outside, in numbers, lines and traces; the same in one process and in several."""

import re
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from aigc.core.metrics.families import FAMILIES
from tests.house.kit import House, Server, eventually
from tests.promtool_kit import alerts, needs_promtool, promtool, questions


@pytest.fixture(scope="module")
def server(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two gateways where there are several processes; lines as JSON, all of them."""
    settings = {"server": {"workers": 2}, "logging": {"format": "json", "level": "debug"}, "worker": {"memory_gb": 4}}
    with house(tmp_path_factory.mktemp("house"), settings=settings) as running:
        yield running


def scrape(server: Server) -> str:
    # Each on a connection of its own: the kernel deals them out to whichever gateway accepts first.
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=60) as answer:
        return str(answer.read().decode())


def value(server: Server, name: str, **labels: str) -> float:
    """Sum of the samples with these labels."""
    samples = [sample for metric in parse(scrape(server)) for sample in metric.samples if sample.name == name]
    return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


def done(server: Server, model: str = "noop", **params: object) -> str:
    job = server.submit(model, **params)["id"]
    server.client.wait(job)
    return str(job)


@needs_promtool
def test_promtool_finds_nothing_wrong_with_a_real_answer_and_no_job_in_it(server: Server) -> None:
    job = done(server)
    found = scrape(server)
    promtool("check", "metrics", stdin=found)
    assert job not in found
    told = {name for name in re.findall(r"# TYPE (\w+)", found)}
    assert told == set(FAMILIES)
    for question in [*alerts().values(), *questions()]:
        names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\baigc_\w+", question)}
        assert names <= told


def test_every_gateway_tells_the_same_sums_and_they_never_fall(server: Server) -> None:
    before = value(server, "aigc_jobs_finished_total", status="completed")
    for _ in range(4):
        done(server)
    eventually(lambda: value(server, "aigc_jobs_submitted_total") >= before + 4)  # another gateway tells by and by
    seen = [value(server, "aigc_jobs_submitted_total") for _ in range(12)]
    assert seen == sorted(seen)
    finished = {value(server, "aigc_jobs_finished_total", status="completed", model="noop") for _ in range(12)}
    assert finished == {before + 4.0}
    requests = "aigc_http_request_duration_seconds_count"
    counts = [value(server, requests, route="/metrics", code="200") for _ in range(12)]
    assert counts == sorted(counts) and counts[-1] > counts[0]


def test_the_numbers_are_those_of_the_jobs(server: Server) -> None:
    job = server.client.job(done(server, "stepping", plan=[[0.5, "sampling", ""]]))
    task = {"task": "text_to_raw_mesh", "model": "stepping"}
    assert value(server, "aigc_job_run_seconds_count", **task) == 1.0
    assert value(server, "aigc_job_run_seconds_sum", **task) == pytest.approx(job["timings"]["running_s"])
    assert value(server, "aigc_model_load_seconds_count", model="stepping") == 1.0
    assert value(server, "aigc_worker_up") == 1.0
    assert value(server, "aigc_gpu_memory_total_bytes") == 4 << 30
    assert value(server, "aigc_websocket_connections") == 0.0
