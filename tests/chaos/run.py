"""One run from start to verdict."""

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

from msgspec import Struct

from tests.chaos.checker import violations
from tests.chaos.clients import Clients
from tests.chaos.evidence import Evidence
from tests.chaos.family import Family, Spread, Supervised
from tests.chaos.injector import Injector
from tests.chaos.plan import plan
from tests.chaos.requests import requests
from tests.chaos.survey import Survey
from tests.chaos.watchers import Follower, Watcher

WATCHERS, FOLLOWED = 6, 0.05
"""Sockets that watch jobs by name; share of the jobs that are also followed by server-sent events."""
HEAR_S = 60.0
"""Watchers have heard the last end so long after it."""
REST_S = 15.0
"""See `plan.plan`."""
SHOWN = 40
OPEN_JOBS = 3000
"""No more are submitted while so many are open: one connection watches 4,096 by name."""


class Options(Struct, frozen=True):
    """What a run is."""

    seed: int
    jobs: int
    faults: int
    mean_s: float = 1.2
    """Between two faults."""
    is_up: bool = False
    """Whether `aigc up` keeps the processes, or we."""
    folder: Path | None = None
    """Where the evidence stays in any case; None: in a folder of its own, and only if a guarantee was broken."""


class Outcome(Struct, frozen=True):
    """What came of it."""

    violations: list[str]
    story: str
    """Seed, figures and, if something was violated, the faults in their order and where the evidence lies."""


async def run(options: Options) -> Outcome:
    """Bring everything up, load it, hurt it, heal it, and look at what was seen."""
    folder = options.folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    folder.mkdir(parents=True, exist_ok=options.folder is None)
    sockets = Path(tempfile.mkdtemp(prefix="chaos-"))
    evidence = Evidence()
    timeline: list[str] = []
    began = time.monotonic()
    family = (Supervised if options.is_up else Spread)(folder, sockets, options.seed)
    run_of_it = Run(options, family, evidence, timeline, began)
    try:
        await run_of_it.all()
    except Exception as error:  # noqa: BLE001 - a complaint like any other, with the evidence
        evidence.complaints.append(f"the run itself failed: {error!r}")
        timeline.append(f"the run itself failed: {error!r}")
    finally:
        await family.end()
        shutil.rmtree(sockets, ignore_errors=True)
    found = violations(evidence)
    story = _story(options, evidence, timeline, found, time.monotonic() - began, folder)
    evidence.save(folder)
    (folder / "story.txt").write_text(story)
    if not found and options.folder is None:
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(found, story)


class Run:
    """The parts of a run and their order."""

    def __init__(self, options: Options, family: Family, evidence: Evidence, timeline: list[str], began: float) -> None:
        self._options, self._family, self._evidence, self._timeline = options, family, evidence, timeline
        self._began = began
        urls, clock = family.urls, self._clock
        self._watchers: list[Watcher | Follower] = [
            Watcher(f"watcher {number}", urls, evidence, clock) for number in range(WATCHERS)
        ]
        self._follower = Follower("follower", urls, evidence, clock)
        self._all = Watcher("all", urls, evidence, clock, everything=True)
        self._everybody = [*self._watchers, self._follower, self._all]
        self._dice = Random(f"run {options.seed}")
        self._subscribing: set[asyncio.Task[None]] = set()

    def _clock(self) -> float:
        return time.monotonic() - self._began

    def _note(self, words: str) -> None:
        self._timeline.append(f"{self._clock():7.2f} s  {words}")

    async def all(self) -> None:
        """From the first process to the last look."""
        options, family = self._options, self._family
        await family.start()
        async with Survey(family, self._evidence, self._clock) as survey:
            await survey.settled()
            self._note("all is up")
            async with _beside(survey.look(), *(watcher.run() for watcher in self._everybody)):
                await self._storm()
                family.heal()
                self._note("all is healed")
                await survey.settled()
                self._note("all is settled")
                await survey.drained()
                self._note("all is drained")
                await self._heard()
            await survey.collect()
            self._note("all is collected")
            self._evidence.exits = await family.stop()
            await survey.inspect()
        self._note(f"{options.faults} faults have come")

    async def _storm(self) -> None:
        options = self._options
        faults = plan(
            options.seed, options.faults, options.mean_s, partitions=not options.is_up, rest_s=REST_S * options.is_up
        )
        for_s = (faults[-1].at if faults else 0.0) + 1.0
        clients = Clients(self._family.urls, self._evidence, self._clock, self._accepted, options.seed, self._is_room)
        async with asyncio.TaskGroup() as storm:
            storm.create_task(clients.run(requests(options.seed, options.jobs, for_s)))
            await Injector(self._family, self._note).run(faults)
            clients.calm()

    def _is_room(self) -> bool:
        return len(self._all.open_jobs) < OPEN_JOBS

    def _accepted(self, job: str) -> None:
        self._all.expect(job)
        wanted = [self._dice.choice(self._watchers)]
        if self._dice.random() < FOLLOWED:
            wanted.append(self._follower)
        for watcher in wanted:
            task = asyncio.create_task(watcher.watch(job))
            self._subscribing.add(task)
            task.add_done_callback(self._subscribing.discard)

    async def _heard(self) -> None:
        """Every watcher has heard every end that it waits for, or has had the time for it."""
        give_up_at = time.monotonic() + HEAR_S
        while any(watcher.open_jobs for watcher in self._everybody) and time.monotonic() < give_up_at:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def _beside(*works: object) -> AsyncIterator[None]:
    """They go on meanwhile, and are cancelled then; what one of them raises is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]  # type: ignore[call-overload]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


def _story(
    options: Options, evidence: Evidence, timeline: list[str], found: list[str], took_s: float, folder: Path
) -> str:
    ends: dict[str, int] = {}
    for record in evidence.records:
        ends[record.status] = ends.get(record.status, 0) + 1
    retried = sum(record.attempt > 1 for record in evidence.records)
    lines = [
        f"seed {options.seed}: {options.jobs} jobs, {options.faults} faults in {took_s:.0f} s"
        + (" under `aigc up`" if options.is_up else ""),
        f"{', '.join(f'{count} {status}' for status, count in sorted(ends.items()))}; {retried} took another attempt; "
        f"{len(evidence.heard)} events heard, {len(evidence.samples)} looks at devices",
    ]
    if found:
        lines += ["", *timeline, "", f"{len(found)} violations, evidence in {folder}:", *found[:SHOWN]]
    return "\n".join(lines)
