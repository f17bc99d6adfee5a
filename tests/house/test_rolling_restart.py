"""Everything is restarted, one after the other, under load: no request fails, no job is lost, none runs twice."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.house.kit import eventually
from tests.house.load_kit import Caller, Load, Watcher, cancel, look, submit
from tests.house.site_kit import Site, started

PAGES = ["/health", "/api/v1/models", "/api/v1/jobs?limit=5", "/api/v1/system/status"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as opened:
        yield Site(tmp_path, opened)


@pytest.fixture
def marks() -> Iterator[Path]:
    """Where the model leaves a line for each run; a confined model may write beneath /dev alone."""
    file = Path(f"/dev/shm/aigc-marks-{os.getpid()}")
    file.touch()
    yield file
    file.unlink()


def has_gap(numbers: list[int]) -> bool:
    """Whether one is missing before another came; after a change of brokers some may be told again."""
    highest = numbers[0]
    for number in numbers:
        if number > highest + 1:
            return True
        highest = max(highest, number)
    return False


async def test_everything_can_be_restarted_under_load_and_nobody_notices(site: Site, marks: Path) -> None:
    brokers, web = [site.broker("broker"), site.broker("standby")], site.web()
    workers = [site.worker("left"), site.worker("right")]
    await asyncio.to_thread(started, *brokers, web, *workers)
    load = Load(site.port)
    watcher = Watcher(load)
    codes = []
    async with asyncio.timeout(280), asyncio.TaskGroup() as clients:
        params = {"marks": str(marks), "seconds": 0.2}
        submitting = [clients.create_task(submit(load, params, model="counting")) for _ in range(3)]
        clients.create_task(cancel(load, {"sleep_s": 30, "steps": 300}, model="noop"))
        clients.create_task(look(load, PAGES))
        watching = clients.create_task(watcher.run())
        await load.more(6)
        # `systemctl reload aigc-web`: its children one by one.
        web.signal(signal.SIGHUP)
        await asyncio.to_thread(eventually, lambda: "web.replaced" in web.tail())
        await load.more(6)
        # The leader's turn comes twice: the second time it is the other one that leads.
        for service in (web, *brokers, *workers, *brokers):
            codes.append(await asyncio.to_thread(service.restart))
            await load.more(6)
        load.stopping.set()
        await asyncio.gather(*submitting)
        # Those included that came and ended while it was on its way back.
        await watcher.until_ended(set(load.jobs))
        watching.cancel()
    assert load.failed == []
    assert codes == [0] * 7
    assert {job["status"] for job in load.done.values()} == {"completed"}
    assert [job["id"] for job in load.done.values() if job["failures"]] == []
    runs = Counter((await asyncio.to_thread(marks.read_text)).split())
    assert (len(runs), set(runs.values())) == (len(load.jobs), {1}), "each job ran exactly once"
    assert watcher.gaps == []
    assert [numbers for numbers in watcher.seen.values() if has_gap(numbers)] == []


async def test_a_cancel_is_accepted_while_no_broker_lives_and_the_next_one_sees_to_it(site: Site) -> None:
    broker, web = site.broker(), site.web(1)
    await asyncio.to_thread(started, broker, web)
    async with Caller(Load(site.port)) as caller:
        wanted = {"feature": "text_to_raw_mesh", "model": "noop", "inputs": {"text": "x"}}
        job = await caller.call("POST", "/api/v1/jobs", wanted)
        await asyncio.to_thread(broker.stop)
        accepted = await caller.call("POST", f"/api/v1/jobs/{job['id']}/cancel", {})
        assert accepted["status"] == "queued"
        # The gateway that accepted it is gone as well: the wish is in nobody's memory.
        await asyncio.to_thread(web.stop)
        await asyncio.to_thread(started, broker, web)
    async with Caller(Load(site.port)) as caller:
        found = await caller.call("GET", f"/api/v1/jobs/{job['id']}?wait=60")
    assert found["status"] == "cancelled"
