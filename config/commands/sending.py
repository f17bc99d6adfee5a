"""What `aigc submit`, `aigc run` and `aigc retry` share: options of a job, following it, and where its result goes."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from aigc.client import BadInput, Client, Job
from config.commands import completing
from config.commands.follow import follow
from config.commands.printing import say, show, show_line
from config.commands.summary import finish
from config.commands.talking import FAILED

F = TypeVar("F", bound=Callable[..., Any])

ABOUT_THE_JOB: tuple[Callable[[F], F], ...] = (
    click.option("--model", "-m", default="", shell_complete=completing.models,
        help="A model of the feature; default: its first."),
    click.option("--param", "-p", multiple=True, metavar="NAME=VALUE", help="A parameter of the model; repeatable."),
    click.option("--format", "output_format", default="", help="Format of the result, as `aigc features` lists them."),
    click.option("--priority", type=click.IntRange(0, 9), help="9 is served first."),
    click.option("--tag", multiple=True, help="A word to find it by; repeatable."),
    click.option("--metadata", multiple=True, metavar="NAME=WORDS", help="Kept with the job; repeatable."),
    click.option("--deadline", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
        help="Give it up after so long."),
)  # fmt: skip

ABOUT_THE_RESULT: tuple[Callable[[F], F], ...] = (
    click.option("--output", "-o", type=click.Path(path_type=Path), help="Save the result here: a file or a folder."),
    click.option("--all", "everything", is_flag=True, help="Save all outputs; --output is then a folder."),
    click.option("--no-wait", is_flag=True, help="Print the job's id and leave."),
    click.option("--quiet", "-q", is_flag=True, help="Show no progress."),
)


def with_options(options: Sequence[Callable[[Any], Any]]) -> Callable[[F], F]:
    """Add them in this order."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def parameters(texts: Sequence[str]) -> dict[str, Any]:
    """`NAME=VALUE`, where the value is JSON or else a text."""
    return {name: _value(value) for name, value in _pairs(texts, "--param", "VALUE")}


def words(texts: Sequence[str]) -> dict[str, str]:
    """`NAME=WORDS`."""
    return dict(_pairs(texts, "--metadata", "WORDS"))


def _pairs(texts: Sequence[str], option: str, what: str) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in texts]
    for text, (_, equals, _) in zip(texts, pairs, strict=True):
        if not equals:
            raise click.BadParameter(f"{text} is not NAME={what}", param_hint=option)
    return [(name, value) for name, _, value in pairs]


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def format_of(asked: str, output: Path | None, *, is_folder: bool) -> str:
    """The format of the result: as asked, else as the file's name says. Raises BadParameter."""
    named = output.suffix.lstrip(".").lower() if output is not None and not is_folder else ""
    if asked and named and asked != named:
        raise click.BadParameter(f"{output} is not the name of a {asked} file", param_hint="--output")
    return asked or named


def check_output(output: Path | None, said: str = "--output") -> None:
    """Before any work is done: the result will have a place. Raises BadParameter."""
    if output is not None and not output.absolute().parent.is_dir():
        raise click.BadParameter(f"the folder of {output} does not exist", param_hint=said)


def carry(
    client: Client,
    jobs: Mapping[str, str],
    *,
    output: Path | None,
    is_folder: bool,
    everything: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Follow jobs to their ends, and save what they made; gives the exit code.

    On standard output are the paths of what was saved, or where nothing was to be, what has become of the jobs.

    Args:
        jobs: id -> what to call it, which is also the name of its result in a folder.
        output: where results go; None: nowhere.
        is_folder: that is a folder.
        everything: all outputs are saved, in a folder for each job where there are several.
    """
    taken: set[str] = set()

    def ended(job: Job) -> None:
        if as_json and len(jobs) > 1:
            show_line(job)
        if job.status == "completed" and output is not None:
            place = output if not is_folder else output / _free(jobs[job.id], taken)
            for path in _saved(client, job, place, everything=everything, is_folder=is_folder, alone=len(jobs) == 1):
                say(f"saved {path}" if as_json else str(path), err=as_json)

    try:
        final = follow(client, jobs, quiet=quiet or as_json, ended=ended)
    except KeyboardInterrupt:
        names = " ".join(jobs)
        click.echo(err=True)
        say(f"what was begun goes on: aigc watch {names}, or aigc cancel {names}", err=True)
        raise click.exceptions.Abort from None
    if len(jobs) == 1:
        finish(final[0], as_json=as_json, err=output is not None)
    elif not as_json:
        for job in final:
            reason = f"  {job.error.message}" if job.error else ""
            say(f"{job.id}  {job.status:10} {jobs[job.id]}{reason}", err=output is not None)
    if not (quiet or as_json):
        _hint(final, output, everything=everything)
    return 0 if all(job.status == "completed" for job in final) else FAILED


def accepted(jobs: Sequence[Job], *, as_json: bool) -> int:
    """Print jobs that nobody waits for."""
    if as_json and len(jobs) == 1:
        show(jobs[0])
    else:
        for job in jobs:
            show_line(job) if as_json else say(job.id)
    return 0


def _saved(client: Client, job: Job, place: Path, *, everything: bool, is_folder: bool, alone: bool) -> list[Path]:
    if everything:
        return list(client.download_all(job, place.parent if is_folder and alone else place).values())
    main = job.main_output
    if main is None:
        raise BadInput(f"job {job.id} has no output to save")
    if is_folder:
        place.parent.mkdir(parents=True, exist_ok=True)
        place = place.with_name(place.name + Path(main.name).suffix)
    return [client.download(job, place, output=main.name)]


def _hint(jobs: Sequence[Job], output: Path | None, *, everything: bool) -> None:
    for job in jobs:
        beside = [one for one in job.outputs if one.role not in ("model", "thumbnail")]
        if job.status == "completed" and not everything and (output is None or beside):
            more = f"{', '.join(one.name for one in beside)} not saved" if output is not None else "not saved"
            say(f"{more}; all of it: aigc download {job.id} --all FOLDER", err=True)


def label_of(words: str) -> str:
    """A short name for a job, which also is a file's: letters, digits, dots, hyphens."""
    return re.sub(r"[^\w.-]+", "-", words.strip())[:48].strip("-.") or "result"


def _free(label: str, taken: set[str]) -> str:
    name, number = label, 1
    while name in taken:
        number += 1
        name = f"{label}-{number}"
    taken.add(name)
    return name
