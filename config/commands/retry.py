"""`aigc retry JOB`"""

from pathlib import Path

import click

from aigc.client import Client
from config.commands import completing
from config.commands.naming import job_id
from config.commands.sending import ABOUT_THE_RESULT, accepted, carry, check_output, label_of, with_options
from config.commands.talking import working


@click.command("retry")
@click.argument("job", shell_complete=completing.job_ids)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Use this one. [default: another one]")
@with_options(ABOUT_THE_RESULT)
@working
def command(
    client: Client, as_json: bool, job: str, seed: int | None, output: Path | None, everything: bool, no_wait: bool,
    quiet: bool,
) -> int:  # fmt: skip
    """Make JOB again with another seed, as a new job."""
    check_output(output)
    job = job_id(client, job)
    again = client.retry(job, seed).job
    if no_wait:
        return accepted([again], as_json=as_json)
    is_folder = everything or (output is not None and output.is_dir())
    labels = {again.id: label_of(again.feature)}
    return carry(
        client, labels, output=output, is_folder=is_folder, everything=everything, quiet=quiet, as_json=as_json
    )
