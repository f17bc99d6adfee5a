"""`aigc submit FEATURE [FILE]`"""

from pathlib import Path
from typing import Any

import click

from aigc.client import Client
from config.commands import completing
from config.commands.sending import (
    ABOUT_THE_JOB,
    ABOUT_THE_RESULT,
    accepted,
    carry,
    check_output,
    format_of,
    parameters,
    with_options,
    words,
)
from config.commands.talking import working


@click.command("submit")
@click.argument("feature", shell_complete=completing.features)
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--text", "-t", default="", help="The prompt.")
@click.option(
    "--input", "named", multiple=True, metavar="NAME=FILE", help="An input by name, where a file is not enough."
)
@with_options(ABOUT_THE_JOB)
@with_options(ABOUT_THE_RESULT)
@working
def command(
    client: Client,
    as_json: bool,
    feature: str,
    files: tuple[Path, ...],
    text: str,
    named: tuple[str, ...],
    model: str,
    param: tuple[str, ...],
    output_format: str,
    priority: int | None,
    tag: tuple[str, ...],
    metadata: tuple[str, ...],
    deadline: float | None,
    output: Path | None,
    everything: bool,
    no_wait: bool,
    quiet: bool,
) -> int:
    """Send a job. FEATURE is one of `aigc features`; dashes do for underscores. `aigc run` says more and does more.

    \b
    aigc submit image-to-textured-mesh cat.png -o cat.glb
    aigc submit text-to-textured-mesh -t "a small red chair" -p seed=7
    """
    feature = feature.replace("-", "_")
    check_output(output)
    is_folder = everything or (output is not None and output.is_dir())
    job = client.submit(
        feature,
        model=model,
        text=text,
        files=_files(client, feature, files, named),
        params=parameters(param),
        output_format=format_of(output_format, output, is_folder=is_folder),
        priority=priority,
        tags=tag,
        metadata=words(metadata),
        deadline_s=deadline,
    ).job
    if no_wait:
        return accepted([job], as_json=as_json)
    label = files[0].stem if files else feature
    return carry(
        client, {job.id: label}, output=output, is_folder=is_folder, everything=everything, quiet=quiet, as_json=as_json
    )


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
    inputs: dict[str, dict[str, Any]] = {one.name: one.inputs for one in client.features().features}
    if feature not in inputs:
        raise click.UsageError(f"{feature!r} is not a feature; known are {', '.join(inputs)}")
    free = [name for name in inputs[feature] if name != "text" and name not in found]
    if len(files) > len(free):
        raise click.UsageError(f"{feature} takes {len(free)} more file(s), not {len(files)}")
    return found | dict(zip(free, files, strict=False))
