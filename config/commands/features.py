"""`aigc features`"""

import click

from aigc.client import Client
from config.commands.printing import say, show, styled
from config.commands.talking import talking


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
            say(styled(one.name.replace("_", "-"), bold=True), f"  {one.text('title')}: {one.text('description')}")
            say(f"    {takes} → {', '.join(one.output_formats)}; {', '.join(one.models)}")
    return 0
