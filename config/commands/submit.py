"""`aigc submit FEATURE [FILE]`"""

import json
from pathlib import Path
from typing import Any

import click

from aigc.client import Client
from config.commands.follow import finish, follow
from config.commands.talking import outcome, show, working


@click.command("submit")
@click.argument("feature")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--text", "-t", default="", help="The prompt.")
@click.option("--model", "-m", default="", help="A model of the feature; default: its first.")
@click.option("--param", "-p", multiple=True, metavar="NAME=VALUE", help="A parameter of the model; repeatable.")
@click.option(
    "--input", "named", multiple=True, metavar="NAME=FILE", help="An input by name, where a file is not enough."
)
@click.option("--format", "output_format", default="", help="Format of the result: glb, obj, ply.")
@click.option("--priority", type=click.IntRange(0, 9), help="9 is served first.")
@click.option("--tag", multiple=True, help="A word to find it by; repeatable.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Save the result here.")
@click.option("--no-wait", is_flag=True, help="Print the job's id and leave.")
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@working
def command(
    client: Client,
    as_json: bool,
    feature: str,
    files: tuple[Path, ...],
    text: str,
    model: str,
    param: tuple[str, ...],
    named: tuple[str, ...],
    output_format: str,
    priority: int | None,
    tag: tuple[str, ...],
    output: Path | None,
    no_wait: bool,
    quiet: bool,
) -> int:
    """Send a job. FEATURE is one of `aigc models`; dashes do for underscores.

    \b
    aigc submit image-to-textured-mesh cat.png -o cat.glb
    aigc submit text-to-textured-mesh -t "a small red chair" -p seed=7
    """
    feature = feature.replace("-", "_")
    if output is not None and not output.absolute().parent.is_dir():
        raise click.BadParameter(f"the folder of {output} does not exist", param_hint="--output")
    accepted = client.submit(
        feature,
        model=model,
        text=text,
        files=_files(client, feature, files, named),
        params=dict(map(_param, param)),
        output_format=_format(output_format, output),
        priority=priority,
        tags=tag,
    )
    job: dict[str, Any] = accepted.job
    if no_wait:
        show(job) if as_json else click.echo(job["id"])
        return 0
    try:
        job = follow(client, job, as_json=False, quiet=quiet or as_json)
    except KeyboardInterrupt:
        click.echo(f"\nthe job goes on: aigc watch {job['id']}, or aigc cancel {job['id']}", err=True)
        raise click.exceptions.Abort from None
    finish(client, job, as_json=as_json)
    if job["status"] == "completed":
        _save(client, job, output, hints=not (as_json or quiet))
    return outcome(job)


def _save(client: Client, job: dict[str, Any], output: Path | None, *, hints: bool) -> None:
    if output is not None:
        click.echo(f"saved {client.download(job['id'], output)}", err=True)
    beside = [out["name"] for out in job["outputs"] if out["role"] not in ("model", "thumbnail")]
    if hints and (output is None or beside):
        click.echo(f"all of it: aigc download {job['id']} --all FOLDER", err=True)


def _format(asked: str, output: Path | None) -> str:
    """The format of the result: as asked, else as the file's name says."""
    named = output.suffix.lstrip(".").lower() if output is not None and not output.is_dir() else ""
    if asked and named and asked != named:
        raise click.BadParameter(f"{output} is not the name of a {asked} file", param_hint="--output")
    return asked or named


def _param(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text} is not NAME=VALUE", param_hint="--param")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _files(client: Client, feature: str, files: tuple[Path, ...], named: tuple[str, ...]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for text in named:
        name, equals, path = text.partition("=")
        if not equals or not Path(path).is_file():
            raise click.BadParameter(f"{text} is not NAME=FILE with a file that exists", param_hint="--input")
        found[name] = Path(path)
    if not files:
        return found
    # A bare file becomes the feature's first file input that has none yet.
    inputs = {item["name"]: item["inputs"] for item in client.features()["features"]}
    if feature not in inputs:
        raise click.UsageError(f"{feature!r} is not a feature; known are {', '.join(inputs)}")
    free = [name for name in inputs[feature] if name != "text" and name not in found]
    if len(files) > len(free):
        raise click.UsageError(f"{feature} takes {len(free)} more file(s), not {len(files)}")
    return found | dict(zip(free, files, strict=False))
