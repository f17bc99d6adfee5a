"""`aigc status [JOB]`"""

from typing import Any

import click

from aigc.client import Client
from config.commands import completing
from config.commands.naming import job_id
from config.commands.printing import say, show, styled
from config.commands.summary import summary
from config.commands.talking import ago, outcome, talking
from config.commands.workers import describe


@click.command("status")
@click.argument("job", required=False, shell_complete=completing.job_ids)
@talking
def command(client: Client, as_json: bool, job: str | None) -> int:
    """Show JOB, or without one the server: brokers, devices, resident models, queue, and why jobs wait."""
    if job:
        record = client.job(job_id(client, job))
        show(record) if as_json else summary(record)
        return outcome(record)
    system = client.system()
    show(system) if as_json else _overview(system)
    return 0


def _overview(system: dict[str, Any]) -> None:
    queue = system["queue"]
    say(f"{queue['pending_jobs']} waiting, {queue['processing_jobs']} running, {queue['completed_jobs']} completed")
    if not system["broker"]["answers"]:
        say(styled("no broker answers; accepted jobs wait for one", fg="yellow"))
    for broker in system["brokers"]:
        role = f"leads as generation {broker['generation']}" if broker["leads"] else "stands by"
        say(f"broker {broker['owner']}  {role}, heard {ago(broker['seen_s'])} ago")
    if system["store"]["fault"]:
        say(styled(f"the store of records: {system['store']['fault']}", fg="yellow"))
    for one in system.get("differing", ()):
        what = f"{one['process']} has other settings than the broker: {'; '.join(one['differences'])}"
        say(styled(what, fg="yellow"))
    for worker in system["workers"]:
        describe(worker)
    for reason in system["waiting"]["reasons"]:
        jobs = "1 job" if reason["jobs"] == 1 else f"{reason['jobs']} jobs"
        say(f"{jobs} for {', '.join(reason['models'])}: {reason['reason']}")
