"""`aigc doctor`: what is missing or wrong in a set-up, and what to do about it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from config.commands.starting import CONFIG, DATA

if TYPE_CHECKING:
    from config.checkup.finding import Finding
    from config.marks import ConfigInvalid

COLOURS = {"fine": "green", "note": "yellow", "wrong": "red"}


@click.command("doctor")
@CONFIG
@DATA
@click.option("--host", help="As for `aigc serve`.")
@click.option("--port", type=click.IntRange(0, 65535), help="As for `aigc serve`.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
def command(file: Path | None, data: Path | None, host: str | None, port: int | None, as_json: bool) -> int:
    """Look for what is missing or wrong, with the settings that a server with the same options would have.

    Exit code 0: nothing is wrong. 1: something is, and the server would not start, lose jobs or fail some.
    """
    folder = None if data is None else str(data)
    flags = {"storage.data_dir": folder, "server.host": host, "server.port": port}
    findings: list[Finding] = []
    for finding in examined(file, flags):
        findings.append(finding)
        if not as_json:
            level, _, what, do = finding
            click.echo(f"{click.style(f'{level:5}', fg=COLOURS[level])}  {what}" + (f"\n       {do}" if do else ""))
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in findings], indent=2))
    return 1 if any(finding.level == "wrong" for finding in findings) else 0


def examined(file: Path | None, flags: Mapping[str, object]) -> "Iterator[Finding]":
    """All that is found, what is quick to see first."""
    from config.catalogue import load_for
    from config.checkup import devices, machine, models, others, places, redis
    from config.checkup.finding import Finding
    from config.marks import ConfigInvalid
    from config.settings import load
    from config.wiring import as_running, is_shared

    yield from machine.python()
    yield from machine.strangers()
    yield from machine.runners()
    yield from models.packages()
    try:
        settings = load(file, flags=flags).settings
    except ConfigInvalid as error:
        yield from _complaints(error)
        return
    yield from machine.open_files(settings)
    yield from places.folder(settings)
    yield from places.address(settings)
    yield from places.reach(settings)
    if is_shared(settings):
        yield from redis.look(settings.redis)
    yield from others.keys(settings)
    yield from others.agreement(as_running(settings), places.url_of(settings))
    yield from devices.devices(settings)
    try:
        catalogue = load_for(settings)
    except ConfigInvalid as error:
        yield from _complaints(error)
        return
    yield Finding("fine", "configuration", f"configuration; {len(catalogue.models)} models")
    yield from models.models(catalogue)


def _complaints(error: "ConfigInvalid") -> "Iterator[Finding]":
    from config.checkup.finding import Finding

    for complaint in error.complaints:
        code = "open_without_login" if "log in" in complaint.what else "configuration"
        yield Finding("wrong", code, f"{complaint.place}: {complaint.what}", complaint.do)
