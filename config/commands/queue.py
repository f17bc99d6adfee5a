"""`aigc queue`, `aigc queue cancel --owner OWNER`"""

from typing import Any

import click

from aigc.client import Client
from config.commands import completing
from config.commands.printing import say, show
from config.commands.talking import ago, talking

PATH = "/api/v1/system/queue"


@click.group("queue", invoke_without_command=True)
@click.option("--model", default="", help="Only jobs for this one.", shell_complete=completing.models)
@click.option("--words", default="", help="Only jobs in which these words are.")
@click.option("--order", type=click.Choice(["place", "age", "owner", "model", "feature"]), default="place")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@talking
@click.pass_context
def command(
    ctx: click.Context, client: Client, as_json: bool, model: str, words: str, order: str, limit: int
) -> int:  # fmt: skip
    """Show everybody's waiting jobs, who starts first at the top, and why they wait. For operators."""
    if ctx.invoked_subcommand is not None:
        return 0
    found = client.queue(model=model, words=words, order=order, limit=limit)
    if as_json:
        show(found)
        return 0
    for job in found["jobs"]:
        say(_line(job))
    rest = int(found.get("total") or 0) - len(found["jobs"])
    if rest > 0:
        say(f"and {rest} more", err=True)
    if not found["jobs"]:
        say("no job waits", err=True)
    return 0


@command.command("cancel")
@click.option("--owner", required=True, help="Whose; '' is nobody's, where there are no accounts.")
@click.option("--model", default="", help="Only jobs for this one.", shell_complete=completing.models)
@click.option("--waiting-only", is_flag=True, help="Leave those alone that run.")
@talking
def cancel(client: Client, as_json: bool, owner: str, model: str, waiting_only: bool) -> int:
    """End all jobs of one owner."""
    ended = client.ask("POST", f"{PATH}/cancel", {"owner": owner, "model": model, "waiting_only": waiting_only})
    show(ended) if as_json else say(", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in ended.items()))
    return 0


def _line(job: dict[str, Any]) -> str:
    queue = job.get("queue") or {}
    start = queue.get("estimated_start_s")
    begins = f"in {ago(start)}" if start else ""
    return f"{queue.get('position', ''):>4}  {job['id']}  {job['model']:24} {begins:10} {queue.get('reason', '')}"
