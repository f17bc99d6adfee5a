"""Looks at the family from outside: telemetry while it runs, then what has become of every job, and what is left."""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from actors.stores.directory import DirectoryAssetStore
from actors.stores.redis import RedisJobStore, RedisSettings
from actors.stores.sweeper import Sweeper, SweeperSettings
from aigc.core.errors import AlreadyLed, Unavailable
from aigc.core.ids import AssetKey
from aigc.core.ports import JobQuery
from tests.chaos.clients import AWAY
from tests.chaos.evidence import FINAL, Evidence, File, Line, Record, Sample
from tests.chaos.family import Family
from tests.chaos.plan import BROKERS, WORKERS

LOOK_S = 0.25
SETTLE_S, STAND_S = 120.0, 120.0
"""How long it may take until all processes do their work again; how long no job may end while some are left."""
AT_ONCE = 16
LATER_S = 25 * 3600.0
"""By then uploads have expired, and so has everything that no record names."""


class Survey:
    """Notes what it sees as evidence.

    Args:
        clock: seconds since the run began.
    """

    def __init__(self, family: Family, evidence: Evidence, clock: Callable[[], float]) -> None:
        self._family, self._evidence, self._clock = family, evidence, clock

    async def __aenter__(self) -> "Survey":
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10.0))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    # While it runs

    async def look(self) -> None:
        """Note telemetry, and who leads, until cancelled."""
        looks = 0
        while True:
            await asyncio.sleep(LOOK_S)
            looks += 1
            try:
                async with asyncio.timeout(2.0):
                    status = await self._get(looks, "/api/v1/system/status")
            except AWAY:
                continue
            if status is not None:
                self._note(status)

    def _note(self, status: dict[str, Any]) -> None:
        for worker in status["workers"]:
            device = worker["device"]
            self._evidence.samples.append(Sample(worker["id"], device["usable"], device["reserved"], self._clock()))
        for broker in status.get("brokers") or ():
            if broker["leads"]:
                self._family.leader = int(broker["owner"].split("/")[1])

    # When it is healed

    async def settled(self) -> None:
        """Everybody does their work again; a complaint if that takes too long."""
        began = time.monotonic()
        while reason := await self._unsettled():
            if time.monotonic() - began > SETTLE_S:
                self._evidence.complaints.append(f"not settled after {SETTLE_S:g} s: {reason}")
                return
            await asyncio.sleep(0.1)

    async def drained(self) -> None:
        """No job waits or runs; a complaint if they stop becoming fewer. How many there were is not looked at."""
        fewest, fewest_at = None, time.monotonic()
        while True:
            try:
                status = await self._get(0, "/api/v1/system/status")
            except AWAY:
                status = None
            if status is not None:
                left = status["queue"]["pending_jobs"] + status["queue"]["processing_jobs"]
                if not left:
                    return
                if fewest is None or left < fewest:
                    fewest, fewest_at = left, time.monotonic()
            if time.monotonic() - fewest_at > STAND_S:
                told = f"{status['queue']}, {status['waiting']}" if status else "nobody answers"
                self._evidence.complaints.append(f"no job has ended for {STAND_S:g} s: {told}")
                return
            await asyncio.sleep(0.2)

    async def _unsettled(self) -> str:
        """Who does not do their work; empty if all do."""
        for place, url in enumerate(self._family.urls):
            try:
                async with self._session.get(f"{url}/health") as answer:
                    if answer.status != 200:
                        return f"{url} is not healthy: {await answer.text()}"
                status = await self._get(place, "/api/v1/system/status")
            except AWAY as error:
                return f"{url}: {error!r}"
            if status is None or not status["broker"]["answers"]:
                return f"{url} has no broker"
            alive = [worker["id"] for worker in status["workers"] if worker["liveness"] == "alive"]
            if len(alive) < WORKERS:
                return f"only {alive} of the workers live"
            if len(status["brokers"]) < BROKERS:
                return f"there are the brokers {status['brokers']}"
        return ""

    async def collect(self) -> None:
        """Every record, from both gateways, and every result."""
        views = await self._records()
        self._evidence.records = [record_from(view) for view in views]
        room = asyncio.Semaphore(AT_ONCE)

        async def fetch(view: dict[str, Any]) -> None:
            async with room:
                there = await self._get(1, f"/api/v1/jobs/{view['id']}") or {}
                self._evidence.elsewhere.append((view["id"], there.get("status", "away"), there.get("seq", 0)))
                if view["status"] == "completed":
                    self._evidence.downloads[view["id"]] = await self._download(view)

        await asyncio.gather(*map(fetch, views))

    async def _records(self) -> list[dict[str, Any]]:
        views: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await self._get(0, f"/api/v1/jobs?limit=500&cursor={cursor}")
            assert page is not None, "all is healed, and nobody answers"
            views += page["jobs"]
            cursor = page["next_cursor"]
        return views

    async def _download(self, view: dict[str, Any]) -> File | None:
        output = next((output for output in view["outputs"] if output["role"] == "model"), None)
        if output is None:
            return None
        async with self._session.get(self._family.urls[-1] + output["url"]) as answer:
            if answer.status != 200:
                return None
            content = await answer.read()
        return File(output["name"], len(content), hashlib.sha256(content).hexdigest())

    async def _get(self, place: int, path: str) -> dict[str, Any] | None:
        urls = self._family.urls
        async with self._session.get(urls[place % len(urls)] + path) as answer:
            if answer.status != 200:
                return None
            found: dict[str, Any] = await answer.json()
            return found

    # When it has ended

    async def inspect(self) -> None:
        """What is left running, and, a day later by a clock that is turned forward, what is left lying about."""
        self._evidence.processes = [
            f"{pid} {command}"
            for pid in self._family.everything()
            if (command := command_of(pid)) and not is_redis(command)
        ]
        jobs = RedisJobStore(RedisSettings(url=f"unix://{self._family.redis}"))
        assets = DirectoryAssetStore(self._family.data / "assets")
        await jobs.open()
        await assets.open()
        try:
            await self._sweep(jobs, assets)
            named = await _named(jobs)
        finally:
            await assets.close()
            await jobs.close()
        there = {asset.key for asset in await _all(self._family.data / "assets")}
        self._evidence.files += [f"{key}, which no record names" for key in sorted(there - named)]
        self._evidence.complaints += [f"the sweeper took {key}, which a record names" for key in sorted(named - there)]
        self._evidence.files += stray(self._family)

    async def _sweep(self, jobs: RedisJobStore, assets: DirectoryAssetStore) -> None:
        while True:
            try:
                generation = await jobs.lead("the survey", lease_s=60.0)
                break
            except (AlreadyLed, Unavailable):  # a broker that was killed led; the Redis was begun a moment ago
                await asyncio.sleep(0.2)
        kept = SweeperSettings(completed_s=None, failed_s=None, cancelled_s=None)
        sweeper = Sweeper(jobs, assets, kept, lambda: generation, clock=lambda: time.time() + LATER_S)
        while (await sweeper.sweep()).more:
            pass


async def _named(jobs: RedisJobStore) -> set[AssetKey]:
    """The files of results, as the records name them."""
    named: set[AssetKey] = set()
    cursor = ""
    while True:
        page = await jobs.list(JobQuery(limit=500, cursor=cursor))
        named |= {output.asset for job in page.jobs for output in job.outputs}
        cursor = page.next_cursor
        if not cursor:
            return named


async def _all(folder: Path) -> list[Any]:
    assets = DirectoryAssetStore(folder)
    await assets.open()
    try:
        return [*await assets.list("jobs", 1_000_000), *await assets.list("uploads", 1_000_000)]
    finally:
        await assets.close()


def record_from(view: dict[str, Any]) -> Record:
    """What the checker needs of a job as a gateway shows it."""
    return Record(
        job=view["id"],
        key=view["metadata"]["key"],
        fate=view["metadata"]["fate"],
        status=view["status"],
        seq=view["seq"],
        attempt=view["attempt"],
        history=tuple(Line(line["seq"], line["kind"]) for line in view["history"]),
        outputs=tuple(File(output["name"], output["bytes"], output["sha256"]) for output in view["outputs"]),
        code=view["error"]["code"] if view["error"] and view["status"] in FINAL else "",
        strikes=tuple(failure["code"] for failure in view["failures"]),
    )


def command_of(pid: int) -> str:
    """Its command line; empty for one that has just ended, or waits only to be buried."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def is_redis(command: str) -> bool:
    return "redis-server" in command


def stray(family: Family) -> list[str]:
    """Files that processes use while they live: none is left but locks and sockets."""
    places = [family.data / "assets" / "tmp", family.sockets]
    found = []
    for place in places:
        for folder, _, names in os.walk(place):
            for name in names:
                path = Path(folder) / name
                if path.is_file() and path.suffix != ".lock":
                    found.append(str(path))
    return found
