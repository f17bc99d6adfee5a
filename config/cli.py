"""The `aigc` command. A command's module is imported when it is used, so that `--help` is instant."""

import importlib
import os
import sys
from difflib import get_close_matches
from typing import Any

import click
from click.shell_completion import CompletionItem

COMMANDS = {
    "serve": ("config.commands.serve", "Run the server on this machine."),
    "up": ("config.commands.up", "Run all processes of the server on this machine, to see them work together."),
    "web": ("config.commands.web", "Run the gateways, which clients talk to."),
    "broker": ("config.commands.broker", "Run the broker, which decides what runs where."),
    "worker": ("config.commands.worker", "Run a worker, the hands of one device."),
    "units": ("config.commands.units", "Print systemd units that run all of it on this machine."),
    "run": ("config.commands.run", "From input to mesh in one line; each feature has its own options."),
    "submit": ("config.commands.submit", "Send a text, a picture or a mesh; wait for the result or not."),
    "watch": ("config.commands.watch", "Follow jobs until they end."),
    "wait": ("config.commands.wait", "Say nothing until jobs have ended."),
    "status": ("config.commands.status", "Show a job, or the whole server."),
    "show": ("config.commands.show", "Show one job with all that is known of it."),
    "list": ("config.commands.list", "List or search jobs, newest first."),
    "download": ("config.commands.download", "Save a job's result."),
    "cancel": ("config.commands.cancel", "End jobs, waiting or running."),
    "move": ("config.commands.move", "Give waiting jobs another priority."),
    "retry": ("config.commands.retry", "Make a job again with another seed."),
    "delete": ("config.commands.delete", "Remove finished jobs with their files."),
    "upload": ("config.commands.upload", "Send files once, to be inputs of many jobs."),
    "uploads": ("config.commands.upload:uploads", "List or delete files that were sent."),
    "queue": ("config.commands.queue", "Show who waits, and why."),
    "features": ("config.commands.features", "Show what can be asked for."),
    "models": ("config.commands.models", "Show what can be asked for; load, unload, pin, install."),
    "workers": ("config.commands.workers", "Show workers and their devices; drain, resume."),
    "config": ("config.commands.config", "Check, show, start or reload a configuration."),
    "api": ("config.commands.api", "Ask any route of the server, and print its answer."),
    "completion": ("config.commands.completion", "Print what makes a shell complete names, job ids among them."),
    "client-file": ("config.commands.client_file", "Print the Python client as one file, for Blender's Python."),
    "login": ("config.commands.login", "Keep a token, so that a server knows who you are."),
    "logout": ("config.commands.login:logout", "Keep no token for a server any more."),
    "whoami": ("config.commands.login:whoami", "Show who you are to a server."),
    "users": ("config.commands.users", "Make accounts and tokens, and say who may do what."),
    "audit": ("config.commands.audit", "Show who did what, when and from where."),
    "keys": ("config.commands.keys", "Make this machine's key, and say which other machines may connect."),
    "demo": ("config.commands.demo", "Make a mesh from a picture of ours, to see that all works."),
    "doctor": ("config.commands.doctor", "Look for what is missing or wrong on this machine."),
}

EXIT_CODES = """
Exit codes: 0 done, 1 the job failed or was cancelled, 2 wrong usage or refused by the server, 3 no server answers,
4 timed out, 5 not allowed (log in), 6 the server is busy (try later), 130 interrupted.
"""


class LazyGroup(click.Group):
    """A group that knows the names and one line of each command, and imports the rest on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table, which is the order of a first visit."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name or "command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command, or a refusal that says which is nearest."""
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            near = get_close_matches(args[0], COMMANDS, 1, 0.6)
            hint = f"did you mean {near[0]}?" if near else "aigc --help lists them"
            ctx.fail(f"no command is called {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """From the table, without importing anything but what completes options."""
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [CompletionItem(name, help=line) for name, (_, line) in COMMANDS.items() if name.startswith(incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from aigc import __version__

        click.echo(f"aigc {__version__}")
        ctx.exit()


@click.group(cls=LazyGroup, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, callback=_version, expose_value=False, is_eager=True, help="Show the version.")
def root() -> None:
    """A server for 3D generative models: text, image or mesh in, mesh out.

    Start one with `aigc serve`. The other commands talk to the server at AIGC_URL, or that their --url names.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; never returns."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; messages for people go to standard error."""
    try:
        # None: colours where a terminal shows them (no-color.org).
        color = False if os.environ.get("NO_COLOR") else None
        result: Any = root.main(arguments, prog_name="aigc", standalone_mode=False, color=color)
        return result if isinstance(result, int) else 0
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except OSError as error:
        # A file of the caller's: one that cannot be read or written, a folder that is not there.
        click.echo(f"Error: {error.filename}: {error.strerror}" if error.filename else f"Error: {error}", err=True)
        return 2
