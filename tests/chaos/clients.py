"""Clients that want what they asked for: they ask again until a gateway answers, whichever, and note each answer."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from tests.chaos.evidence import Evidence, Told, Wish
from tests.chaos.requests import IMAGE, Request

ANSWER_S = 4.0
"""A gateway that says nothing for so long is given up for another one."""
GIVE_UP_S = 90.0
"""Nobody has to ask for so long once no more faults come."""
AT_ONCE = 64
PICTURE = (Path(__file__).parents[2] / "web" / "static" / "samples" / "robot.png").read_bytes()

AWAY = (aiohttp.ClientError, OSError, TimeoutError)


class Clients:
    """All of them.

    Args:
        clock: seconds since the run began.
        accepted: called with each job that was accepted, once.
    """

    def __init__(
        self,
        urls: Sequence[str],
        evidence: Evidence,
        clock: Callable[[], float],
        accepted: Callable[[str], None],
        seed: int,
        is_room: Callable[[], bool],
    ) -> None:
        self._urls, self._evidence, self._clock, self._accepted = urls, evidence, clock, accepted
        self._dice = Random(f"clients {seed}")
        self._room = asyncio.Semaphore(AT_ONCE)
        self._is_room = is_room
        self._calm_at = math.inf

    def calm(self) -> None:
        """No more faults come: until now each try of a request may have met one."""
        self._calm_at = time.monotonic()

    async def run(self, requests: Sequence[Request]) -> None:
        """All were answered, or were given up."""
        began = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=ANSWER_S)
        async with aiohttp.ClientSession(timeout=timeout) as self._session, asyncio.TaskGroup() as asking:
            for request in requests:
                await asyncio.sleep(max(0.0, began + request.at - time.monotonic()))
                await self._room.acquire()
                while not self._is_room():  # noqa: ASYNC110 - a slow machine must not pile up more than can be watched
                    await asyncio.sleep(0.1)
                asking.create_task(self._serve(request)).add_done_callback(lambda _: self._room.release())

    async def _serve(self, request: Request) -> None:
        body: dict[str, Any] = {
            "feature": request.feature,
            "model": request.model,
            "params": request.params,
            "priority": request.priority,
            "metadata": {"key": request.key, "fate": request.fate},
            "inputs": {"text": {"text": "x"}},
        }
        if request.feature == IMAGE:
            upload = await self._until_answered("PUT", "/api/v1/uploads?filename=robot.png", data=PICTURE)
            if upload is None:
                self._evidence.unheard.append(request.key)
                return
            body["inputs"] = {"image": {"upload": upload["file_id"]}}
        asks = [self._submit(request.key, body) for _ in range(1 + request.is_sent_twice)]
        jobs = {job for job in await asyncio.gather(*asks) if job is not None}
        if not jobs:
            self._evidence.unheard.append(request.key)
            return
        job = jobs.pop()
        self._accepted(job)
        await self._look(job)
        if request.cancel_after_s is not None:
            await asyncio.sleep(request.cancel_after_s)
            await self._cancel(job)

    async def _submit(self, key: str, body: dict[str, Any]) -> str | None:
        answer = await self._until_answered("POST", "/api/v1/jobs", json=body, headers={"Idempotency-Key": key})
        if answer is None:
            return None
        job: str = answer["id"]
        self._evidence.told.append(Told(key, job, self._clock()))
        return job

    async def _look(self, job: str) -> None:
        """What one gateway has acknowledged, any gateway knows."""
        await self._until_answered("GET", f"/api/v1/jobs/{job}")

    async def _cancel(self, job: str) -> None:
        self._evidence.wishes.append(Wish(job, at=self._clock()))
        answer = await self._until_answered("POST", f"/api/v1/jobs/{job}/cancel", json={})
        if answer is not None:
            self._evidence.wishes.append(Wish(job, answer["status"], answer["stage"], self._clock()))

    async def _until_answered(self, method: str, path: str, **what: Any) -> dict[str, Any] | None:
        """The answer; None for what is refused for good, which is a complaint, and for what is given up."""
        began = time.monotonic()
        while time.monotonic() < max(began, self._calm_at) + GIVE_UP_S:
            try:
                async with self._session.request(method, self._dice.choice(self._urls) + path, **what) as answer:
                    body = await answer.json()
            except AWAY:
                await asyncio.sleep(self._dice.uniform(0.05, 0.3))
                continue
            if answer.status < 300:
                found: dict[str, Any] = body
                return found
            if answer.status not in (429, 503):
                told = f"{answer.status} {body.get('code')}: {body.get('detail')}"
                self._evidence.complaints.append(f"{method} {path} at {self._clock():.1f} s: {told}")
                return None
            if not body.get("retry_after_s"):
                self._evidence.complaints.append(f"{method} {path}: {answer.status} without when to come again")
            await asyncio.sleep(min(body.get("retry_after_s") or 1.0, 1.0) * self._dice.uniform(0.5, 1.0))
        self._evidence.complaints.append(f"{method} {path} was never answered")
        return None
