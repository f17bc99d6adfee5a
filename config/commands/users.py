"""`aigc users add | list | remove | password | role | tokens`"""

import functools
import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from config.commands.printing import say, show

if TYPE_CHECKING:
    from aigc.core.accounts import Account
    from config.wiring import People
    from web.accounts import Accounts

ROLES = click.Choice(["user", "operator", "admin"])
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
_GENERATE = click.option("--generate", is_flag=True, help="Make a password and print it, this once.")


def with_people(function: Callable[..., Awaitable[int]]) -> Callable[..., int]:
    """Add `--config` and `--data`, hand over `people` with both stores open, and errors as exit code 2.

    What no server and no account has made yet is not made: the command ends with the words that it is not there.
    """
    return _with_people(function, makes=False)


def making_people(function: Callable[..., Awaitable[int]]) -> Callable[..., int]:
    """As `with_people`, for commands that begin what is not there."""
    return _with_people(function, makes=True)


def _with_people(function: Callable[..., Awaitable[int]], *, makes: bool) -> Callable[..., int]:
    @click.option("--config", "file", type=click.Path(path_type=Path), envvar="AIGC_CONFIG", help="Your system.yaml.")
    @click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="The server's data folder.")
    @functools.wraps(function)
    def wrapped(*args: Any, file: Path | None, data: Path | None, **kwargs: Any) -> int:
        import asyncio

        from aigc.core.errors import AigcError, NotFound
        from config.marks import ConfigInvalid
        from config.settings import load
        from config.wiring import people

        async def run() -> int:
            settings = load(file, flags={"storage.data_dir": None if data is None else str(data)}).settings
            found = people(settings)
            if found.note:
                say(f"note: {found.note}", err=True)
            if not makes and found.file is not None and not found.file.exists():
                raise NotFound(
                    f"{found.place} is not there: no server has run with these settings, and no account was made",
                    suggestion="name the server's --data or --config; accounts are made by: aigc users add NAME",
                )
            await found.accounts.open()
            try:
                await found.audit.open()
                try:
                    code = await function(*args, people=found, **kwargs)
                finally:
                    await found.audit.close()
            finally:
                await found.accounts.close()
            return code

        try:
            return asyncio.run(run())
        except (ConfigInvalid, AigcError) as error:
            click.echo(error, err=True)
            return 2

    return wrapped


@click.group("users")
def command() -> None:
    """Accounts of the server: who may log in, as what, and with which tokens.

    Works on the server's own store, so run it on the server's machine, as the user who runs the server.
    """


@command.command()
@click.argument("name")
@click.option("--role", type=ROLES, default="user", show_default=True)
@click.option("--email", default="")
@_GENERATE
@making_people
async def add(name: str, role: str, email: str, generate: bool, people: "People") -> int:
    """Make an account NAME. Its password is asked for, or read from standard input, or made."""
    from aigc.core.accounts import Role

    password = _password(generate)
    made = await _accounts(people).create(name, password, email=email, role=Role(role))
    await _note(people, "account.made", made.id, f"{made.name}, {made.role}")
    say(f"{made.name} is {_a(made.role)} ({people.place})", err=True)
    if not people.must_log_in:
        say("note: accounts.enabled is false in these settings: nobody has to log in", err=True)
    if generate:
        click.echo(password)
    return 0


@command.command("list")
@_JSON
@with_people
async def listing(as_json: bool, people: "People") -> int:
    """List accounts, oldest first."""
    found = await people.accounts.accounts()
    if as_json:
        keys = ("id", "name", "email", "role", "is_active", "created_at")
        show([{key: getattr(one, key) for key in keys} for one in found])
        return 0
    for one in found:
        say(f"{one.name:24} {one.role:9} {one.id} {one.email}{'' if one.is_active else ' (shut out)'}".rstrip())
    if not found:
        say(f"there are no accounts in {people.place}; make the first one: aigc users add NAME --role admin", err=True)
    return 0


@command.command()
@click.argument("name")
@with_people
async def remove(name: str, people: "People") -> int:
    """Remove the account NAME and its tokens; its jobs stay until they expire."""
    account = await _named(people, name)
    await people.accounts.remove(account.id)
    await _note(people, "account.removed", account.id, account.name)
    say(f"{account.name} is gone; running servers hear of it within seconds")
    return 0


@command.command()
@click.argument("name")
@_GENERATE
@with_people
async def password(name: str, generate: bool, people: "People") -> int:
    """Give the account NAME another password; it is logged out everywhere."""
    account = await _named(people, name)
    chosen = _password(generate)
    await _accounts(people).set_password(account, chosen)
    await _note(people, "password.changed", account.id)
    if generate:
        click.echo(chosen)
    return 0


@command.command()
@click.argument("name")
@click.argument("role", type=ROLES)
@with_people
async def role(name: str, role: str, people: "People") -> int:
    """Let the account NAME be a user, an operator or an admin."""
    import msgspec

    from aigc.core.accounts import Role

    account = await _named(people, name)
    await people.accounts.change(msgspec.structs.replace(account, role=Role(role)))
    await _note(people, "account.changed", account.id, f"role {role}")
    say(f"{account.name} is {_a(role)}")
    return 0


@command.command()
@click.argument("name")
@click.option("--new", "label", metavar="LABEL", help="Make a token of that name and print it, this once.")
@click.option("--days", type=click.FloatRange(0, min_open=True), help="How long it is valid. [default: for ever]")
@click.option("--role", type=ROLES, default="admin", help="It may no more than this. [default: what the account may]")
@click.option("--revoke", metavar="PREFIX", help="The token that begins so lets nobody in any more.")
@_JSON
@with_people
async def tokens(
    name: str, label: str | None, days: float | None, role: str, revoke: str | None, as_json: bool, people: "People"
) -> int:
    """List the tokens of the account NAME, make one, or revoke one."""
    from aigc.core.accounts import Role

    account = await _named(people, name)
    if label is not None:
        for_s = None if days is None else days * 86400
        text, made = await _accounts(people).mint(account, label, role=Role(role), for_s=for_s)
        await _note(people, "token.made", made.prefix, f"{label}, of {account.name}")
        click.echo(text)
        return 0
    found = [one for one in await people.accounts.tokens(account.id) if one.kind == "token"]
    if revoke is not None:
        meant = [one for one in found if one.prefix.startswith(revoke.removesuffix("..."))]
        if len(meant) != 1:
            say(f"{len(meant)} tokens of {account.name} begin with {revoke}", err=True)
            return 2
        await people.accounts.revoke(meant)
        await _note(people, "token.revoked", meant[0].prefix, f"{meant[0].name}, of {account.name}")
        say(f"{meant[0].prefix}... is revoked; running servers hear of it within seconds")
        return 0
    if as_json:
        keys = ("prefix", "name", "role", "created_at", "expires_at", "last_used_at")
        show([{key: getattr(one, key) for key in keys} for one in found])
        return 0
    for one in found:
        until, used = _day(one.expires_at, "revoked"), _day(one.last_used_at, "never")
        say(f"{one.prefix}...  {one.name:24} until {until}, last used {used}")
    return 0


def _accounts(people: "People") -> "Accounts":
    import time

    from web.accounts import Accounts
    from web.passwords import Passwords

    return Accounts(people.accounts, Passwords(), time.time)


async def _named(people: "People", name: str) -> "Account":
    from aigc.core.errors import NotFound
    from web.accounts import Accounts

    found = await people.accounts.find(Accounts.named(name))
    if found is None:
        raise NotFound(f"there is no account {name!r} in {people.place}", suggestion="aigc users list shows them")
    return found


async def _note(people: "People", action: str, subject: str, detail: str = "") -> None:
    import getpass

    from config.deeds import note

    await note(people.audit, f"{getpass.getuser()} (command line)", action, subject, detail)


def _password(generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(15)
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


def _a(role: str) -> str:
    return f"{'a' if role == 'user' else 'an'} {role}"


def _day(at: float | None, otherwise: str) -> str:
    return otherwise if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
