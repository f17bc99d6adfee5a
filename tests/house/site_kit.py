"""What `aigc.target` wants on one machine, each in a process of its own as systemd would start it."""

import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import yaml

from aigc.client import Client
from config.listening import listen
from tests.house import kit
from tests.house.init_kit import Service
from tests.redis_kit import RedisServer

DEVICES = {"left": "cpu", "right": "fake\\x3a4"}
"""Workers and what they have, as the name of a unit would say it."""


class Site:
    """A Redis, an address, and services that come and go.

    Args:
        opened: closes everything.
        worker: settings of the workers.
        prefixes: by service, a program that starts it.
    """

    def __init__(
        self,
        folder: Path,
        opened: ExitStack,
        *,
        worker: Mapping[str, Any] | None = None,
        prefixes: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.folder = folder
        self.redis = opened.enter_context(RedisServer({"appendfsync": "always"}))
        self.listening = opened.enter_context(closing(listen("127.0.0.1", 0)))
        self.port: int = self.listening.getsockname()[1]
        self.client = Client(f"http://127.0.0.1:{self.port}", timeout_s=70, retry_s=0)
        self._opened, self._prefixes = opened, prefixes or {}
        self._file = folder / "system.yaml"
        (folder / "models.yaml").write_text(yaml.safe_dump(_models()))
        settings = {
            "models": {"catalogue": str(folder / "models.yaml")},
            "worker": {"memory_gb": 4, "drain_s": 30, "slots": 2, **(worker or {})},
            "storage": {"data_dir": str(folder / "data"), "run_dir": str(self.redis.folder / "run")},
            "redis": {"enabled": True, "url": self.redis.url, "durability": "always"},
        }
        self._file.write_text(yaml.safe_dump(settings))

    def broker(self, name: str = "broker") -> Service:
        return self._service(name, "broker", "--standby")

    def web(self, workers: int = 2) -> Service:
        return self._service("web", "web", "--workers", str(workers), listening=self.listening)

    def worker(self, name: str = "left") -> Service:
        return self._service(name, "worker", "--name", name, "--device", DEVICES[name])

    def _service(self, name: str, *arguments: str, listening: socket.socket | None = None) -> Service:
        prefix = self._prefixes.get(name, ())
        made = Service(self.folder, name, *arguments, "--config", str(self._file), listening=listening, prefix=prefix)
        self._opened.callback(made.close)
        return made


def started(*services: Service) -> None:
    """All are ready; they start side by side."""
    begin(services)
    for service in services:
        service.heard("READY=1")


def begin(services: Iterable[Service]) -> None:
    for service in services:
        service.spawn()


def _models() -> dict[str, Any]:
    catalogue = kit.test_catalogue()
    models = catalogue["models"]["text_to_raw_mesh"]
    models["counting"] = {**models["printing"], "class": "counting:Counting", "path": [str(kit.TEST_MODELS)]}
    return catalogue
