"""`aigc features`"""

import click

from aigc.client import Client
from config.commands.talking import show, talking


@click.command("features")
@talking
def command(client: Client, as_json: bool) -> int:
    """List what can be asked for: what each feature takes, gives, and which models do it."""
    found = client.features()
    if as_json:
        show(found)
        return 0
    for one in found.features:
        if one.models:
            takes = ", ".join([*one.inputs, *(f"[{name}]" for name in one.optional_inputs)])
            click.echo(f"{click.style(one.name.replace('_', '-'), bold=True)}  {one.text('description')}")
            click.echo(f"    {takes} → {', '.join(one.output_formats)}; {', '.join(one.models)}")
    return 0
