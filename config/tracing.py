"""Spans go to a collector by OTLP, where one is named and `pip install 'aigc[tracing]'` was run."""

import importlib.util
import os
from collections.abc import Callable
from typing import Any

import structlog

from aigc import __version__
from aigc.core.trace import Export, Span

log = structlog.get_logger()

PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""The variable that all programs with OpenTelemetry read."""


def nobody() -> tuple[Export | None, Callable[[], None]]:
    """Spans are not collected."""
    return None, lambda: None


def exporter(endpoint: str, role: str) -> tuple[Export | None, Callable[[], None]]:
    """What takes spans, and what sends the last of them off; None where nobody collects.

    Spans are sent by a thread in batches, and dropped when there are more than it can send: nobody waits for it.

    Args:
        endpoint: `http://collector:4318`; empty: as the environment says.
        role: what this process is, told with each span.
    """
    endpoint = endpoint or os.environ.get(ENDPOINT, "")
    if not endpoint:
        return nobody()
    if not is_installed():
        log.warning("tracing.off", reason="its packages are not installed", do="pip install 'aigc[tracing]'")
        return nobody()
    return _by_otlp(endpoint, role)


def is_installed() -> bool:
    """Whether spans can be sent."""
    try:
        return all(importlib.util.find_spec(name) is not None for name in PACKAGES)
    except ModuleNotFoundError:
        return False


def _by_otlp(endpoint: str, role: str) -> tuple[Export, Callable[[], None]]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    to = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    sending = BatchSpanProcessor(to)
    resource = Resource.create({"service.name": "aigc", "service.version": __version__, "aigc.role": role})

    def context(trace_id: str, span_id: str) -> SpanContext:
        return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=TraceFlags(1))

    def export(span: Span) -> None:
        fields: dict[str, Any] = {f"aigc.{name}": value for name, value in span.fields.items() if name != "trace_id"}
        sending.on_end(
            ReadableSpan(
                name=f"aigc {span.name}",
                context=context(span.at.trace_id, span.at.span_id),
                parent=context(span.at.trace_id, span.parent_id) if span.parent_id else None,
                resource=resource,
                attributes=fields,
                kind=SpanKind.SERVER if span.name == "accept" else SpanKind.INTERNAL,
                status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.UNSET),
                start_time=int(span.start * 1e9),
                end_time=int(span.end * 1e9),
            )
        )

    return export, sending.shutdown
