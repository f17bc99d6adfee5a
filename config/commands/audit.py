"""`aigc audit`"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from config.commands.printing import say
from config.commands.users import with_people

if TYPE_CHECKING:
    from config.wiring import People


@click.command("audit")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many lines.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines, for scripts.")
@with_people
async def command(limit: int, as_json: bool, people: "People") -> int:
    """Show who did what, when and from where, the newest last. Reads the server's own store, like `aigc users`."""
    found = await people.audit.recent(limit)
    if not found:
        say(f"nobody has done anything yet that is recorded ({people.place})", err=True)
    for one in reversed(found):
        if as_json:
            click.echo(msgspec.json.encode(one))
            continue
        at = datetime.fromtimestamp(one.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
        where = f" from {one.address}" if one.address else ""
        say(f"{at}  {one.name or '-'}{where}: {one.action} {one.subject} {one.detail}".rstrip())
    return 0
