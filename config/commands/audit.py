"""`aigc audit`"""

from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from config.commands.users import with_people


@click.command("audit")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many lines.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines, for scripts.")
@with_people
async def command(limit: int, as_json: bool, people: Any) -> int:
    """Show who did what, when and from where, the newest last. Reads the server's own store, like `aigc users`."""
    for one in reversed(await people.audit.recent(limit)):
        if as_json:
            click.echo(msgspec.json.encode(one))
            continue
        at = datetime.fromtimestamp(one.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
        where = f" from {one.address}" if one.address else ""
        click.echo(_plain(f"{at}  {one.name or '-'}{where}: {one.action} {one.subject} {one.detail}".rstrip()))
    return 0


def _plain(text: str) -> str:
    """In one line, and nothing that a terminal obeys: strangers choose the names under which they fail to log in."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
