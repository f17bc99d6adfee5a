"""`aigc web`"""

from pathlib import Path

import click

from config.commands.starting import CONFIG, DATA, LOG_LEVEL, announce, loaded, run


@click.command("web")
@CONFIG
@click.option("--workers", type=click.IntRange(1, 256), help="Processes that share the address. [default: 1]")
@click.option("--host", help="Listen on this address. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port; 0: any free one. [default: 7842]")
@click.option("--fd", type=click.IntRange(3), hidden=True, help="Serve on this inherited socket, as a child.")
@DATA
@LOG_LEVEL
def command(
    file: Path | None,
    workers: int | None,
    host: str | None,
    port: int | None,
    fd: int | None,
    data: Path | None,
    log_level: str | None,
) -> int:
    """Run the gateways, which clients talk to: as many processes as are wanted on one address, one supervisor.

    SIGHUP replaces them one by one, with the settings as they then are; no request fails.
    """
    import socket

    from config.gateways import serve_gateways
    from config.house import Role
    from config.service import serve
    from config.settings import Settings, load

    flags = {
        "server.workers": workers,
        "server.host": host,
        "server.port": port,
        "storage.data_dir": None if data is None else str(data),
        "logging.level": log_level,
    }
    settings, origins, *_ = loaded(file, flags, shares="web")

    def again() -> Settings:
        return load(file, flags=flags).settings

    if fd is not None:
        listening = socket.socket(fileno=fd)
        return run(lambda: serve(settings, announce, again, roles=[Role.WEB], listening=listening, origins=origins))
    arguments = ["--data", str(settings.storage.folder), "--log-level", settings.logging.level]
    if file is not None:
        arguments += ["--config", str(file)]
    return run(lambda: serve_gateways(settings, arguments, announce, again))
