"""`aigc models [MODEL]`, `aigc models load | unload | pin | unpin MODEL`, `... new | install NAME`, `... recipes`"""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from aigc.client import Client
from config.commands import completing, install
from config.commands.new_model import command as new
from config.commands.printing import say, show, styled
from config.commands.talking import begun, talking


class Models(click.Group):
    """A word that is no command of this group is the name of a model, which is shown."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command, with its arguments."""
        if args[0] in self.commands or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        if len(args) > 1 and not args[1].startswith("-"):
            near = get_close_matches(args[0], self.commands, 1, 0.6)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(self.commands))}"
            ctx.fail(f"aigc models has no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, ["show", *args])


@click.group("models", cls=Models, invoke_without_command=True, subcommand_metavar="[MODEL | COMMAND MODEL]")
@click.option("--all", "with_absent", is_flag=True, help="Also those that are known and not served, with the reason.")
@talking
@click.pass_context
def command(ctx: click.Context, client: Client, as_json: bool, with_absent: bool) -> int:
    """List the models that the server has, by feature; or show one MODEL, change what is in memory, install.

    \b
    aigc models            what can be asked for now; `aigc models list` is the same
    aigc models --all      also what the server knows and does not serve, and why
    aigc models recipes    what can be installed on this machine, whether a server runs or not
    """
    return _listed(client, as_json, with_absent) if ctx.invoked_subcommand is None else 0


@command.command("list")
@click.option("--all", "with_absent", is_flag=True, help="Also those that are known and not served, with the reason.")
@click.option("--config", "file", type=click.Path(path_type=Path), hidden=True)  # what is now `recipes` was called so
@talking
@click.pass_context
def listing(ctx: click.Context, client: Client, as_json: bool, with_absent: bool, file: Path | None) -> int:
    """List the models that the server has, as `aigc models` does."""
    if file is not None:
        code: int = ctx.invoke(install.recipes, file=file, as_json=as_json)
        return code
    return _listed(client, as_json, with_absent)


def _listed(client: Client, as_json: bool, with_absent: bool) -> int:
    models = client.models()
    show(models) if as_json else _all(models["models"])
    if with_absent and not as_json:
        _absent(models["absent"])
    elif models["absent"] and not as_json:
        say(f"{len(models['absent'])} more are known and not served: aigc models --all", err=True)
    return 0


command.add_command(install.command)
command.add_command(install.recipes)


@command.command("show")
@click.argument("model", shell_complete=completing.models)
@talking
def one(client: Client, as_json: bool, model: str) -> int:
    """Show one MODEL with its parameters."""
    found = client.model(model)
    show(found) if as_json else _one(found)
    return 0


command.add_command(new)


@command.command("parameters")
@click.argument("model", shell_complete=completing.models)
@talking
def parameters(client: Client, as_json: bool, model: str) -> int:
    """Show the parameters of MODEL; with --json, their JSON Schema."""
    found = client.model(model)
    show(found.schema) if as_json else _one(found)
    return 0


def _changing(action: str, help_text: str) -> None:
    @command.command(action, help=help_text)
    @click.argument("model", shell_complete=completing.models)
    @click.option("--worker", default="", metavar="NAME", help="Only there. [default: where it is, or fits best]")
    @talking
    def change(client: Client, as_json: bool, model: str, worker: str) -> int:
        return begun(client.control(action, model, worker), as_json=as_json)


_changing("load", "Load MODEL; idle models leave for it if there is no room.")
_changing("unload", "Have MODEL leave memory, when its job has ended.")
_changing("pin", "Keep MODEL in memory, whatever else needs it; loads it if it is not there.")
_changing("unpin", "Let MODEL leave memory again when that is needed.")


def _all(models: list[dict[str, Any]]) -> None:
    feature = ""
    for model in models:
        if model["feature"] != feature:
            feature = model["feature"]
            say(styled(feature, bold=True))
        places = ", ".join(
            f"{place['state']} on {place['worker']}{' (pinned)' if place['pinned'] else ''}"
            for place in model["residency"] or ()
        )
        say(
            f"  {model['id']:28} {model['memory_bytes'] / 2**30:5.1f} GiB  {model['description']}"
            + (f"  [{places}]" if places else "")
        )


def _absent(models: list[dict[str, Any]]) -> None:
    say(styled("not served", bold=True))
    for model in models:
        say(f"  {model['id']:36} {model['feature']:24} {model['detail']}: {model['suggestion']}")


def _one(model: dict[str, Any]) -> None:
    say(styled(f"{model['id']}  ({model['feature']})", bold=True))
    say(model["description"])
    for name, field in model["schema"].get("properties", {}).items():
        kinds = field.get("anyOf", [field])
        kind = next((part for part in kinds if part.get("type") != "null"), field)
        limits = _limits(kind)
        say(f"  {name}={field.get('default')!r}  {kind.get('type', '')}{limits}")
        if field.get("description"):
            say(f"      {field['description']}")


def _limits(kind: dict[str, Any]) -> str:
    if "enum" in kind:
        return " " + " | ".join(map(str, kind["enum"]))
    low, high = kind.get("minimum"), kind.get("maximum")
    return (
        ""
        if low is None and high is None
        else f" {low if low is not None else ''} to {high if high is not None else ''}"
    )
