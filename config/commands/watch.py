"""`aigc watch [JOB...]`"""

import click

from aigc.client import Client
from config.commands import completing
from config.commands.follow import follow
from config.commands.naming import job_ids
from config.commands.printing import say
from config.commands.summary import finish
from config.commands.talking import outcome, working


@click.command("watch")
@click.argument("jobs", nargs=-1, shell_complete=completing.job_ids)
@working
def command(client: Client, as_json: bool, jobs: tuple[str, ...]) -> int:
    """Follow JOBS until they end; without any, all that wait or run. With --json, one event per line."""
    jobs = job_ids(client, jobs)
    named = {job: job[:8] for job in jobs} if len(jobs) != 1 else {jobs[0]: ""}
    if not jobs:
        waiting = [job for status in ("processing", "queued") for job in client.each_job(status=status)]
        named = {job.id: f"{job.id[:8]} {job.feature.replace('_', ' ')}" for job in waiting}
    if not named:
        say("no job waits or runs", err=True)
        return 0
    final = follow(client, named, as_json=as_json)
    if not as_json:
        for job in final:
            finish(job, as_json=False)
    return max(outcome(job) for job in final)
