"""Clients that work without a pause, keep their connections as long as they may, and remember all that went wrong."""

import asyncio
from typing import Any

import aiohttp
import msgspec

from tests.web.raw_kit import Raw, head

ANSWER_S = 60.0
STATES = {"completed", "failed", "cancelled"}
"""A job in one of these is finished."""


class Load:
    """What all clients share: where they go, when they stop, what they found."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.stopping = asyncio.Event()
        self.answers = 0
        self.failed: list[str] = []
        self.jobs: list[str] = []
        self.done: dict[str, dict[str, Any]] = {}

    async def more(self, count: int) -> None:
        """So many more jobs have been done."""
        wanted = len(self.done) + count
        async with asyncio.timeout(120):
            while len(self.done) < wanted:  # noqa: ASYNC110 - nobody would set an event
                await asyncio.sleep(0.02)


class Caller:
    """One connection, made anew only where the server said so; any other end of it is a failed request."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._raw: Raw | None = None

    async def __aenter__(self) -> "Caller":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer; a failure is remembered, and tried again as an impatient client would."""
        raw = b"" if body is None else msgspec.json.encode(body)
        request = head(method, path, Content_Type="application/json", Content_Length=len(raw)) + raw
        while True:
            try:
                async with asyncio.timeout(ANSWER_S):
                    status, answer = await self._exchange(request)
            except (OSError, EOFError, TimeoutError) as error:
                await self.close()
                self._load.failed.append(f"{method} {path}: {error!r}")
                continue
            self._load.answers += 1
            if status < 400:
                return msgspec.json.decode(answer)
            self._load.failed.append(f"{method} {path}: {status} {answer[:300]!r}")
            assert status >= 500, self._load.failed[-1]
            await asyncio.sleep(0.05)

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        if self._raw is None:
            self._raw = await Raw(self._load.port).__aenter__()
        await self._raw.send(request)
        status, headers, answer = await self._raw.answer()
        if headers.get("connection") == "close":
            await self.close()
        return status, answer

    async def close(self) -> None:
        if self._raw is not None:
            await self._raw.__aexit__()
            self._raw = None


async def submit(load: Load, params: dict[str, Any], *, model: str) -> None:
    """Job after job, each with a name of its own among its parameters, and followed to its end by long polls."""
    async with Caller(load) as caller:
        while not load.stopping.is_set():
            named = {**params, "name": f"{len(load.jobs)}-{id(caller):x}"}
            job = await caller.call("POST", "/api/v1/jobs", _wanted(model, named))
            load.jobs.append(job["id"])
            load.done[job["id"]] = await _followed(caller, job)


async def cancel(load: Load, params: dict[str, Any], *, model: str) -> None:
    """Jobs that are cancelled while they wait or run."""
    async with Caller(load) as caller:
        while not load.stopping.is_set():
            job = await caller.call("POST", "/api/v1/jobs", _wanted(model, params))
            await caller.call("POST", f"/api/v1/jobs/{job['id']}/cancel", {})
            await _followed(caller, job)


async def look(load: Load, paths: list[str]) -> None:
    """One page after another."""
    async with Caller(load) as caller:
        while not load.stopping.is_set():
            for path in paths:
                await caller.call("GET", path)
            await asyncio.sleep(0.02)


def _wanted(model: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"feature": "text_to_raw_mesh", "model": model, "inputs": {"text": "x"}, "params": params}


async def _followed(caller: Caller, job: dict[str, Any]) -> dict[str, Any]:
    while job["status"] not in STATES:
        job = await caller.call("GET", f"/api/v1/jobs/{job['id']}?wait=20")
    return job


class Watcher:
    """Hears every job's events over a WebSocket; when the server lets go, it comes back and resumes."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.seen: dict[str, list[int]] = {}
        """By job, the numbers of its events in the order in which they came."""
        self.ended: set[str] = set()
        self.after = self._latest = ""
        """The time of the latest event of which nothing before was missed."""
        self._is_behind = False
        self.gaps: list[dict[str, Any]] = []

    async def run(self) -> None:
        """Until it is cancelled."""
        async with aiohttp.ClientSession(f"http://127.0.0.1:{self._load.port}") as session:
            while True:
                try:
                    async with session.ws_connect("/api/v1/events") as socket:
                        known = {job: numbers[-1] for job, numbers in self.seen.items() if job not in self.ended}
                        await socket.send_json({"type": "subscribe", "all": True, "since": known, "after": self.after})
                        self._is_behind = True
                        await self._listen(socket)
                except (aiohttp.ClientError, OSError) as error:
                    self._load.failed.append(f"WebSocket: {error!r}")
                    await asyncio.sleep(0.05)

    async def until_ended(self, jobs: set[str]) -> None:
        """It has heard how each of them ended."""
        async with asyncio.timeout(ANSWER_S):
            while not self.ended >= jobs:  # noqa: ASYNC110 - nobody would set an event
                await asyncio.sleep(0.02)

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                if (message.type, message.data) != (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY):
                    self._load.failed.append(f"WebSocket: {message}")
                return
            for event in msgspec.json.decode(message.data):
                self._latest = max(self._latest, event.get("at", ""))
                self._is_behind = self._is_behind and event["type"] != "subscribed"
                if not self._is_behind:
                    self.after = self._latest
                if event["type"] == "gap":
                    self.gaps.append(event)
                if event.get("seq"):
                    self.seen.setdefault(event["job_id"], []).append(event["seq"])
                    if {event["type"].removeprefix("job."), event.get("job", {}).get("status")} & STATES:
                        self.ended.add(event["job_id"])
