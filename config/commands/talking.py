"""What all commands that talk to a server share: the address, `--json`, and errors as exit codes."""

import functools
import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from aigc.client import Client, ClientError, Refused, Unreachable

F = TypeVar("F", bound=Callable[..., Any])

FAILED, USAGE, UNREACHABLE, TIMED_OUT = 1, 2, 3, 4


def talking(function: F) -> F:
    """Add `--url` and `--json`, hand over a `client` and `as_json`, and turn the client's errors into exit codes."""

    @click.option("--url", envvar="AIGC_URL", metavar="URL", help="The server. [default: http://127.0.0.1:7842]")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
    @functools.wraps(function)
    def wrapped(*args: Any, url: str | None, as_json: bool, **kwargs: Any) -> Any:
        try:
            return function(*args, client=Client(url), as_json=as_json, **kwargs)
        except Unreachable as error:
            raise _failure(str(error), UNREACHABLE) from None
        except Refused as error:
            raise _failure(str(error), USAGE) from None
        except TimeoutError:
            raise _failure("timed out", TIMED_OUT) from None
        except ClientError as error:
            raise _failure(str(error), USAGE) from None

    return wrapped  # type: ignore[return-value]


def show(value: Any) -> None:
    """Print as JSON, for scripts."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


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
