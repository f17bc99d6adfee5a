"""The one place where logging is set up: lines for people on a terminal, JSON elsewhere, and no secrets in either."""

import logging
import os
import re
import sys
from collections.abc import Callable
from typing import Any, Literal

import structlog

PRIORITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
"""What the journal calls these levels (sd-daemon(3)); `journalctl -p warning` goes by it."""

HIDDEN = "***"
SECRETS = frozenset({"password", "secret", "token", "authorization", "cookie", "api_key", "key_id"})
"""Fields whose values are nobody's business, whatever they are."""
_USER = re.compile(r"(?<=://)[^/@\s]*@")
"""User and password of a URL."""
_QUERY = re.compile(r"(://[^\s?'\"]*|/[^\s?'\"]*)\?[^\s'\"]*")
"""The query of a URL: a signature may be in it."""
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}")


def configure(level: str, form: Literal["auto", "console", "json"]) -> None:
    """Send structlog's and the standard library's records to standard error."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    plain = structlog.dev.plain_traceback  # a traceback is text by then
    renderer: Any = structlog.processors.JSONRenderer()
    if console:
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=plain)
    if _is_read_by_journal():
        renderer = _with_priority(renderer)
    number = getattr(logging, level.upper())
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    # Libraries have their say when something is wrong; their chatter is not ours to print.
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger("aiohttp.server").addFilter(_is_ours)


def hide_secrets(logger: Any, method: str, event: Any) -> Any:
    """No password, token or signature is left in the line: whoever reads a log may not be whoever may act."""
    for name, value in event.items():
        if name in SECRETS:
            event[name] = HIDDEN
        elif isinstance(value, str) and len(value) > 6:
            event[name] = without_secrets(value)
    return event


def without_secrets(text: str) -> str:
    """The text with the passwords and queries of its URLs, and what stands behind `Bearer`, left out."""
    if "?" in text:
        text = _QUERY.sub(rf"\1?{HIDDEN}", text)
    if "://" in text:
        text = _USER.sub(f"{HIDDEN}@", text)
    lower = text.lower()
    return _BEARER.sub(rf"\1 {HIDDEN}", text) if "bearer " in lower or "basic " in lower else text


def _is_read_by_journal() -> bool:
    """True where systemd takes what this process writes to standard error, systemd.exec(5)."""
    found = os.fstat(sys.stderr.fileno())
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def _with_priority(renderer: Any) -> Callable[[Any, str, Any], str]:
    def render(logger: Any, method: str, event: Any) -> str:
        priority = PRIORITIES.get(event.get("level", "info"), 6)  # before the renderer takes the level out
        return f"<{priority}>{renderer(logger, method, event)}"

    return render


def _is_ours(record: logging.LogRecord) -> bool:
    """False for a request against HTTP's rules: its sender is told, and shall not fill the log with tracebacks."""
    from aiohttp.http_exceptions import HttpProcessingError  # here: only gateways load it at all

    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))
