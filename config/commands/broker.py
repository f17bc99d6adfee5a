"""`aigc broker`"""

from pathlib import Path

import click

from config.commands.starting import CONFIG, DATA, LOG_LEVEL, announce, loaded, run


@click.command("broker")
@CONFIG
@click.option("--standby", is_flag=True, help="Wait behind a broker that leads, and take over when it ends.")
@click.option("--place", help="The name in broker.places under which this one is found. [default: the only one]")
@click.option("--catalogue", type=click.IntRange(3), hidden=True, help="Take it from this inherited file, as a child.")
@DATA
@LOG_LEVEL
def command(
    file: Path | None,
    standby: bool,
    place: str | None,
    catalogue: int | None,
    data: Path | None,
    log_level: str | None,
) -> int:
    """Run the broker, which decides what runs where. For several processes or machines; they share a Redis."""
    from config.handed import taken
    from config.house import Role
    from config.service import serve
    from config.settings import load

    flags = {"storage.data_dir": None if data is None else str(data), "logging.level": log_level}
    settings = loaded(file, flags, shares="broker").settings
    known = None if catalogue is None else taken(catalogue)
    again = lambda: load(file, flags=flags).settings  # noqa: E731 - it is handed on
    return run(
        lambda: serve(settings, announce, again, roles=[Role.BROKER], place=place, standby=standby, catalogue=known)
    )
