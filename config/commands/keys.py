"""`aigc keys new | show | list | allow NAME KEY | revoke NAME`"""

import functools
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from transport.keys import KeyFolder

F = TypeVar("F", bound=Callable[..., Any])

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
_RELOAD = "running processes hear of it on reload: systemctl reload aigc.target, or SIGHUP"


def _with_folder(function: F) -> F:
    """Add `--config` and `--dir`, hand over a `folder`, and turn what is wrong with it into exit code 2."""

    @click.option("--config", "file", type=click.Path(path_type=Path), envvar="AIGC_CONFIG", help="Your system.yaml.")
    @click.option(
        "--dir",
        "path",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where the keys are. [default: security.keys_dir, else keys in the data folder]",
    )
    @functools.wraps(function)
    def wrapped(*args: Any, file: Path | None, path: Path | None, **kwargs: Any) -> Any:
        from config.marks import ConfigInvalid
        from transport.errors import KeysInvalid
        from transport.keys import KeyFolder

        try:
            return function(*args, folder=KeyFolder(path or _folder_of(file)), **kwargs)
        except (ConfigInvalid, KeysInvalid) as error:
            click.echo(error, err=True)
            return 2

    return wrapped  # type: ignore[return-value]


def _folder_of(file: Path | None) -> Path:
    from config.settings import load
    from config.wiring import keys_folder

    return keys_folder(load(file).settings)


@click.group("keys")
def command() -> None:
    """Keys of the machines that share one server: each has its own, and a list of those that it lets in."""


@command.command()
@click.option("--force", is_flag=True, help="Replace the key; all machines that know the old one must be told.")
@_with_folder
def new(folder: "KeyFolder", force: bool) -> int:
    """Make this machine's key. Its secret half stays in the folder, for the user who runs the server."""
    pair = folder.new(force=force)
    click.echo(f"wrote {folder.own_file}; the user who runs the server must own it", err=True)
    _public(pair.public)
    return 0


@command.command()
@_JSON
@_with_folder
def show(folder: "KeyFolder", as_json: bool) -> int:
    """Print this machine's public key, to be given to the other machines."""
    public = folder.public()
    if as_json:
        click.echo(json.dumps({"public": public, "folder": str(folder.path)}, indent=2))
    else:
        _public(public)
    return 0


@command.command("list")
@_JSON
@_with_folder
def listing(folder: "KeyFolder", as_json: bool) -> int:
    """List the machines that may connect to this one."""
    allowed = folder.allowed()
    if as_json:
        machines = [{"name": name, "public": key} for name, key in allowed.items()]
        click.echo(json.dumps({"allowed": machines, "folder": str(folder.path)}, indent=2))
        return 0
    for name, key in allowed.items():
        click.echo(f"{name:24} {key}")
    if not allowed:
        click.echo(f"no other machine may connect, says {folder.allowed_folder}; allow one with: aigc keys allow")
    return 0


# A key may begin with a hyphen, and then no letter in it may be an option's, not even -h.
@command.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("name")
@click.argument("key")
@_with_folder
def allow(folder: "KeyFolder", name: str, key: str) -> int:
    """Let the machine NAME connect with the public KEY, and with no other. Put the key in single quotes."""
    former = folder.allowed().get(name)
    folder.allow(name, key.strip())
    word = "is allowed" if former in (None, key.strip()) else "is allowed with another key than before"
    click.echo(f"{name} {word}; {_RELOAD}")
    return 0


@command.command()
@click.argument("name")
@_with_folder
def revoke(folder: "KeyFolder", name: str) -> int:
    """Let the machine NAME connect no more; when the brokers reload, its connections are cut."""
    key = folder.allowed().get(name)
    folder.revoke(name)
    click.echo(f"{name} is not allowed any more; {_RELOAD}")
    for other, same in folder.allowed().items():
        if same == key:
            click.echo(f"note: {other} has the same key and is still allowed", err=True)
    return 0


def _public(key: str) -> None:
    """The key alone on standard output; beside it, for people, where it belongs."""
    click.echo(key)
    name = socket.gethostname().partition(".")[0]
    click.echo(f"on each machine that this one connects to:  aigc keys allow {name} '{key}'", err=True)
    click.echo(f"in broker.places, if a broker runs here:    key: '{key}'", err=True)
