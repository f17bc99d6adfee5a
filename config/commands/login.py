"""`aigc login [NAME]`, `aigc logout`, `aigc whoami`"""

import sys

import click

from aigc.client import Client, ClientError, Record, Unauthorized
from aigc.client.tokens import forget, remember
from config.commands.printing import say, show
from config.commands.talking import NOT_ALLOWED, talking

TOKENS = "/api/v1/users/tokens"
PREFIX = 8
"""Characters of a token by which its server knows it; the rest of it is not to stand in anybody's log."""


@click.command("login")
@click.argument("name", required=False)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--token-stdin", is_flag=True, help="Keep this token instead, read from standard input.")
@talking
def command(client: Client, as_json: bool, name: str | None, password_stdin: bool, token_stdin: bool) -> int:
    """Log in as NAME, and keep the token for this server in ~/.config/aigc/tokens.json, for you alone."""
    asked = Client(client.url, token="", retry_s=0).whoami()
    if not asked.get("required"):
        show(asked) if as_json else say(f"nobody has to log in at {client.url}: it has no accounts", err=True)
        return 0
    if token_stdin:
        token = sys.stdin.readline().strip()
    else:
        name = name or click.prompt("Name", err=True)
        password = (
            sys.stdin.readline().rstrip("\r\n")
            if password_stdin
            else click.prompt("Password", hide_input=True, err=True)
        )
        token = Client(client.url, token="", retry_s=0).login(name, password)
    known = Client(client.url, token=token, retry_s=0).whoami()
    if known.get("required") and not known.get("user"):
        raise click.ClickException("the server does not know this token")
    path = remember(client.url, token)
    if as_json:
        show(known)
    else:
        say(f"{_who(known)}; the token is kept in {path}")
    return 0


@click.command("logout")
@talking
def logout(client: Client, as_json: bool) -> int:
    """Forget the token that is kept for this server, and have the server refuse it from now on."""
    # The one that was kept, also where AIGC_TOKEN names another.
    token = forget(client.url)
    was_kept = bool(token)
    if was_kept:
        try:
            Client(client.url, token=token, retry_s=0).ask("DELETE", f"{TOKENS}/{token[:PREFIX]}")
        except Unauthorized:
            pass  # it takes it no more
        except ClientError as error:
            say(f"the server still takes it: {str(error).splitlines()[0]}", err=True)
    if as_json:
        show({"url": client.url, "forgotten": was_kept})
    else:
        say(f"{'no token is' if was_kept else 'none was'} kept for {client.url}{' any more' if was_kept else ''}")
    return 0


@click.command("whoami")
@talking
def whoami(client: Client, as_json: bool) -> int:
    """Show who you are to this server; 5 is the exit code where it wants to know and you have not logged in."""
    known = client.whoami()
    show(known) if as_json else say(_who(known))
    return NOT_ALLOWED if known.get("required") and not known.get("user") else 0


def _who(known: Record) -> str:
    if not known.get("required"):
        return "nobody has to log in here"
    user = known.get("user")
    return f"{user['username']}, {known['role']}" if user else "not logged in; log in with: aigc login NAME"
