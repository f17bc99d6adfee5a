import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from structlog.testing import capture_logs

from aigc.core.trace import Span, Traceparent
from config import tracing


class Collector(HTTPServer):
    """Takes spans as any OTLP collector does, and keeps them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.came: list[ExportTraceServiceRequest] = []


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            import gzip

            body = gzip.decompress(body)
        assert self.path == "/v1/traces"
        self.server.came.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


SPAN = Span(
    name="attempt", at=Traceparent("a" * 32, "b" * 16), parent_id="c" * 16, start=1.5, end=2.0,
    fields={"job": "j", "trace_id": "a" * 32}, error="model_error: bad luck",
)  # fmt: skip


def test_a_span_arrives_under_the_ids_that_the_log_has(collector: Collector) -> None:
    export, send = tracing.exporter(f"http://127.0.0.1:{collector.server_address[1]}/", "broker")
    assert export is not None
    export(SPAN)
    send()
    (request,) = collector.came
    (resource,) = request.resource_spans
    (span,) = resource.scope_spans[0].spans
    assert (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()) == ("a" * 32, "b" * 16, "c" * 16)
    assert (span.name, span.start_time_unix_nano, span.end_time_unix_nano) == ("aigc attempt", 1_500_000_000, 2 * 10**9)
    assert span.status.message == "model_error: bad luck"
    told = {one.key: one.value.string_value for one in (*resource.resource.attributes, *span.attributes)}
    assert {"service.name": "aigc", "aigc.role": "broker", "aigc.job": "j"}.items() <= told.items()


def test_nobody_is_told_where_no_collector_is_named_or_no_package_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(tracing.ENDPOINT, raising=False)
    assert tracing.exporter("", "web")[0] is None
    monkeypatch.setattr(tracing, "PACKAGES", ("opentelemetry_that_is_not_there.sdk",))
    with capture_logs() as lines:
        assert tracing.exporter("http://127.0.0.1:9", "web")[0] is None
    assert lines[0]["do"] == "pip install 'aigc[tracing]'"
