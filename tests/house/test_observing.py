"""What an operator sees from outside, in numbers, lines and traces; the same in one process and in several."""

import contextlib
import io
import json
import re
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from aigc.core.metrics.families import FAMILIES
from config import cli
from config.checkup import others, places
from config.settings import load
from tests.house.kit import SERVE, UP, House, Server, eventually, mainly
from tests.otlp_kit import Collector, collecting
from tests.promtool_kit import alerts, needs_promtool, promtool, questions
from tests.redis_kit import free_port

pytestmark = pytest.mark.parametrize("mode", mainly(UP), indirect=True)
"""What is looked at here is the same code in both modes, with more between its parts in this one."""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as running:
        yield running


@pytest.fixture(scope="module")
def server(house: House, collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two gateways where there are several processes; lines as JSON, all of them; spans are collected."""
    settings = {
        "server": {"workers": 2},
        "worker": {"memory_gb": 4},
        "logging": {"format": "json", "level": "debug"},
        "tracing": {"endpoint": collector.url},
    }
    made = house(tmp_path_factory.mktemp("house"), settings=settings)
    with closing_after(made.start(OTEL_BSP_SCHEDULE_DELAY="100")) as running:
        yield running


@contextlib.contextmanager
def closing_after(running: Server) -> Iterator[Server]:
    try:
        yield running
    finally:
        running.__exit__()


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


def test_a_broker_that_takes_over_counts_anew_and_says_that_it_is_another(server: Server, mode: str) -> None:
    if mode == SERVE:
        pytest.skip("a broker that ends takes the only process with it; counters begin anew as of any process")
    done(server)
    before = value(server, "aigc_broker_generation")
    assert value(server, "aigc_jobs_finished_total") > 0.0
    server.kill("broker")
    eventually(lambda: value(server, "aigc_broker_generation") > before, within_s=60)
    done(server)
    # Less than one scrape ago: that is what Prometheus calls a counter reset. Counts that were kept a little too low
    # would be one as well, and all of them would be added once more.
    assert value(server, "aigc_jobs_finished_total") == 1.0


def lines(server: Server) -> list[dict[str, Any]]:
    """All that its processes have written; each line is one object."""
    return [json.loads(line) for line in server.log.read_text().splitlines()]


def posted(server: Server, body: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    request = urllib.request.Request(
        f"{server.url}/api/v1/jobs", json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error), dict(error.headers)


def asked(model: str, **params: Any) -> dict[str, Any]:
    return {"feature": "text_to_raw_mesh", "model": model, "inputs": {"text": {"text": "x"}}, "params": params}


def test_one_trace_goes_from_the_clients_request_to_what_the_model_prints(server: Server, collector: Collector) -> None:
    trace, request = secrets.token_hex(16), "studio-0815"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "X-Request-ID": request}
    _, job, answered = posted(server, asked("telling", fail=True), **headers)
    assert answered["X-Request-Id"] == request
    ended = server.client.wait(job["id"])
    assert (ended["status"], ended["trace_id"], ended["request_id"]) == ("failed", trace, request)

    def told() -> dict[str, dict[str, Any]]:
        return {line["event"]: line for line in lines(server) if line.get("trace_id") == trace}

    wanted = {"job.accepted", "attempt.begun", "runner.printed", "attempt.failed", "job.failed"}
    eventually(lambda: wanted <= told().keys() and "told to fail" in told()["runner.printed"]["text"])
    for event in wanted:
        line = told()[event]
        assert (line["job"], line["request"]) == (job["id"], request), event
        assert event == "job.accepted" or (line["attempt"], line["worker"]) == (1, "worker-0"), event
    printed = "".join(line["text"] for line in lines(server) if line["event"] == "runner.printed")
    (span,) = re.findall(rf"I am in 00-{trace}-([0-9a-f]{{16}})-01", printed)
    eventually(lambda: {"aigc accept", "aigc wait", "aigc attempt"} <= collector.spans(trace).keys())
    spans = collector.spans(trace)
    accept, attempt = spans["aigc accept"], spans["aigc attempt"]
    assert accept.parent_span_id.hex() == "00f067aa0ba902b7", "the client's own span"
    assert spans["aigc wait"].parent_span_id == attempt.parent_span_id == accept.span_id
    assert attempt.span_id.hex() == span and "told to fail" in attempt.status.message


def test_no_secret_and_no_signature_gets_into_the_log(server: Server) -> None:
    secret = "s3cr3t0f0urs"
    signed = f"http://127.0.0.1:9/a.png?X-Amz-Signature={secret}"
    body = {"feature": "image_to_raw_mesh", "inputs": {"image": {"url": signed}}}
    code, problem, _ = posted(server, body, Authorization=f"Bearer {secret}", Cookie=f"session={secret}")
    assert code >= 400 and problem["request_id"]
    posted(server, asked("raising", why=f"https://u:{secret}@host/x?token={secret}"))
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(f"{server.url}/api/v1/system/status?token={secret}", timeout=60)
    done(server)
    assert secret not in server.log.read_text()


def test_the_doctor_knows_a_server_of_ours_from_one_that_is_in_the_way(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.checkup.models.models", lambda catalogue: iter(()))  # tried elsewhere; takes seconds
    port, out = int(server.url.rpartition(":")[2]), io.StringIO()
    options = ["--config", str(server.settings_file), "--data", str(server.data), "--port", str(port)]
    with contextlib.redirect_stdout(out):
        code = cli.run(["doctor", *options, "--json"])
    found = {finding["code"]: finding for finding in json.loads(out.getvalue())}
    assert code == int(any(finding["level"] == "wrong" for finding in found.values()))
    assert found["server"]["level"] == "fine" and "healthy" in found["server"]["what"]
    assert "data_in_use" not in found

    flags = {"storage.data_dir": str(server.data), "server.port": free_port(), "limits.queue": 7}
    other = load(server.settings_file, flags=flags).settings
    # A second server on the same folder would not start: that is said before it is tried.
    assert "data_in_use" in {finding.code for finding in places.address(other)}
    (differs,) = others.agreement(other, server.url)
    assert "limits.queue is 7 here and 10000 at the broker" in differs.what
