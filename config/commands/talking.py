"""What all commands that talk to a server share: the address, `--json`, patience, and errors as exit codes."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from aigc.client import Busy, Client, ClientError, Forbidden, JobFailed, ServerAway, Unauthorized
from config.commands.printing import plain, say, show

F = TypeVar("F", bound=Callable[..., Any])

FAILED, USAGE, UNREACHABLE, TIMED_OUT, NOT_ALLOWED, BUSY = 1, 2, 3, 4, 5, 6

CODES: tuple[tuple[type[Exception], int], ...] = (
    (ServerAway, UNREACHABLE),
    (JobFailed, FAILED),
    (Unauthorized, NOT_ALLOWED),
    (Forbidden, NOT_ALLOWED),
    (Busy, BUSY),
    (TimeoutError, TIMED_OUT),
    (ClientError, USAGE),
)
"""The exit code of each error; the first that fits."""

PATIENCE_S = 60.0
"""Commands that carry work, and not only look, try again for so long by default."""


def talking(function: F) -> F:
    """Add `--url`, `--retry` and `--json`, hand over a `client` and `as_json`, and turn errors into exit codes.

    The options may stand before a command of a group as well.
    """
    return _talking(function, 0.0)


def working(function: F) -> F:
    """As `talking`, for commands that carry work: a server that is busy or away for a while is waited for."""
    return _talking(function, PATIENCE_S)


def _talking(function: F, patience_s: float) -> F:
    waited = f"Ask again for so long when the server is busy, or goes away. [default: {patience_s:g}]"

    @click.option("--url", envvar="AIGC_URL", metavar="URL", help="The server. [default: http://127.0.0.1:7842]")
    @click.option("--retry", "retry_s", type=click.FloatRange(0), metavar="SECONDS", help=waited)
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
    @functools.wraps(function)
    def wrapped(*args: Any, url: str | None, retry_s: float | None, as_json: bool, **kwargs: Any) -> Any:
        with exit_codes():
            asked = _told("retry_s", retry_s)
            client = Client(_told("url", url), retry_s=patience_s if asked is None else asked, on_pause=_say_pause)
            return function(*args, client=client, as_json=_told("as_json", as_json), **kwargs)

    return wrapped  # type: ignore[return-value]


def _say_pause(seconds: float, because: ClientError) -> None:
    say(f"{str(because).splitlines()[0]}; again in {ago(seconds)}", err=True)


@contextlib.contextmanager
def exit_codes() -> Iterator[None]:
    """The client's errors end the command, each with its exit code."""
    try:
        yield
    except (ClientError, TimeoutError) as error:
        code = next(code for kind, code in CODES if isinstance(error, kind))
        hint = "\nlog in with: aigc login NAME" if isinstance(error, Unauthorized) else ""
        raise _failure((str(error) or "timed out") + hint, code) from None


def _told(option: str, value: Any) -> Any:
    """The option as this command was given it, or else the group that it is of."""
    context = click.get_current_context()
    above = context.parent
    is_own = context.get_parameter_source(option) is ParameterSource.COMMANDLINE
    if is_own or above is None or above.get_parameter_source(option) is not ParameterSource.COMMANDLINE:
        return value
    return above.params[option]


def begun(answer: dict[str, Any], *, as_json: bool) -> int:
    """Print what was begun for an operator, and where."""
    if as_json:
        show(answer)
        return 0
    what = answer.get("model", "")
    for step in answer["workers"]:
        say(" ".join(filter(None, [f"{step['worker']}:", what, step["detail"]])))
    if not answer["workers"]:
        say(f"{what}: nothing to {answer['action']}")
    return 0


def outcome(job: dict[str, Any]) -> int:
    """The exit code that a job's status stands for."""
    return 0 if job["status"] not in ("failed", "cancelled") else FAILED


def _failure(message: str, code: int) -> click.ClickException:
    error = click.ClickException("\n".join(map(plain, message.splitlines())))
    error.exit_code = code  # type: ignore[misc]
    return error


def ago(seconds: float) -> str:
    """A length of time as people say it."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def left(seconds: float | None) -> str:
    """How long it is expected to go on, in words; nothing where nobody knows, or where that is over."""
    return f"about {ago(max(1.0, round(seconds)))} left" if seconds is not None and seconds > 0.5 else ""
