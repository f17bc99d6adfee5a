"""`aigc show JOB`"""

import click

from aigc.client import Client, Job
from config.commands import completing
from config.commands.naming import job_id
from config.commands.printing import say, show
from config.commands.summary import failure, summary
from config.commands.talking import talking

LINES = 1000


@click.command("show")
@click.argument("job", shell_complete=completing.job_ids)
@click.option(
    "--evidence", is_flag=True, help="All that is known of why it failed; with --json, what there is to send on."
)
@talking
def command(client: Client, as_json: bool, job: str, evidence: bool) -> int:
    """Show one JOB: what was asked, how it went, what it made, why it failed."""
    job = job_id(client, job)
    if evidence and as_json:
        show(client.evidence(job))
        return 0
    record = client.job(job)
    if as_json:
        show(record)
        return 0
    _asked(record)
    summary(record, log_lines=LINES if evidence else 10)
    if evidence:
        for number, attempt in enumerate(record.failures, 1):
            say(f"attempt {attempt.get('attempt') or number}")
            failure(attempt, LINES)
        for line in record.rows("history"):
            say(f"{line['at'][:19]}  {line['kind']}  {line['detail']}")
    return 0


def _asked(job: Job) -> None:
    for name, given in job.inner("inputs").items():
        whose = f", of: {given['title']}" if given.get("title") else ""
        say(f"{name}: {given.get('text') or given.get('filename')}{whose}")
    if job.params:
        say(", ".join(f"{name}={value}" for name, value in job.params.items()))
