"""`aigc download JOB [TO]`"""

from pathlib import Path

import click

from aigc.client import Client
from config.commands import completing
from config.commands.naming import job_id
from config.commands.printing import say, show
from config.commands.sending import check_output
from config.commands.talking import working


@click.command("download")
@click.argument("job", shell_complete=completing.job_ids)
@click.argument("to", type=click.Path(path_type=Path), default=Path())
@click.option("--output", "-o", default="model", show_default=True, help="Which one, by its name or role.")
@click.option("--all", "everything", is_flag=True, help="All outputs; TO is then a folder.")
@working
def command(client: Client, as_json: bool, job: str, to: Path, output: str, everything: bool) -> int:
    """Save the result of JOB as TO (a file or a folder; default: the current folder)."""
    job = job_id(client, job)
    if not everything:
        check_output(to, "TO")
        made = next((one.name for one in client.job(job).outputs if output in (one.name, one.role)), "")
        if made and to.suffix and not to.is_dir() and to.suffix.lower() != Path(made).suffix.lower():
            what = f"{to} is no name for {made}; another format is another job: aigc run … --format"
            raise click.BadParameter(what, param_hint="TO")
    paths = client.download_all(job, to).values() if everything else [client.download(job, to, output=output)]
    saved = [str(path) for path in paths]
    if as_json:
        show({"saved": saved})
    else:
        for path in saved:
            say(path)
    return 0
