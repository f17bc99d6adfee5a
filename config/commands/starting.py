"""What all commands that start processes share: their options, the settings, the loop."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from config import lean  # noqa: F401 - here: whatever a command of a process imports does without
from config.settings import Loaded

CONFIG = click.option(
    "--config", "file", type=click.Path(path_type=Path), envvar="AIGC_CONFIG", help="Your system.yaml."
)
DATA = click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Keep records and files here.")
LOG_LEVEL = click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]))


def loaded(file: Path | None, flags: dict[str, Any], *, shares: str = "") -> Loaded:
    """The settings in force, with the log set up; the process ends with code 2 where they are wrong.

    Args:
        shares: what a process is called that is nothing without others, see `wiring.check_shared`.
    """
    from actors.log_files import LogFile
    from aigc.core.errors import InputInvalid
    from config import logs
    from config.marks import ConfigInvalid
    from config.parent import die_with_parent
    from config.settings import load
    from config.wiring import check_shared

    die_with_parent()
    os.umask(0o027)  # prompts and meshes are nobody else's on this machine
    try:
        found = load(file, flags=flags)
        if shares:
            check_shared(found.settings, shares)
    except (ConfigInvalid, InputInvalid) as error:
        click.echo(error, err=True)
        sys.exit(2)
    told = found.settings.logging
    role = click.get_current_context().info_name or "server"
    folder = found.settings.storage.log_folder
    kept = LogFile(folder, role, int(told.keep_mb * (1 << 20))) if told.keep_mb else None
    logs.configure(told.level, told.format, kept)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    return found


def announce(words: str) -> None:
    """Say it on standard output, now."""
    click.echo(words)
    sys.stdout.flush()


def run(main: Callable[[], Any]) -> int:
    """The exit code of a coroutine function, on the server's loop."""
    import asyncio

    from config.service import new_loop

    with asyncio.Runner(loop_factory=new_loop) as runner:
        code: int = runner.run(main())
        return code
