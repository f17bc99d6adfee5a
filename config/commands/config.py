"""`aigc config check | show | init | schema`"""

import json
from pathlib import Path

import click

from config.marks import ConfigInvalid


@click.group("config")
def command() -> None:
    """Check, show or start a configuration."""


_FILE = click.option(
    "--config", "file", type=click.Path(path_type=Path), envvar="AIGC_CONFIG", help="Your system.yaml. [default: none]"
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


@command.command()
@_FILE
@_JSON
def check(file: Path | None, as_json: bool) -> int:
    """Check the settings and the catalogue; every error at once, as file:line:col: what: what to do."""
    from config.catalogue import load_for
    from config.settings import load

    try:
        loaded = load(file)
        catalogue = load_for(loaded.settings)
    except ConfigInvalid as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "complaints": [item._asdict() for item in error.complaints]}, indent=2))
        else:
            click.echo(error, err=True)
        return 2
    if as_json:
        click.echo(json.dumps({"ok": True, "models": len(catalogue.models), "digest": catalogue.digest}))
    else:
        features = len({spec.feature for spec in catalogue.models})
        click.echo(f"fine: {len(catalogue.models)} models for {features} features, catalogue {catalogue.digest}")
        for note in loaded.notes:
            click.echo(f"note: {note}")
    return 0


@command.command()
@_FILE
@_JSON
def show(file: Path | None, as_json: bool) -> int:
    """Print every setting in force and where it comes from."""
    from config.settings import load

    try:
        loaded = load(file)
    except ConfigInvalid as error:
        click.echo(error, err=True)
        return 2
    values = loaded.settings.model_dump(mode="json")
    if as_json:
        click.echo(json.dumps({"settings": values, "origins": loaded.origins}, indent=2))
        return 0
    for section, inner in values.items():
        rows = inner.items() if isinstance(inner, dict) else [("", inner)]
        for name, value in rows:
            key = f"{section}.{name}" if name else section
            click.echo(f"{key} = {json.dumps(value)}  ({loaded.origins.get(key, 'default')})")
    return 0


@command.command()
@click.argument("to", type=click.Path(path_type=Path), default=Path("system.yaml"))
def init(to: Path) -> int:
    """Write a commented file with all defaults; an existing one is left alone."""
    from config.settings import example

    try:
        with to.open("x", encoding="utf-8") as file:
            file.write(example())
    except FileExistsError:
        raise click.UsageError(f"{to} exists already; name another file") from None
    click.echo(f"wrote {to}; start with: aigc serve --config {to}")
    return 0


@command.command()
def schema() -> int:
    """Print the JSON Schema of system.yaml, for editors that complete it."""
    from config.settings import Settings

    click.echo(json.dumps(Settings.model_json_schema(), indent=2))
    return 0
