"""`aigc move JOB... --priority N`"""

import click

from aigc.client import Client
from config.commands import completing
from config.commands.naming import job_ids
from config.commands.printing import say, show
from config.commands.talking import talking


@click.command("move")
@click.argument("jobs", nargs=-1, required=True, shell_complete=completing.waiting_jobs)
@click.option("--priority", type=click.IntRange(0, 9), required=True, help="9 is served first, 0 last.")
@talking
def command(client: Client, as_json: bool, jobs: tuple[str, ...], priority: int) -> int:
    """Give waiting JOBS another priority."""
    moved = [client.move(job, priority) for job in job_ids(client, jobs)]
    if as_json:
        show(moved)
    else:
        for job in moved:
            place = job.queue.position
            say(f"{job.id}  priority {job['priority']}" + ("" if place is None else f"  {place} before it"))
    return 0
