"""What an operator sees from outside, in numbers, lines and traces; the same in one process and in several."""

import contextlib
import io
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from aigc.core.metrics.families import FAMILIES
from config import cli
from tests.house.kit import House, Server, eventually
from tests.promtool_kit import alerts, needs_promtool, promtool, questions
from tests.redis_kit import free_port


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


def test_one_trace_goes_from_the_clients_request_to_what_the_model_prints(server: Server) -> None:
    trace, request = "4bf92f3577b34da6a3ce929d0e0e4736", "studio-0815"
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
    assert span != "00f067aa0ba902b7", "the attempt has a span of its own"


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


def diagnosed(server: Server, monkeypatch: pytest.MonkeyPatch, port: int, **more: str) -> dict[str, dict[str, str]]:
    """What the doctor says, by code, when it is started with the options of a server at that port."""
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    out = io.StringIO()
    arguments = ["--config", str(server.settings_file), "--data", str(server.data), "--port", str(port), "--json"]
    with contextlib.redirect_stdout(out):
        code = cli.run(["doctor", *arguments])
    found = {finding["code"]: finding for finding in json.loads(out.getvalue())}
    assert code == int(any(finding["level"] == "wrong" for finding in found.values()))
    return found


def test_the_doctor_knows_a_server_of_ours_from_one_that_is_in_the_way(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.checkup.models.models", lambda catalogue: iter(()))  # tried elsewhere; takes seconds
    port = int(server.url.rpartition(":")[2])
    found = diagnosed(server, monkeypatch, port)
    assert found["server"]["level"] == "fine" and "healthy" in found["server"]["what"]
    assert "data_in_use" not in found
    # A second server on the same folder would not start: that is said before it is tried.
    assert diagnosed(server, monkeypatch, free_port())["data_in_use"]["level"] == "wrong"
    other = diagnosed(server, monkeypatch, port, P3D_LIMITS__QUEUE="7")
    assert "limits.queue is 7 here and 10000 at the broker" in other["settings_differ"]["what"]
