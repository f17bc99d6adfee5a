"""`aigc client-file`"""

import click


@click.command("client-file")
def command() -> int:
    """Print the Python client as one file that needs nothing but Python 3.10, for Blender and other host programs.

    aigc client-file > aigc_client.py
    """
    from aigc.client.single_file import single_file

    click.echo(single_file(), nl=False)
    return 0
