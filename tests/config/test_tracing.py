from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from aigc.core.trace import Span, Traceparent
from config import tracing
from tests.otlp_kit import Collector, collecting


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as server:
        yield server


SPAN = Span(
    name="attempt", at=Traceparent("a" * 32, "b" * 16), parent_id="c" * 16, start=1.5, end=2.0,
    fields={"job": "j", "trace_id": "a" * 32}, error="model_error: bad luck",
)  # fmt: skip


def test_a_span_arrives_under_the_ids_that_the_log_has(collector: Collector) -> None:
    export, send = tracing.exporter(f"{collector.url}/", "broker")
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
