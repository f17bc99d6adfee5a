"""`aigc download JOB [TO]`"""

from pathlib import Path

import click

from aigc.client import Client
from config.commands import completing
from config.commands.talking import show, working


@click.command("download")
@click.argument("job", shell_complete=completing.job_ids)
@click.argument("to", type=click.Path(path_type=Path), default=Path())
@click.option("--output", "-o", default="model", show_default=True, help="Which one, by its name or role.")
@click.option("--all", "everything", is_flag=True, help="All outputs; TO is then a folder.")
@working
def command(client: Client, as_json: bool, job: str, to: Path, output: str, everything: bool) -> int:
    """Save the result of JOB as TO (a file or a folder; default: the current folder)."""
    paths = client.download_all(job, to).values() if everything else [client.download(job, to, output=output)]
    saved = [str(path) for path in paths]
    show({"saved": saved}) if as_json else click.echo("\n".join(saved))
    return 0
