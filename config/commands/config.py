"""`aigc config check | show | init | schema | reload`"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aigc.client import Client
from config.commands.printing import say, show
from config.commands.talking import FAILED, exit_codes, talking
from config.marks import ConfigInvalid

if TYPE_CHECKING:
    from aigc.core.model import Catalogue
    from config.settings import Settings


@click.group("config")
def command() -> None:
    """Check, show, start or reload a configuration."""


_FILE = click.option(
    "--config", "file", type=click.Path(path_type=Path), envvar="AIGC_CONFIG", help="Your system.yaml. [default: none]"
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


@command.command()
@_FILE
@_JSON
@click.option("--url", metavar="URL", help="Compare with this running server, too; 1 is the exit code if they differ.")
def check(file: Path | None, as_json: bool, url: str | None) -> int:
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
    found = _compared(loaded.settings, catalogue, url) if url else []
    if as_json:
        told: dict[str, Any] = {"ok": not found, "models": len(catalogue.models), "digest": catalogue.digest}
        show(told | ({"url": url, "differences": found} if url else {}))
        return FAILED if found else 0
    features = len({spec.feature for spec in catalogue.models})
    click.echo(f"fine: {len(catalogue.models)} models for {features} features, catalogue {catalogue.digest}")
    for note in loaded.notes:
        click.echo(f"note: {note}")
    if url:
        click.echo(f"{url} has the same" if not found else f"{url} differs:")
    for line in found:
        click.echo(f"  {line}")
    return FAILED if found else 0


def _compared(settings: "Settings", catalogue: "Catalogue", url: str) -> list[str]:
    """What the server at `url` has otherwise than this machine's files, in words."""
    from aigc import __version__
    from aigc.core.agreement import differences
    from config import agreement
    from config.wiring import as_running

    with exit_codes():
        client = Client(url, retry_s=0)
        release, models, system = client.health()["release"], client.models(), client.system()
    broker = system["broker"]
    found = [] if release == __version__ else [f"aigc is {__version__} here and {release} there"]
    if not broker["answers"]:
        found.append("no broker answers there, so only what its gateway remembers can be compared")
    else:
        found += differences(agreement.agreed(as_running(settings)), broker["agreed"])
        found += [f"{one['process']}: {what}" for one in system.get("differing", ()) for what in one["differences"]]
    if models["digest"] != catalogue.digest:
        found += agreement.model_differences(catalogue.models, models["models"])
    return found


@command.command()
@talking
def reload(client: Client, as_json: bool) -> int:
    """Have the broker read its files again: all of it is in force, or nothing and every complaint is told."""
    answer = client.reload()
    if as_json:
        show(answer)
        return 0
    say(f"in force: catalogue {answer['digest']}")
    for what in ("added", "removed", "changed"):
        if answer[what]:
            say(f"  {what}: {', '.join(answer[what])}")
    for note in answer["notes"]:
        say(f"note: {note}")
    return 0


@command.command("show")
@_FILE
@_JSON
def show_settings(file: Path | None, as_json: bool) -> int:
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
