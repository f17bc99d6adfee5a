"""`aigc serve`"""

from pathlib import Path

import click

from config.commands.starting import CONFIG, DATA, LOG_LEVEL, announce, loaded, run


@click.command("serve")
@CONFIG
@click.option("--host", help="Listen on this address. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port; 0: any free one. [default: 7842]")
@DATA
@LOG_LEVEL
def command(file: Path | None, host: str | None, port: int | None, data: Path | None, log_level: str | None) -> int:
    """Run the server on this machine, in one process, without Redis. Ctrl-C stops it; no job is lost."""
    from config.service import serve
    from config.settings import load

    flags = {
        "server.host": host,
        "server.port": port,
        "storage.data_dir": None if data is None else str(data),
        "logging.level": log_level,
    }
    found = loaded(file, flags)
    return run(lambda: serve(found.settings, announce, lambda: load(file, flags=flags).settings, origins=found.origins))
