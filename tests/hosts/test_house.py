"""The whole server on three machines: Redis, a broker and gateways, a second broker, workers; links between them."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.hosts.kit import Host, Hosts
from tests.house.kit import test_catalogue as misbehaving
from transport.keys import KeyFolder

PORT = 7842


class House:
    """Processes of one installation on the machines `broker`, `standby` and `gpu`; files on a folder that all share."""

    def __init__(self, hosts: Hosts, folder: Path) -> None:
        self.hosts, self.folder = hosts, folder
        self.processes: dict[str, subprocess.Popen[str]] = {}
        keys = {name: KeyFolder(folder / "keys" / name) for name in ("broker", "standby", "gpu", "stranger")}
        for key in keys.values():
            key.new()
        for name in ("broker", "standby"):
            for other in {"broker", "standby", "gpu"} - {name}:
                keys[name].allow(other, keys[other].public())
        (folder / "models.yaml").write_text(yaml.safe_dump(misbehaving()))
        self._settings = {
            "models": {"catalogue": str(folder / "models.yaml")},
            "worker": {"memory_gb": 8},
            "storage": {"data_dir": str(folder / "data")},
            "redis": {"enabled": True, "url": f"redis://{hosts['broker'].address}:6379"},
            "broker": {
                "places": [
                    {
                        "name": name,
                        "address": f"tcp://{hosts[name].address}:7843",
                        "news": f"tcp://{hosts[name].address}:7844",
                        "key": keys[name].public(),
                    }
                    for name in ("broker", "standby")
                ]
            },
        }

    def start(self, name: str, host: str, *arguments: str, keys: str = "") -> None:
        """`aigc` with these arguments on that machine, with its own key or that of `keys`."""
        settings = dict(self._settings, security={"keys_dir": str(self.folder / "keys" / (keys or host))})
        settings["storage"] = {**self._settings["storage"], "run_dir": str(self.folder / f"run-{keys or host}")}
        file = self.folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump(settings))
        command = [sys.executable, "-m", "aigc", *arguments, "--config", str(file)]
        with (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = self.hosts[host].start(*command, stdout=subprocess.PIPE, stderr=log, cwd=self.folder)
        self.eventually(lambda: self.said(name, "server.ready"), name)

    def said(self, name: str, event: str) -> bool:
        return f'"{event}"' in (self.folder / f"{name}.log").read_text()

    def eventually(self, condition: Callable[[], Any], name: str) -> Any:
        limit = time.monotonic() + 60
        while not (found := condition()):
            assert time.monotonic() < limit, (self.folder / f"{name}.log").read_text()[-3000:]
            time.sleep(0.05)
        return found

    def redis(self) -> None:
        host = self.hosts["broker"]
        options = ["--bind", host.address, "--protected-mode", "no", "--appendonly", "yes", "--save", ""]
        self.processes["redis"] = host.start(
            "redis-server", *options, "--dir", str(self.folder), stdout=subprocess.DEVNULL
        )

    def aigc(self, *arguments: str) -> Any:
        """What that command says as JSON, on the machine of the gateway."""
        host: Host = self.hosts["broker"]
        url = f"http://127.0.0.1:{PORT}"
        return json.loads(host.run(sys.executable, "-m", "aigc", *arguments, "--json", "--url", url))

    def run_job(self) -> dict[str, Any]:
        made: dict[str, Any] = self.aigc("submit", "text_to_raw_mesh", "--model", "noop", "--text", "x")
        return made


@pytest.fixture
def house(hosts: Hosts, tmp_path: Path) -> Iterator[House]:
    house = House(hosts, tmp_path)
    house.redis()
    house.start("broker", "broker", "broker", "--place", "broker")
    house.start("standby", "standby", "broker", "--place", "standby", "--standby")
    house.start("web", "broker", "web", "--port", str(PORT))
    house.start("worker", "gpu", "worker", "--device", "cpu", "--name", "far")
    yield house
    for process in house.processes.values():
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_machines_work_together_and_a_stranger_gets_nothing(house: House) -> None:
    done = house.run_job()
    assert (done["status"], done["worker"]) == ("completed", "far")

    house.start("stranger", "gpu", "worker", "--device", "fake:8", "--name", "stranger", keys="stranger")
    assert house.run_job()["worker"] == "far"
    assert [worker["id"] for worker in house.aigc("workers")["workers"]] == ["far"]

    house.processes["broker"].kill()  # the machine with the standby takes over
    assert house.run_job()["status"] == "completed"
    leading = [one for one in house.aigc("status")["brokers"] if one["leads"]]
    assert leading[0]["generation"] == 2
