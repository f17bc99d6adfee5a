"""`aigc up`"""

from pathlib import Path

import click

from config.commands.starting import CONFIG, DATA, LOG_LEVEL, announce, loaded, run


@click.command("up")
@CONFIG
@click.option("--workers", type=click.IntRange(1, 256), help="Gateway processes. [default: 1]")
@click.option("--brokers", type=click.IntRange(1, 9), default=2, help="One leads, the others stand by. [default: 2]")
@click.option("--device", "devices", multiple=True, help="One worker for each that is named. [default: worker.devices]")
@click.option("--host", help="Listen on this address. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port; 0: any free one. [default: 7842]")
@DATA
@LOG_LEVEL
def command(
    file: Path | None,
    workers: int | None,
    brokers: int,
    devices: tuple[str, ...],
    host: str | None,
    port: int | None,
    data: Path | None,
    log_level: str | None,
) -> int:
    """Run all processes of the server on this machine, to see them work together. Ctrl-C stops them; no job is lost.

    Where the settings name no Redis, one of its own is started, which keeps its records in the data folder.
    """
    from config.together import together

    flags = {
        "server.workers": workers,
        "server.host": host,
        "server.port": port,
        "worker.devices": list(devices) or None,
        "storage.data_dir": None if data is None else str(data),
        "logging.level": log_level,
    }
    settings = loaded(file, flags).settings
    return run(lambda: together(settings, file, brokers, announce))
