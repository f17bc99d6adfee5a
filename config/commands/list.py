"""`aigc list`"""

import click

from aigc.client import Client
from config.commands.talking import show, talking


@click.command("list")
@click.option("--status", type=click.Choice(["queued", "processing", "completed", "failed", "cancelled"]))
@click.option("--feature", default="")
@click.option("--tag", default="")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@talking
def command(client: Client, as_json: bool, status: str | None, feature: str, tag: str, limit: int) -> int:
    """List jobs, newest first."""
    page = client.jobs(status=status, feature=feature.replace("-", "_"), tag=tag, limit=limit)
    if as_json:
        show(page)
        return 0
    for job in page["jobs"]:
        done = f"{job['progress']['fraction']:4.0%}" if job["status"] == "processing" else "    "
        click.echo(
            f"{job['id']}  {job['status']:10} {done}  {job['feature']:24} {job['created_at'][:19]}  {job['model']}"
        )
    return 0
