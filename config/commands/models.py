"""`aigc models [MODEL]`"""

from typing import Any

import click

from aigc.client import Client
from config.commands.talking import show, talking


@click.command("models")
@click.argument("model", required=False)
@talking
def command(client: Client, as_json: bool, model: str | None) -> int:
    """List features and their models, or show one MODEL with its parameters."""
    if model:
        found = client.model(model)
        show(found) if as_json else _one(found)
        return 0
    models = client.models()
    show(models) if as_json else _all(models["models"])
    return 0


def _all(models: list[dict[str, Any]]) -> None:
    feature = ""
    for model in models:
        if model["feature"] != feature:
            feature = model["feature"]
            click.echo(click.style(feature, bold=True))
        click.echo(f"  {model['id']:28} {model['memory_bytes'] / 2**30:5.1f} GiB  {model['description']}")


def _one(model: dict[str, Any]) -> None:
    click.echo(click.style(f"{model['id']}  ({model['feature']})", bold=True))
    click.echo(model["description"])
    for name, field in model["schema"].get("properties", {}).items():
        kinds = field.get("anyOf", [field])
        kind = next((part for part in kinds if part.get("type") != "null"), field)
        limits = _limits(kind)
        click.echo(f"  {name}={field.get('default')!r}  {kind.get('type', '')}{limits}")
        if field.get("description"):
            click.echo(f"      {field['description']}")


def _limits(kind: dict[str, Any]) -> str:
    if "enum" in kind:
        return " " + " | ".join(map(str, kind["enum"]))
    low, high = kind.get("minimum"), kind.get("maximum")
    return (
        ""
        if low is None and high is None
        else f" {low if low is not None else ''} to {high if high is not None else ''}"
    )
