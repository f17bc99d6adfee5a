"""`aigc delete JOB...`"""

import click

from aigc.client import Client
from config.commands import completing
from config.commands.naming import job_ids
from config.commands.printing import say, show
from config.commands.talking import talking


@click.command("delete")
@click.argument("jobs", nargs=-1, required=True, shell_complete=completing.job_ids)
@talking
def command(client: Client, as_json: bool, jobs: tuple[str, ...]) -> int:
    """Remove finished JOBS with their files; what they were is printed once more with --json."""
    gone = [client.delete(job) for job in job_ids(client, jobs)]
    if as_json:
        show(gone)
    else:
        for job in gone:
            say(f"{job.id}  deleted")
    return 0
