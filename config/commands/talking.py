"""What all commands that talk to a server share: the address, `--json`, and errors as exit codes."""

import contextlib
import functools
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from aigc.client import Client, ClientError, Refused, Unreachable

F = TypeVar("F", bound=Callable[..., Any])

FAILED, USAGE, UNREACHABLE, TIMED_OUT = 1, 2, 3, 4


def talking(function: F) -> F:
    """Add `--url` and `--json`, hand over a `client` and `as_json`, and turn the client's errors into exit codes.

    Both options may stand before a command of a group as well.
    """

    @click.option("--url", envvar="AIGC_URL", metavar="URL", help="The server. [default: http://127.0.0.1:7842]")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
    @functools.wraps(function)
    def wrapped(*args: Any, url: str | None, as_json: bool, **kwargs: Any) -> Any:
        with exit_codes():
            return function(*args, client=Client(_told("url", url)), as_json=_told("as_json", as_json), **kwargs)

    return wrapped  # type: ignore[return-value]


@contextlib.contextmanager
def exit_codes() -> Iterator[None]:
    """The client's errors end the command, each with its exit code."""
    try:
        yield
    except Unreachable as error:
        raise _failure(str(error), UNREACHABLE) from None
    except Refused as error:
        raise _failure(str(error), USAGE) from None
    except TimeoutError:
        raise _failure("timed out", TIMED_OUT) from None
    except ClientError as error:
        raise _failure(str(error), USAGE) from None


def _told(option: str, value: Any) -> Any:
    """The option as this command was given it, or else the group that it is of."""
    context = click.get_current_context()
    above = context.parent
    is_own = context.get_parameter_source(option) is ParameterSource.COMMANDLINE
    if is_own or above is None or above.get_parameter_source(option) is not ParameterSource.COMMANDLINE:
        return value
    return above.params[option]


def show(value: Any) -> None:
    """Print as JSON, for scripts."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def begun(answer: dict[str, Any], *, as_json: bool) -> int:
    """Print what was begun for an operator, and where."""
    if as_json:
        show(answer)
        return 0
    what = answer.get("model", "")
    for step in answer["workers"]:
        click.echo(" ".join(filter(None, [f"{step['worker']}:", what, step["detail"]])))
    if not answer["workers"]:
        click.echo(f"{what}: nothing to {answer['action']}")
    return 0


def outcome(job: dict[str, Any]) -> int:
    """The exit code that a job's status stands for."""
    return 0 if job["status"] not in ("failed", "cancelled") else FAILED


def _failure(message: str, code: int) -> click.ClickException:
    error = click.ClickException(message)
    error.exit_code = code  # type: ignore[misc]
    return error


def ago(seconds: float) -> str:
    """A length of time as people say it."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
