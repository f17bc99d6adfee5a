"""`aigc serve`"""

import sys
from pathlib import Path

import click


@click.command("serve")
@click.option("--config", "file", type=click.Path(path_type=Path), envvar="AIGC_CONFIG", help="Your system.yaml.")
@click.option("--host", help="Listen on this address. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port; 0: any free one. [default: 7842]")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Keep records and files here.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]))
def command(file: Path | None, host: str | None, port: int | None, data: Path | None, log_level: str | None) -> int:
    """Run the server on this machine, in one process, without Redis. Ctrl-C stops it; no job is lost."""
    from config import logs
    from config.marks import ConfigInvalid
    from config.settings import load

    flags = {
        "server.host": host,
        "server.port": port,
        "storage.data_dir": None if data is None else str(data),
        "logging.level": log_level,
    }
    try:
        loaded = load(file, flags=flags)
    except ConfigInvalid as error:
        click.echo(error, err=True)
        return 2
    logs.configure(loaded.settings.logging.level, loaded.settings.logging.format)
    for note in loaded.notes:
        click.echo(f"note: {note}", err=True)

    import asyncio

    from config.service import new_loop, serve

    def announce(words: str) -> None:
        click.echo(words)
        sys.stdout.flush()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(serve(loaded.settings, announce, lambda: load(file, flags=flags).settings))
