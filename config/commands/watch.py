"""`aigc watch JOB`"""

import click

from aigc.client import Client
from config.commands.follow import finish, follow
from config.commands.talking import outcome, working


@click.command("watch")
@click.argument("job")
@working
def command(client: Client, as_json: bool, job: str) -> int:
    """Follow JOB until it ends; with --json, one event per line."""
    record = follow(client, client.job(job), as_json=as_json)
    if not as_json:
        finish(client, record, as_json=False)
    return outcome(record)
