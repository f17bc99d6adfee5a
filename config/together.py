"""All processes of the server on one machine, as systemd would start them."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog

from actors.devices import DevicesSettings, find
from aigc.core.errors import InputInvalid
from config.children import CANNOT_START, serve_children
from config.house import worker_name
from config.processes import Processes, ProcessSpec
from config.service import page
from config.settings import Settings
from config.wiring import is_shared, runtime_folder
from web.server import listen

log = structlog.get_logger()


async def together(settings: Settings, file: Path | None, brokers: int, announce: Callable[[str], None]) -> int:
    """Run a Redis where none is named, brokers, gateways, and a worker for each device; returns the exit code."""
    runtime = runtime_folder(settings)
    environment = {"P3D_STORAGE__RUN_DIR": str(runtime), "P3D_REDIS__ENABLED": "true"}
    try:
        runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        listening = listen(settings.server.host, settings.server.port)
        specs: list[ProcessSpec] = []
        if not is_shared(settings):
            store = _redis(settings.storage.folder / "redis", runtime / "redis.sock")
            environment["P3D_REDIS__URL"] = f"unix://{runtime}/redis.sock"
            environment["P3D_REDIS__DURABILITY"] = "always"
            specs.append(store)
        specs += _ours(settings, file, brokers, environment, listening.fileno())
    except (OSError, InputInvalid) as error:
        log.error("server.unstarted", reason=str(error))
        return CANNOT_START
    children = Processes(specs)

    async def reload() -> None:
        children.hang_up("broker")

    with listening:
        return await serve_children(children, lambda: announce(page(listening)), reload)


def _ours(
    settings: Settings, file: Path | None, brokers: int, environment: dict[str, str], listening: int
) -> Iterator[ProcessSpec]:
    common = ["--data", str(settings.storage.folder), "--log-level", settings.logging.level]
    if file is not None:
        common += ["--config", str(file)]

    def ours(name: str, *arguments: str, files: tuple[int, ...] = (), stop_s: float = 20.0) -> ProcessSpec:
        command = (sys.executable, "-m", "aigc", *arguments, *common)
        # Gateways are let go before the workers that their clients wait for, and these before the brokers.
        stage = ("broker", "worker", "web").index(arguments[0]) + 1
        return ProcessSpec(name, command, environment, files, stop_s, stage)

    for number in range(brokers):
        yield ours(f"broker-{number}", "broker", "--standby")
    worker = settings.worker
    wanted = None if worker.devices == "auto" else tuple(worker.devices)
    for number, probe in enumerate(find(DevicesSettings(wanted=wanted))):
        device = wanted[number] if wanted else probe.sample(()).id
        name = worker_name(settings, number)
        yield ours(name, "worker", "--device", device, "--name", name, stop_s=worker.drain_s + 20)
    for number in range(settings.server.workers):
        yield ours(f"web-{number}", "web", "--fd", str(listening), files=(listening,))


def _redis(folder: Path, path: Path) -> ProcessSpec:
    program = shutil.which("redis-server")
    if program is None:
        raise InputInvalid(
            "redis-server is not installed",
            suggestion="install it (Debian: apt install redis-server), or name one in the section on redis",
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "dir": str(folder),
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "600",
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "daemonize": "no",
        "supervised": "systemd",
        "logfile": str(folder / "redis.log"),
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return ProcessSpec("redis", (program, *arguments), lives=False)
