"""The one place where logging is set up: lines for people on a terminal, JSON elsewhere, and no secrets in either."""

import logging
import os
import sys
from collections.abc import Callable
from typing import Any, Literal

import msgspec
import structlog

from actors.log_files import LogFile
from aigc.core.secrets import HIDDEN, is_secret, without_secrets

OURS = "aigc"
"""What our own log is called among those of libraries."""

PRIORITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
"""What the journal calls these levels (sd-daemon(3)); `journalctl -p warning` goes by it."""

_NUMBERS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
"""Of structlog's methods; the others are errors."""


class Levels:
    """From which level on this process logs, until it ends; implements `web.compat_logs.Levels`."""

    ours = logging.INFO

    def __init__(self) -> None:
        self._configured: dict[str, int] = {}  # of those that were changed

    def known(self) -> dict[str, str]:
        """Our own log, `root` for all libraries together, and every library's that has one."""
        libraries = {
            name: logging.getLevelName(logger.getEffectiveLevel())
            for name, logger in sorted(logging.Logger.manager.loggerDict.items())
            if isinstance(logger, logging.Logger)
        }
        together = logging.getLogger()
        return {OURS: logging.getLevelName(self.ours), together.name: logging.getLevelName(together.level), **libraries}

    def change(self, name: str, level: str) -> None:
        """From now on. `level` is one of the standard library's, in capitals; empty: as before the first change."""
        before = self.ours if name == OURS else logging.getLogger(name).level
        configured = self._configured.setdefault(name, before)
        wanted = getattr(logging, level) if level else configured
        if name == OURS:
            self.ours = wanted
        else:
            logging.getLogger(name).setLevel(wanted)


levels = Levels()
"""Of this process, which has one log."""

_Unfiltered: Any = structlog.make_filtering_bound_logger(logging.DEBUG)


class _Logger(_Unfiltered):  # type: ignore[misc]
    """Asks for the level at each line, and before anything else: what is not written is to cost nothing.

    Not structlog's own filter: that one is part of every logger that was ever made, and cannot be moved.
    """

    def is_enabled_for(self, level: int) -> bool:
        """Whether such a line is written: for who would take pains to make one."""
        return level >= levels.ours

    def _proxy_to_logger(self, method: str, event: str | None = None, /, **fields: Any) -> Any:
        if _NUMBERS.get(method, logging.ERROR) >= levels.ours:
            return super()._proxy_to_logger(method, event, **fields)
        return None


def configure(level: str, form: Literal["auto", "console", "json"], file: LogFile | None = None) -> None:
    """Send structlog's and the standard library's records to standard error, and to a file as JSON, without secrets."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
        *([_into(file)] if file is not None else []),
    ]
    plain = structlog.dev.plain_traceback  # a traceback is text by then
    renderer: Any = structlog.processors.JSONRenderer(serializer=_as_json)
    if console:
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=plain)
    if _is_read_by_journal():
        renderer = _with_priority(renderer)
    levels.ours = getattr(logging, level.upper())
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=_Logger,
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[_named, *shared],
        )
    )
    # Libraries have their say when something is wrong; their chatter is not ours to print.
    logging.basicConfig(level=max(levels.ours, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger("aiohttp.server").addFilter(_is_ours)


def _as_json(event: dict[str, Any], **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()


def hide_secrets(logger: Any, method: str, event: Any) -> Any:
    """No password, token or signature is left in the line: whoever reads a log may not be whoever may act."""
    for name, value in event.items():
        event[name] = _hidden(name, value)
    return event


def _hidden(name: str, value: Any) -> Any:
    if is_secret(name):
        return HIDDEN
    if isinstance(value, str):
        return without_secrets(value) if len(value) > 6 else value
    if isinstance(value, dict):
        return {inner: _hidden(str(inner), one) for inner, one in value.items()}
    return [_hidden("", one) for one in value] if isinstance(value, list | tuple) else value


def _named(logger: Any, method: str, event: Any) -> Any:
    """A library's record knows its name."""
    event["logger"] = event["_record"].name
    return event


def _into(file: LogFile) -> Callable[[Any, str, Any], Any]:
    def write(logger: Any, method: str, event: Any) -> Any:
        file.write(_as_json({name: one for name, one in event.items() if name[:1] != "_"}))
        return event

    return write


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
