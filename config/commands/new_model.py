"""`aigc models new NAME`"""

from pathlib import Path

import click


@click.command("new")
@click.argument("name")
@click.option("--feature", "-f", default="text_to_raw_mesh", show_default=True, help="What it makes of what.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder that is empty or not there. [default: NAME]",
)
def command(name: str, feature: str, into: Path | None) -> int:
    """Write a package for a model of your own, which works already; make it yours.

    aigc models new spiral-staircase --feature text_to_raw_mesh
    """
    from aigc.core.errors import InputInvalid
    from config.new_model import new_model

    folder = into or Path(name)
    try:
        written = new_model(name, feature.replace("-", "_"), folder)
    except InputInvalid as error:
        click.echo(f"Error: {error}", err=True)
        return 2
    for path in written:
        click.echo(path)
    click.echo(f"next: cd {folder} && pip install pytest && python -m pytest", err=True)
    return 0
