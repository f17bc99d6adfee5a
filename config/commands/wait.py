"""`aigc wait JOB...`"""

import time

import click

from aigc.client import Client
from config.commands import completing
from config.commands.naming import job_ids
from config.commands.printing import show
from config.commands.summary import finish
from config.commands.talking import outcome, working


@click.command("wait")
@click.argument("jobs", nargs=-1, required=True, shell_complete=completing.job_ids)
@click.option("--timeout", type=click.FloatRange(0), metavar="SECONDS", help="Then end with code 4; the jobs go on.")
@working
def command(client: Client, as_json: bool, jobs: tuple[str, ...], timeout: float | None) -> int:
    """Say nothing until JOBS have ended, then how. For scripts; `watch` shows what happens."""
    ends = None if timeout is None else time.monotonic() + timeout
    final = [
        client.wait(job, None if ends is None else max(0.0, ends - time.monotonic())) for job in job_ids(client, jobs)
    ]
    if as_json:
        show(final)
    else:
        for job in final:
            finish(job, as_json=False)
    return max(outcome(job) for job in final)
