"""`aigc worker`"""

from pathlib import Path

import click

from config.commands.starting import CONFIG, DATA, LOG_LEVEL, announce, loaded, run


@click.command("worker")
@CONFIG
@click.option("--device", help="What it computes on: cpu, a GPU's UUID, fake:24. [default: worker.devices]")
@click.option("--name", help="What it is called; no two living workers share a name. [default: host and device]")
@DATA
@LOG_LEVEL
def command(file: Path | None, device: str | None, name: str | None, data: Path | None, log_level: str | None) -> int:
    """Run a worker, the hands of one device. For several processes or machines; the broker tells it what to do."""
    from config.house import Role
    from config.service import serve
    from config.settings import load
    from config.units import device_of

    flags = {
        "worker.devices": None if device is None else [device_of(device)],
        "worker.name": name,
        "storage.data_dir": None if data is None else str(data),
        "logging.level": log_level,
    }
    settings = loaded(file, flags, shares="worker").settings
    return run(lambda: serve(settings, announce, lambda: load(file, flags=flags).settings, roles=[Role.WORKER]))
