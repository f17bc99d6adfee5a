"""`aigc list`"""

import itertools
from collections.abc import Iterator

import click

from aigc.client import Client, Job
from config.commands import completing
from config.commands.printing import say, show, show_line
from config.commands.talking import talking

NONE = "no such job is kept here; finished ones go after a time"


@click.command("list")
@click.option("--status", type=click.Choice(["queued", "processing", "completed", "failed", "cancelled"]))
@click.option("--feature", default="", shell_complete=completing.features)
@click.option("--tag", default="", help="Only those with this word.")
@click.option(
    "--owner", default="", metavar="ID", help="Another's, for operators; '*': everybody's. [default: your own]"
)
@click.option(
    "--search", default="", metavar="WORDS", help="Only those in whose prompt, files, model or tags all these are."
)
@click.option("--since", default="", metavar="TIME", help="Made after it: 2026-01-31 or 2026-01-31T12:00Z.")
@click.option("--until", default="", metavar="TIME", help="Made before it.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@click.option("--cursor", default="", help="Go on where a page ended: its next_cursor.")
@click.option("--all", "everything", is_flag=True, help="All of them; with --json one in each line.")
@talking
def command(
    client: Client, as_json: bool, status: str | None, feature: str, tag: str, owner: str, search: str, since: str,
    until: str, limit: int, cursor: str, everything: bool,
) -> int:  # fmt: skip
    """List jobs, newest first."""
    feature = feature.replace("-", "_")
    if not (search or everything):
        page = client.jobs(
            status=status, feature=feature, tag=tag, owner=owner, created_after=since, created_before=until,
            limit=limit, cursor=cursor,
        )  # fmt: skip
        if as_json:
            show(page)
            return 0
        if not page.jobs:
            say(NONE, err=True)
        for job in page.jobs:
            say(_line(job))
        if page.next_cursor:
            say(f"more: --cursor {page.next_cursor}", err=True)
        return 0
    jobs: Iterator[Job] = client.each_job(
        status=status, feature=feature, tag=tag, words=search, owner=owner, created_after=since, created_before=until
    )
    is_empty = True
    for job in jobs if everything else itertools.islice(jobs, limit):
        show_line(job) if as_json else say(_line(job))
        is_empty = False
    if is_empty and not as_json:
        say(NONE, err=True)
    return 0


def _line(job: Job) -> str:
    done = f"{job.fraction:4.0%}" if job.status == "processing" else "    "
    made = job["created_at"][:19]
    return f"{job.id}  {job.status:10} {done}  {job.feature:24} {made}  {job.model:20}  {_called(job)}".rstrip()


def _called(job: Job) -> str:
    """By what a person knows it: its name, its prompt, or what it was made of."""
    return " ".join(job.name.split())[:40]
