"""`aigc upload FILE...`, `aigc uploads [delete ID...]`"""

from pathlib import Path

import click

from aigc.client import Client
from config.commands import completing
from config.commands.printing import say, show
from config.commands.talking import talking, working


@click.command("upload")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@working
def command(client: Client, as_json: bool, files: tuple[Path, ...]) -> int:
    """Send FILES once, to be inputs of many jobs; prints the id of each."""
    sent = [client.upload(file) for file in files]
    if as_json:
        show(sent)
    else:
        for upload in sent:
            say(f"{upload.id}  {upload.filename}" if len(sent) > 1 else upload.id)
    return 0


@click.group("uploads", invoke_without_command=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@talking
@click.pass_context
def uploads(ctx: click.Context, client: Client, as_json: bool, limit: int) -> int:
    """List files that were sent, newest first, or delete some."""
    if ctx.invoked_subcommand is not None:
        return 0
    found = client.uploads(limit=limit)
    if as_json:
        show(found)
        return 0
    if not found["files"]:
        say("no file was sent that is still there", err=True)
    for file in found["files"]:
        say(f"{file['file_id']}  {file['bytes'] / 1e6:8.2f} MB  {file['upload_time'][:19]}  {file['filename']}")
    return 0


@uploads.command("delete")
@click.argument("ids", nargs=-1, required=True, shell_complete=completing.uploads)
@talking
def delete(client: Client, as_json: bool, ids: tuple[str, ...]) -> int:
    """Delete the files of these IDS."""
    gone = [client.delete_upload(upload) for upload in ids]
    if as_json:
        show(gone)
    else:
        for file in gone:
            say(f"{file['file_id']}  deleted")
    return 0
