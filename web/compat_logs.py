"""The log for operators, by the routes of existing clients: of all processes that keep theirs in the data folder."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import structlog
from aiohttp import web

from aigc.core.errors import InputInvalid, NotFound
from aigc.core.messages import ChangeLevel, LevelAnswer
from web.audit import note
from web.compat_errors import legacy
from web.gateway import Gateway
from web.log_folder import Line, LogFolder, file_view, selected
from web.requests import fresh, number, reply
from web.times import instant
from web.urls import API

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LINES_MAX = 5000

log = structlog.get_logger()


class Levels(Protocol):
    """From which level on this process logs."""

    def known(self) -> dict[str, str]:
        """Level by the name of a logger; ours is the first."""

    def change(self, name: str, level: str) -> None:
        """From now on. `level` is one of LEVELS, `name` is known."""


def routes(gateway: Gateway, folder: LogFolder, levels: Levels | None) -> list[web.RouteDef]:
    """The routes of the log. `levels`: None where nobody set up a log."""
    logs = CompatLogs(gateway, folder, levels)
    base = f"{API}/system/logs"

    return [
        web.get(base, legacy(logs.show)),
        web.get(f"{base}/files", legacy(logs.files)),
        web.get(f"{base}/files/{{filename}}", legacy(logs.file)),
        web.delete(f"{base}/files/{{filename}}", legacy(logs.remove)),
        web.get(f"{base}/config", legacy(logs.config)),
        web.post(f"{base}/test", legacy(logs.test)),
        web.put(f"{base}/level", legacy(logs.level)),
    ]


class CompatLogs:
    """Handlers of the log routes."""

    def __init__(self, gateway: Gateway, folder: LogFolder, levels: Levels | None) -> None:
        self._gateway = gateway
        self._folder, self._levels = folder, levels

    async def show(self, request: web.Request) -> web.Response:
        """The last lines of all processes together; `?lines=&level=&logger_name=&since=`, a level and all above it."""
        filters, conditions = _filters(request)
        lines, files = await asyncio.to_thread(lambda: (self._folder.lines(), list(self._folder.files())))
        found = selected(lines, filters["lines"], *conditions)
        return fresh(
            {
                "logs": found,
                "total_entries": len(found),
                "file": "all",
                "available_files": files,
                "filters_applied": filters,
            }
        )

    async def files(self, request: web.Request) -> web.Response:
        """The files of the log, the newest first."""
        files = [file_view(*one) for one in (await asyncio.to_thread(self._folder.files)).items()]
        return fresh({"files": files, "total_files": len(files)})

    async def file(self, request: web.Request) -> web.Response:
        """The last lines of one file, with the filters of all."""
        name = request.match_info["filename"]
        filters, conditions = _filters(request)
        lines, files = await asyncio.to_thread(lambda: (self._folder.lines(name), self._folder.files()))
        if name not in files:
            raise NotFound(f"the log file {name[:80]!r} was just deleted")
        found = selected(lines, filters["lines"], *conditions)
        told = {"filename": name, "logs": found, "total_entries": len(found)}
        return fresh({**told, "file_info": file_view(name, files[name])})

    async def remove(self, request: web.Request) -> web.Response:
        """A file is gone; 409 for one that a process still writes."""
        name = request.match_info["filename"]
        await asyncio.to_thread(self._folder.remove, name)
        log.warning("log.deleted", file=name)
        await note(request, "log.deleted", name)
        return reply({"message": f"Log file {name} deleted successfully", "deleted_file": name})

    async def config(self, request: web.Request) -> web.Response:
        """Which loggers there are in the process that answers, and their levels."""
        return fresh(
            {
                "loggers": {name: {"level": level} for name, level in self._known().items()},
                "available_levels": LEVELS,
                "logs_directory": "logs",
                "config_source": "logging",
            }
        )

    async def test(self, request: web.Request) -> web.Response:
        """Some lines are written, `?level=&count=`."""
        level, count = _level(request) or "INFO", int(number(request, "count", 1, 1, 50))
        write: Callable[..., Any] = getattr(log, level.lower())
        for at in range(1, count + 1):
            write("log.tested", line=at, lines=count)
        return reply({"message": f"{count} test lines written", "level": level, "count": count})

    async def level(self, request: web.Request) -> web.Response:
        """A log is written from this level on, by every process that is there or starts, for 24 hours.

        Raises Unavailable, and changes nothing, while no broker answers.
        """
        known = self._known()
        name = request.query.get("logger_name") or next(iter(known), "")
        level = _level(request)
        if level is None:
            raise InputInvalid("no level is given", suggestion=f"add ?level= and one of {', '.join(LEVELS)}")
        if self._levels is None or name not in known:
            raise NotFound(f"there is no logger {name[:80]!r}", suggestion=f"GET {API}/system/logs/config lists them")
        told = await self._gateway.ask(ChangeLevel(name, level), LevelAnswer)
        self._levels.change(name, level)  # the broker's word of it may come a moment later
        log.warning("log.level", of=name, old=known[name], new=level)
        await note(request, "log_level.changed", name, f"{known[name]} to {level}")
        return reply(
            {
                "message": f"{name} logs from {level} on, in the broker, {told.gateways} gateways and {told.workers} "
                "workers, and in those that start, for 24 hours; brokers that stand by hear of it within seconds",
                "logger_name": name,
                "old_level": known[name],
                "new_level": level,
            }
        )

    def _known(self) -> dict[str, str]:
        return self._levels.known() if self._levels is not None else {}


def _filters(request: web.Request) -> tuple[dict[str, Any], list[Callable[[Line], bool]]]:
    """What was asked for, and what lines have to fulfil."""
    level, since = _level(request), request.query.get("since")
    name = request.query.get("logger_name")
    conditions: list[Callable[[Line], bool]] = []
    if level is not None:
        wanted = LEVELS[LEVELS.index(level) :]
        conditions.append(lambda line: line["level"] in wanted)
    if name:
        conditions.append(lambda line: line["logger"] == name or str(line["logger"]).startswith(f"{name}."))
    if since:
        start = instant(since, "since")
        conditions.append(lambda line: instant(line["timestamp"], "timestamp") >= start)
    count = int(number(request, "lines", 100, 1, LINES_MAX))
    return {"lines": count, "level": level, "logger_name": name, "since": since}, conditions


def _level(request: web.Request) -> str | None:
    """The level of the query in capitals. Raises InputInvalid for one that there is not."""
    given = request.query.get("level")
    if not given:
        return None
    if given.upper() not in LEVELS:
        raise InputInvalid(f"level {given[:40]!r} is not known", suggestion=f"use one of {', '.join(LEVELS)}")
    return given.upper()
