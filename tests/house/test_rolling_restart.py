"""Everything is restarted, one after the other, under load: no request fails, no job is lost, none runs twice."""

import asyncio
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house import kit
from tests.house.init_kit import Service
from tests.house.load_kit import Load, cancel, look, submit, watch
from tests.redis_kit import RedisServer
from web.server import listen

PAGES = ["/health", "/api/v1/models", "/api/v1/jobs?limit=5", "/api/v1/system/status"]


class Site:
    """What `aigc.target` wants on one machine: brokers, gateways, workers, an address, a Redis."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self.redis = opened.enter_context(RedisServer({"appendfsync": "always"}))
        self.listening = opened.enter_context(closing(listen("127.0.0.1", 0)))
        self.port: int = self.listening.getsockname()[1]
        (folder / "models.yaml").write_text(yaml.safe_dump(self._models()))
        settings = {
            "models": {"catalogue": str(folder / "models.yaml")},
            "worker": {"memory_gb": 4, "drain_s": 30, "slots": 2},
            "storage": {"data_dir": str(folder / "data"), "run_dir": str(self.redis.folder / "run")},
            "redis": {"enabled": True, "url": self.redis.url, "durability": "always"},
        }
        (folder / "system.yaml").write_text(yaml.safe_dump(settings))

        def service(name: str, *arguments: str, listening: socket.socket | None = None) -> Service:
            config = ["--config", str(folder / "system.yaml")]
            made = Service(folder, name, *arguments, *config, listening=listening)
            opened.callback(made.close)
            return made

        self.brokers = [service(name, "broker", "--standby") for name in ("broker", "standby")]
        self.web = service("web", "web", "--workers", "2", listening=self.listening)
        self.workers = [service(name, "worker", "--device", "cpu", "--name", name) for name in ("left", "right")]

    def start(self) -> None:
        for made in (*self.brokers, self.web, *self.workers):
            made.spawn()
        for made in (*self.brokers, self.web, *self.workers):
            made.heard("READY=1")

    @property
    def services(self) -> list[Service]:
        return [*self.brokers, self.web, *self.workers]

    @staticmethod
    def _models() -> dict[str, Any]:
        catalogue = kit.test_catalogue()
        models = catalogue["models"]["text_to_raw_mesh"]
        models["counting"] = {**models["printing"], "class": "counting:Counting", "path": [str(kit.TEST_MODELS)]}
        return catalogue


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as opened:
        made = Site(tmp_path, opened)
        made.start()
        yield made


@pytest.fixture
def marks() -> Iterator[Path]:
    """Where the model leaves a line for each run; a confined model may write beneath /dev alone."""
    file = Path(f"/dev/shm/aigc-marks-{id(object()):x}")
    file.touch()
    yield file
    file.unlink()


async def in_thread(call: Any) -> Any:
    return await asyncio.to_thread(call)


async def test_everything_can_be_restarted_under_load_and_nobody_notices(site: Site, marks: Path) -> None:
    load = Load(site.port)
    seen: dict[str, list[int]] = {}
    ended: set[str] = set()
    params = {"marks": str(marks), "seconds": 0.2}
    codes = []
    async with asyncio.timeout(100), asyncio.TaskGroup() as clients:
        for _ in range(6):
            clients.create_task(submit(load, params, model="counting"))
        clients.create_task(cancel(load, {"sleep_s": 30, "steps": 300}, model="noop"))
        clients.create_task(look(load, PAGES))
        clients.create_task(watch(load, seen, ended))
        await load.more(10)
        # `systemctl reload aigc-web`: its children one by one.
        site.web.signal(signal.SIGHUP)
        await load.more(10)
        for service in (site.web, *site.brokers, *site.workers):
            codes.append(await in_thread(service.restart))
            await load.more(10)
        load.stopping.set()
    assert load.failed == []
    assert codes == [0] * 5
    assert {job["status"] for job in load.done.values()} == {"completed"}
    assert [job["id"] for job in load.done.values() if job["failures"]] == []
    runs = Counter((await asyncio.to_thread(marks.read_text)).split())
    assert (len(runs), set(runs.values())) == (len(load.jobs), {1}), "each job ran exactly once"
    assert ended >= set(load.jobs)
    gaps = {job: numbers for job, numbers in seen.items() if numbers != list(range(numbers[0], numbers[-1] + 1))}
    assert gaps == {}
