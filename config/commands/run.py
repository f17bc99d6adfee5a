"""`aigc run FEATURE INPUT...`: a command for each feature of the server, with its inputs and parameters as options."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from aigc.client import BadInput, BadRequest, Client, ClientError, Feature, Model
from config.commands import completing
from config.commands.given import grouped, meant
from config.commands.naming import job_id
from config.commands.options import of_inputs, of_schema
from config.commands.printing import plain
from config.commands.sending import (
    ABOUT_THE_JOB,
    ABOUT_THE_RESULT,
    accepted,
    carry,
    check_output,
    format_of,
    label_of,
    parameters,
    with_options,
    words,
)
from config.commands.talking import exit_codes, working


class Run(click.Group):
    """Its commands are the features that the server has."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As the server tells them; none while it is away."""
        try:
            found = completing.asked(ctx).features().features
        except ClientError:
            return []
        return [one.name.replace("_", "-") for one in found if one.models]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The feature's command, made of what the server named in the line says of it."""
        name, *rest = args
        url = _option(rest, "--url") or ctx.params.get("url")
        # Who waits for a Tab is told nothing; who runs it, what is wrong.
        if ctx.resilient_parsing:
            try:
                client = completing.asked(ctx)
                return name, _command(client, name, _option(rest, "--model", "-m")), rest
            except (ClientError, click.ClickException):
                return None, None, args
        with exit_codes():
            return name, _command(Client(url, retry_s=0), name, _option(rest, "--model", "-m")), rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The features, with what each does."""
        try:
            found = completing.asked(ctx).features().features
        except ClientError as error:
            formatter.write_text(f"The features are told by the server. {str(error).splitlines()[0]}")
            return
        with formatter.section("Features"):
            rows = [(one.name.replace("_", "-"), plain(one.text("description"))) for one in found if one.models]
            formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """The features, by one question."""
        return completing.features(ctx, self.params[0], incomplete) or super().shell_complete(ctx, incomplete)


@click.command("run", cls=Run, subcommand_metavar="FEATURE INPUT... [OPTIONS]", no_args_is_help=True)
@click.option("--url", envvar="AIGC_URL", metavar="URL", help="The server. [default: http://127.0.0.1:7842]")
def command(url: str | None) -> None:
    """From input to mesh in one line. `aigc run FEATURE --help` shows the inputs and parameters of its model.

    \b
    aigc run text-to-textured-mesh "a small red chair" --seed 7 -o chair.glb
    aigc run image-to-textured-mesh *.png -o meshes/      several inputs: several jobs
    aigc run auto-rig JOB -o rigged.fbx                   what a job made is an input, too
    """


def _command(client: Client, name: str, model: str) -> click.Command:
    feature = name.replace("-", "_")
    found = next((one for one in client.features().features if one.name == feature), None)
    if found is None or not found.models:
        known = ", ".join(one.name.replace("_", "-") for one in client.features().features if one.models)
        raise click.UsageError(f"{name!r} is not a feature that is served; known are {known}")
    return _made(found, client.model(model or found.models[0]))


def _made(feature: Feature, model: Model) -> click.Command:
    """The command of a feature, done by this model."""
    inputs = {**model.inputs, **model.optional_inputs}
    named = of_inputs(model)
    fixed = _options(with_options((*ABOUT_THE_JOB, *ABOUT_THE_RESULT))(lambda: None))
    taken = {flag for option in (*named, *fixed) for flag in option.opts} | {"--url", "--json", "--retry", "--help"}
    drawn = of_schema(model.schema, taken)

    @working
    def run(client: Client, as_json: bool, given: tuple[str, ...], **options: Any) -> int:
        return _run(
            client, feature, model, given, {name: options.pop(f"input_{name}") for name in inputs}, options, as_json
        )

    needed = " ".join("TEXT" if "text" in model.inputs[one]["formats"] else f"{one.upper()}" for one in model.inputs)
    argument = click.Argument(["given"], nargs=-1, metavar=f"[{needed}]...")
    about = f"{plain(feature.text('description'))}\n\nBy {model.id}: {plain(model.text('description'))}"
    params = [argument, *named, *drawn, *fixed, *_options(run)]
    settings = {"help_option_names": ["-h", "--help"]}
    return click.Command(
        feature.name.replace("_", "-"), params=params, callback=run, help=about, context_settings=settings
    )


def _options(decorated: Callable[..., Any]) -> list[click.Parameter]:
    """What decorators have hung on a function, the uppermost first."""
    return list(reversed(vars(decorated)["__click_params__"]))


def _run(
    client: Client, feature: Feature, model: Model, given: Sequence[str], named: dict[str, str | None],
    options: dict[str, Any], as_json: bool,
) -> int:  # fmt: skip
    output: Path | None = options.pop("output")
    everything, no_wait, quiet = options.pop("everything"), options.pop("no_wait"), options.pop("quiet")
    about = {
        name: options.pop(name)
        for name in ("model", "param", "output_format", "priority", "tag", "metadata", "deadline")
    }
    chosen = {name.removeprefix("param_"): value for name, value in options.items() if value is not None}
    fixed = {name: value for name, value in named.items() if value is not None}
    groups = grouped(given, {name: kind for name, kind in model.inputs.items() if name not in fixed})
    is_folder = everything or len(groups) > 1 or (output is not None and (output.is_dir() or str(output).endswith("/")))
    check_output(output)
    if is_folder and output is not None and output.exists() and not output.is_dir():
        raise click.BadParameter(f"{output} is a file; several results want a folder", param_hint="--output")
    kinds = {**model.inputs, **model.optional_inputs}
    named_job = functools.partial(job_id, client)
    jobs, labels = [], {}
    for group in groups:
        words_of = {**fixed, **group}
        inputs = {
            name: meant(word, is_text="text" in kinds[name]["formats"], job=named_job)
            for name, word in words_of.items()
        }
        for value in inputs.values():
            if isinstance(value, dict):  # what another job makes; it may be at it still
                client.wait(value["job"])
        try:
            job = client.submit(
                feature.name, model=about["model"], inputs=inputs, params={**chosen, **parameters(about["param"])},
                output_format=format_of(about["output_format"], output, is_folder=is_folder),
                priority=about["priority"], tags=about["tag"], metadata=words(about["metadata"]),
                deadline_s=about["deadline"],
            ).job  # fmt: skip
        except BadRequest as error:
            if error.code != "unsupported_content":
                raise
            takes = [f"{name} takes {', '.join(kinds[name]['formats'])}" for name in inputs if name != "text"]
            raise BadInput("\n".join([str(error), *takes])) from None
        first = next((value for value in inputs.values() if isinstance(value, Path)), None)
        jobs.append(job)
        labels[job.id] = label_of(first.stem if first else next(iter(words_of.values()), feature.name))
    if no_wait:
        return accepted(jobs, as_json=as_json)
    return carry(
        client, labels, output=output, is_folder=is_folder, everything=everything, quiet=quiet, as_json=as_json
    )


def _option(args: Sequence[str], *names: str) -> str:
    """What a line gives an option, before the line can be parsed."""
    for place, word in enumerate(args):
        name, equals, value = word.partition("=")
        if name in names:
            return value if equals else next(iter(args[place + 1 :]), "")
    return ""
