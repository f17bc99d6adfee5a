"""`aigc units`"""

import shutil
import sys
from pathlib import Path

import click


@click.command("units")
@click.option("--devices", help="A worker for each: cpu,GPU-…; none: no worker here. [default: worker.devices]")
@click.option("--web", type=click.IntRange(0, 256), help="Gateways; 0: none here. [default: server.workers]")
@click.option("--brokers", type=click.IntRange(0, 2), default=2, show_default=True, help="2: the second stands by.")
@click.option("--place", default="", help="The name in broker.places of this machine. [default: the only one]")
@click.option("--user", default="aigc", show_default=True, help="Whom the services run as.")
@click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path, resolve_path=True),
    envvar="AIGC_CONFIG",
    help="Your system.yaml. [default: none]",
)
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), help="Write them here instead.")
def command(
    devices: str | None, web: int | None, brokers: int, place: str, user: str, file: Path | None, into: Path | None
) -> int:
    """Print the systemd units that run the server on this machine, several processes under one target.

    aigc units --config /etc/aigc/system.yaml --into /etc/systemd/system
    """
    from aigc.core.errors import InputInvalid
    from config.marks import ConfigInvalid
    from config.settings import load
    from config.units import Layout, notes, units

    try:
        settings = load(file).settings
        layout = Layout(
            program=_program(),
            file=file,
            devices=_found(settings.worker.devices) if devices is None else _named(devices),
            web=settings.server.workers if web is None else web,
            brokers=brokers,
            place=place,
            user=user,
        )
        made = units(settings, layout)
    except (ConfigInvalid, InputInvalid) as error:
        click.echo(error, err=True)
        return 2
    for name, text in made.items():
        if into is None:
            click.echo(f"# /etc/systemd/system/{name}\n{text}")
        else:
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            (into / name).write_text(text, encoding="utf-8")
    for note in (*_missing_user(user), *notes(settings, layout)):
        click.echo(f"note: {note}", err=True)
    if into is not None:
        click.echo(f"wrote {len(made)} files below {into}; then:")
        click.echo("  systemctl daemon-reload && systemctl enable --now aigc.target")
    return 0


def _program() -> Path:
    """The command that runs now, or the one of this environment."""
    beside = Path(sys.executable).with_name("aigc")
    return beside if beside.exists() else Path(shutil.which("aigc") or beside)


def _named(devices: str) -> tuple[str, ...]:
    return () if devices == "none" else tuple(name for name in devices.split(",") if name)


def _found(wanted: object) -> tuple[str, ...]:
    from actors.devices import DevicesSettings, find

    if isinstance(wanted, list):
        return tuple(wanted)
    return tuple(probe.sample(()).id for probe in find(DevicesSettings()))


def _missing_user(user: str) -> tuple[str, ...]:
    import pwd

    try:
        pwd.getpwnam(user)
    except KeyError:
        return (f"there is no user {user} here; make it: useradd --system --home-dir /var/lib/aigc {user}",)
    return ()
