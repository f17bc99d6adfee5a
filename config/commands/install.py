"""`aigc models install NAME` and `aigc models recipes`: heavy models on this machine."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from config.installed import Found
    from config.settings import Settings

_FILE = click.Path(path_type=Path)
CONFIG = click.option("--config", "file", type=_FILE, envvar="AIGC_CONFIG", help="Your system.yaml.")


@click.command("install")
@click.argument("name")
@click.option("--into", type=_FILE, metavar="DIR", help="Where. [default: models.environments]")
@click.option("--python", default="", metavar="PATH", help="The interpreter to use, of the version that it needs.")
@click.option("--dry-run", is_flag=True, help="Only print what would be done.")
@click.option("--accept-licence", is_flag=True, help="Do not ask whether you accept the licence.")
@CONFIG
def command(name: str, into: Path | None, python: str, dry_run: bool, accept_licence: bool, file: Path | None) -> int:
    """Install what a heavy model needs: NAME is a recipe, a model's id, or the path of a recipe.

    Makes a virtual environment, checks out repositories at their pinned revisions, and fetches and verifies weights.
    Run again, it goes on where it stopped. Servers see the model after `aigc config reload`.
    """
    from config.fetching import FetchFailed, Hub
    from config.installing import InstallFailed, Machine, obstacles, steps
    from config.marks import ConfigInvalid

    try:
        settings = _settings(file)
        found = _found(name, settings, into)
    except ConfigInvalid as error:
        raise click.ClickException(str(error)) from None
    recipe = found.named.recipe
    machine = Machine.look(recipe.python, found.place.folder, python)
    _introduce(found)
    hindered = obstacles(found.named, found.place, machine)
    for obstacle in hindered:
        click.echo(f"{click.style('missing', fg='red')}  {obstacle}", err=True)
    if hindered and not dry_run:
        return 1
    if not (dry_run or accept_licence or _agreed(found)):
        return 1
    try:
        for number, step in enumerate(steps(found.named, found.place, machine, Hub.of_environment(), click.echo), 1):
            is_done = step.is_done()
            click.echo(f"{number}. {step.title}" + ("  [done]" if is_done else ""))
            if dry_run:
                click.echo("".join(f"     {line}\n" for line in step.details), nl=False)
            elif not is_done:
                step.run()
    except (FetchFailed, InstallFailed) as error:
        click.echo(f"{click.style('stopped', fg='red')}  {error}", err=True)
        return 1
    click.echo("Nothing was done: this was a dry run." if dry_run else "Installed. Running servers: aigc config reload")
    return 0


@click.command("recipes")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@CONFIG
def recipes(as_json: bool, file: Path | None) -> int:
    """List the heavy models that can be installed on this machine: licences, and what each lacks. Asks no server."""
    from config import recipe
    from config.catalogue import needing
    from config.installed import Installations
    from config.marks import ConfigInvalid

    try:
        settings = _settings(file)
        needed = needing(settings)
        installations = Installations(settings.environments)
        names = dict.fromkeys([*needed.values(), *recipe.bundled()])
        rows = [_row(installations.find(name), [model for model in needed if needed[model] == name]) for name in names]
    except ConfigInvalid as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return 0
    click.echo(f"in {settings.environments}")
    for row in rows:
        state = click.style("installed", fg="green") if not row["missing"] else row["missing"]
        click.echo(f"{click.style(row['name'], bold=True)}  {row['title']}: {state}")
        limits = "" if row["commercial_use"] else "; no commercial use"
        limits += f"; not in {', '.join(row['excluded'])}" if row["excluded"] else ""
        click.echo(f"    {row['licence']}{limits}. {row['ran']}")
        click.echo(f"    {', '.join(row['models']) or 'no model in the catalogue'}")
    return 0


def _settings(file: Path | None) -> "Settings":
    from config.settings import load

    return load(file).settings


def _found(name: str, settings: "Settings", into: Path | None) -> "Found":
    """The recipe of that name, or of the model of that id. Raises ConfigInvalid."""
    from config import recipe
    from config.catalogue import needing
    from config.installed import Installations

    known = name if name.endswith(recipe.SUFFIX) or name in recipe.bundled() else needing(settings).get(name, name)
    return Installations((into or settings.environments).expanduser().absolute()).find(known)


def _introduce(found: "Found") -> None:
    recipe = found.named.recipe
    click.echo(click.style(f"{recipe.title}  ({recipe.homepage})", bold=True))
    click.echo(f"Licence: {recipe.licence} {recipe.licence_url}".rstrip())
    if not recipe.commercial_use:
        click.echo("  It forbids commercial use.")
    if recipe.excluded:
        click.echo(f"  It grants nothing in: {', '.join(recipe.excluded)}.")
    click.echo(recipe.ran)
    click.echo(f"Into {found.place.folder}, about {recipe.disk_gb:g} GiB")


def _agreed(found: "Found") -> bool:
    if click.confirm("Do you accept its licence?"):
        return True
    click.echo("Nothing was done.", err=True)
    return False


def _row(found: "Found", models: list[str]) -> dict[str, Any]:
    recipe = found.named.recipe
    return {
        "name": found.named.name,
        "title": recipe.title,
        "missing": found.missing,
        "folder": str(found.place.folder),
        "licence": recipe.licence,
        "commercial_use": recipe.commercial_use,
        "excluded": recipe.excluded,
        "ran": recipe.ran,
        "models": models,
    }
