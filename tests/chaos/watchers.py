"""Watchers that want every line: over WebSockets and server-sent events, they come back and resume by number."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import aiohttp

from tests.chaos.clients import AWAY
from tests.chaos.evidence import FINAL, Evidence, Heard

HEARTBEAT_S = 2.0
AGAIN_S = (0.05, 0.3)
AT_ONCE = 500
"""Jobs in one message; the server takes no message of thousands."""


class Watcher:
    """One that watches any number of jobs on one WebSocket.

    Args:
        everything: it hears of all jobs, without asking for them.
    """

    def __init__(
        self,
        name: str,
        urls: Sequence[str],
        evidence: Evidence,
        clock: Callable[[], float],
        *,
        everything: bool = False,
    ) -> None:
        self.name = name
        self._urls, self._evidence, self._clock, self._everything = urls, evidence, clock, everything
        self._dice = Random(name)
        self._last: dict[str, int] = {}
        self._after = self._latest = ""
        self._unanswered = 0
        self._expected: set[str] = set()
        self._ended: set[str] = set()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._connections = 0

    @property
    def open_jobs(self) -> set[str]:
        """Those whose end it has not heard."""
        return self._expected | self._last.keys()

    def expect(self, job: str) -> None:
        """It is to hear the end of this job, though it does not ask for it."""
        if job not in self._ended:
            self._expected.add(job)
        self._evidence.expected.append((self.name, job))

    async def watch(self, job: str) -> None:
        """It is to hear all of this job, from the first line on."""
        self._last[job] = 0
        self._evidence.watched.append((self.name, job))
        if self._socket is not None:
            with contextlib.suppress(*AWAY):
                await self._socket.send_json({"type": "subscribe", "jobs": [job], "since": {job: 0}})

    async def run(self) -> None:
        """Until cancelled."""
        async with aiohttp.ClientSession() as session:
            while True:
                url = self._dice.choice(self._urls) + "/api/v1/events"
                with contextlib.suppress(*AWAY):
                    async with asyncio.timeout(HEARTBEAT_S):
                        socket = await session.ws_connect(url, heartbeat=HEARTBEAT_S, max_msg_size=0)
                    async with socket:
                        await self._listen(socket)
                self._socket = None
                await asyncio.sleep(self._dice.uniform(*AGAIN_S))

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._connections += 1
        self._socket = socket
        wanted = list(self._last.items())
        starts = range(0, len(wanted), AT_ONCE)
        self._latest, self._unanswered = self._after, len(starts) + self._everything
        for start in starts:
            some = dict(wanted[start : start + AT_ONCE])
            await socket.send_json({"type": "subscribe", "jobs": list(some), "since": some})
        if self._everything:
            await socket.send_json({"type": "subscribe", "all": True, "system": True, "after": self._after})
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                for event in json.loads(message.data):
                    self._hear(event)

    def _hear(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "error" and event["code"] == "unavailable":
            raise aiohttp.ClientError(event["detail"])  # it asks again, elsewhere
        if kind == "error" or event.get("unknown"):
            self._evidence.complaints.append(f"{self.name} was told at {self._clock():.1f} s: {event}")
        self._latest = max(self._latest, event.get("at", ""))
        self._unanswered -= kind == "subscribed"
        if self._unanswered <= 0:
            self._after = self._latest
        if kind == "gap":
            self._evidence.gaps.append(self.name)
            self._expected.clear()
        if "job_id" not in event or kind == "job.queue":
            return
        heard = heard_from(event, self.name, self._connections, self._clock())
        self._evidence.heard.append(heard)
        if heard.seq:
            self._last[heard.job] = heard.seq
        if heard.status in FINAL:
            self._last.pop(heard.job, None)
            self._expected.discard(heard.job)
            self._ended.add(heard.job)


class Follower:
    """One that follows single jobs by server-sent events, as a browser does."""

    def __init__(self, name: str, urls: Sequence[str], evidence: Evidence, clock: Callable[[], float]) -> None:
        self.name = name
        self._urls, self._evidence, self._clock = urls, evidence, clock
        self._dice = Random(name)
        self._following: set[asyncio.Task[None]] = set()
        self.open_jobs: set[str] = set()
        """Those whose end it has not heard."""

    async def watch(self, job: str) -> None:
        """It is to hear all of this job."""
        self.open_jobs.add(job)
        self._evidence.watched.append((self.name, job))
        task = asyncio.create_task(self._follow(job))
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await asyncio.Event().wait()
        finally:
            for task in self._following:
                task.cancel()
            await asyncio.gather(*self._following, return_exceptions=True)

    async def _follow(self, job: str) -> None:
        timeout = aiohttp.ClientTimeout(sock_read=4.0, sock_connect=2.0)
        last, connections = 0, 0
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while job in self.open_jobs:
                connections += 1
                url = f"{self._dice.choice(self._urls)}/api/v1/jobs/{job}/events?since={last}"
                with contextlib.suppress(*AWAY):
                    async with session.get(url) as answer:
                        if answer.status not in (200, 503):
                            self._evidence.complaints.append(f"{self.name}: {answer.status} from {url}")
                        async for line in answer.content:
                            if answer.status == 200 and line.startswith(b"data: "):
                                heard = heard_from(json.loads(line[6:]), self.name, connections, self._clock())
                                last = self._hear(heard) or last
                await asyncio.sleep(self._dice.uniform(*AGAIN_S))

    def _hear(self, heard: Heard) -> int:
        if heard.type == "job.queue":
            return 0
        self._evidence.heard.append(heard)
        if heard.status in FINAL:
            self.open_jobs.discard(heard.job)
        return heard.seq


def heard_from(event: dict[str, Any], watcher: str, connection: int, at: float) -> Heard:
    """What the checker needs of it."""
    job = event.get("job") or {}
    outputs = job.get("outputs") or [{}]
    return Heard(
        watcher,
        connection,
        event["job_id"],
        event["type"],
        event.get("seq", 0),
        job.get("attempt") or event.get("attempt", 0),
        job.get("status", ""),
        outputs[0].get("sha256", ""),
        at,
    )
