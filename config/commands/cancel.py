"""`aigc cancel JOB...`"""

import click

from aigc.client import Client
from config.commands import completing
from config.commands.naming import job_ids
from config.commands.printing import say, show
from config.commands.talking import talking


@click.command("cancel")
@click.argument("jobs", nargs=-1, required=True, shell_complete=completing.job_ids)
@talking
def command(client: Client, as_json: bool, jobs: tuple[str, ...]) -> int:
    """End JOBS, waiting or running; one that has ended already stays as it is."""
    ended = [client.cancel(job) for job in job_ids(client, jobs)]
    if as_json:
        show(ended)
    else:
        for job in ended:
            say(f"{job.id}  {job.status if job.is_final else 'cancelling'}")
    return 0
