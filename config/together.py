"""All processes of the server on one machine, as systemd would start them."""

import asyncio
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import structlog

from actors.devices import DevicesSettings, find
from actors.stores.file_lock import FileLock
from aigc.core.errors import InputInvalid
from aigc.core.restart import RestartSettings
from config import parent
from config.catalogue import load_for
from config.children import serve_children
from config.handed import handed
from config.listening import listening_socket
from config.marks import ConfigInvalid
from config.processes import Processes, ProcessSpec
from config.service import page
from config.settings import Settings
from config.unstarted import CANNOT_START, unstarted
from config.wiring import REDIS_SOCKET, is_shared, runtime_folder

log = structlog.get_logger()

PATIENT = RestartSettings(intensity=100, limit_s=2.0)
"""A Redis that finds no room on its disk ends; it is begun again until there is some, since the others wait for it."""

STOP_S = 20.0
"""How long a process may take to end, beyond its drain."""


async def together(settings: Settings, file: Path | None, brokers: int, announce: Callable[[str], None]) -> int:
    """Run a Redis where none is named, brokers, gateways, and a worker for each device; returns the exit code."""
    try:
        # The brokers would complain too, but only when all has begun.
        catalogue = await asyncio.to_thread(load_for, settings)
        listening = listening_socket(settings)
    except (ConfigInvalid, InputInvalid, OSError) as error:
        return unstarted(error, settings)
    with listening, ExitStack() as held:
        try:
            handed_over = [held.enter_context(handed(catalogue)) for _ in range(brokers)]
            children = Processes(list(_all(settings, file, handed_over, listening.fileno(), held)))
        except InputInvalid as error:
            log.error("server.unstarted", reason=str(error))
            return CANNOT_START

        async def reload() -> None:
            children.hang_up("broker")

        return await serve_children(children, lambda: announce(page(listening)), reload)


def _all(
    settings: Settings, file: Path | None, catalogues: Sequence[int], listening: int, held: ExitStack
) -> Iterator[ProcessSpec]:
    runtime, data = runtime_folder(settings), settings.storage.folder
    environment = {"P3D_STORAGE__RUN_DIR": str(runtime), "P3D_REDIS__ENABLED": "true", parent.WHOLE: "true"}
    try:
        runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not is_shared(settings):
            (data / "redis").mkdir(parents=True, exist_ok=True, mode=0o700)
            _hold(data / "redis", held)
            yield _redis(data / "redis", runtime / REDIS_SOCKET)
            environment["P3D_REDIS__URL"] = f"unix://{runtime / REDIS_SOCKET}"
            environment["P3D_REDIS__DURABILITY"] = "always"
    except OSError as error:
        raise InputInvalid(
            f"{error.filename} cannot be written: {error.strerror}",
            suggestion="name a data folder that the server's user may write, with room on its disk",
            where="storage.data_dir",
        ) from error
    yield from _ours(settings, file, catalogues, environment, listening)


def _hold(folder: Path, held: ExitStack) -> None:
    """The records in the folder are ours as long as this process lives: two programs that write them destroy them."""
    lock = FileLock(folder / "lock")
    if not lock.take():
        raise InputInvalid(
            f"{folder} is in use by {lock.holder()}",
            suggestion="end that server, or name another data folder",
            where="storage.data_dir",
        )
    held.callback(lock.release)


def _ours(
    settings: Settings, file: Path | None, catalogues: Sequence[int], environment: dict[str, str], listening: int
) -> Iterator[ProcessSpec]:
    common = ["--data", str(settings.storage.folder), "--log-level", settings.logging.level]
    if file is not None:
        common += ["--config", str(file)]

    def ours(name: str, *arguments: str, files: tuple[int, ...] = ()) -> ProcessSpec:
        command = (sys.executable, "-m", "aigc", *arguments, *common)
        # Gateways are let go before the workers that their clients wait for, and these before the brokers.
        stage = ("broker", "worker", "web").index(arguments[0]) + 1
        return ProcessSpec(name, command, environment, files, settings.worker.drain_s + STOP_S, stage)

    for number, catalogue in enumerate(catalogues):
        yield ours(f"broker-{number}", "broker", "--standby", "--catalogue", str(catalogue), files=(catalogue,))
    worker = settings.worker
    wanted = None if worker.devices == "auto" else tuple(worker.devices)
    for number, probe in enumerate(find(DevicesSettings(wanted=wanted))):
        device = wanted[number] if wanted else probe.sample(()).id
        name = worker.name_of(number)
        yield ours(name, "worker", "--device", device, "--name", name)
    for number in range(settings.server.workers):
        yield ours(f"web-{number}", "web", "--fd", str(listening), files=(listening,))


def _redis(folder: Path, path: Path) -> ProcessSpec:
    program = shutil.which("redis-server")
    if program is None:
        raise InputInvalid(
            "redis-server is not installed",
            suggestion="install it (Debian: apt install redis-server), or name one in the section on redis",
        )
    options = {
        "dir": str(folder),
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "600",
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "hz": "2",  # its housekeeping wakes it ten times a second, else: more than all the rest of a server at rest
        "daemonize": "no",
        "supervised": "systemd",
        "logfile": str(folder / "redis.log"),
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    # It is not ours, so it has to be told to end with us.
    command = (sys.executable, "-I", parent.__file__, program, *arguments)
    return ProcessSpec("redis", command, lives=False, restart=PATIENT)
