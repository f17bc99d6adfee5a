"""`aigc api METHOD PATH [JSON]`"""

import json

import click
from click.shell_completion import CompletionItem

from aigc.client import Client, ClientError
from config.commands.completing import asked
from config.commands.printing import show
from config.commands.talking import talking


def _paths(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The routes that the server's own description has for the method."""
    method = str(ctx.params.get("method") or "get").lower()
    try:
        described = asked(ctx).ask("GET", "/openapi.json")["paths"]
    except (ClientError, OSError):
        return []
    return [CompletionItem(path) for path, has in described.items() if method in has and path.startswith(incomplete)]


@click.command("api")
@click.argument("method", type=click.Choice(["GET", "POST", "PUT", "PATCH", "DELETE"], case_sensitive=False))
@click.argument("path", shell_complete=_paths)
@click.argument("body", required=False)
@talking
def command(client: Client, as_json: bool, method: str, path: str, body: str | None) -> int:
    """Ask any route that answers with JSON, with BODY as its JSON, and print the answer.

    aigc api GET /api/v1/system/status
    """
    try:
        sent = None if body is None else json.loads(body)
    except ValueError as error:
        raise click.BadParameter(f"not JSON: {error}", param_hint="BODY") from None
    if not path.startswith("/"):
        raise click.BadParameter(f"{path} does not begin with a slash", param_hint="PATH")
    show(client.ask(method.upper(), path, sent))
    return 0
