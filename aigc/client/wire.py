"""Requests and answers as values, and the few things that a flow may ask of the world.

A flow is a generator: it yields an effect and is sent what came of it. So what the client does is written once, without
I/O; `aigc.client.sync` and `aigc.client.aio` carry the effects out.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

from aigc.client.errors import ClientError, Refused, refusal
from aigc.client.sources import Source

T = TypeVar("T")

API = "/api/v1"
DEFAULT_URL = "http://127.0.0.1:7842"
CHUNK = 1 << 18


@dataclass(frozen=True)
class Request:
    """What is to be sent."""

    method: str
    path: str
    """Below the server's address, with its query."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Source | None = None
    may_repeat: bool = False
    """Sent twice it does no more than once."""
    patience_s: float = 0.0
    """For so long the server may stay silent beside what it may anyway."""


@dataclass(frozen=True)
class Answer:
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Sink(Protocol):
    """Takes the bytes of an answer."""

    def begin(self, status: int) -> None:
        """They come: all (200), or the rest (206)."""

    def write(self, piece: bytes) -> None:
        """The next of them."""


class Send(NamedTuple):
    """Send the request; gives the whole answer, whatever its status. Raises ServerAway."""

    request: Request


class Receive(NamedTuple):
    """Send the request and hand a good answer's bytes on as they come; gives the answer. Raises ServerAway."""

    request: Request
    sink: Sink


class Pause(NamedTuple):
    """Wait; `because` is what the wait is for."""

    seconds: float
    because: ClientError | None = None


class Do(NamedTuple):
    """Call something that may block, such as a disk's; gives what it returns."""

    function: Callable[[], Any]


class Clock(NamedTuple):
    """Gives the seconds of a clock that only goes forward."""


Effect = Send | Receive | Pause | Do | Clock
Flow = Generator[Effect, Any, T]


class Address(NamedTuple):
    """Where a server is."""

    url: str
    host: str
    port: int | None
    path: str
    is_secure: bool


def address_of(url: str) -> Address:
    """The parts of a server's URL. Raises ClientError where it is none."""
    url = url.rstrip("/")
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("http", "https"):
        raise ClientError(f"{url} is not an address of a server; write http://HOST:PORT")
    return Address(url, host, port, parts.path, parts.scheme == "https")


def quoted(part: str) -> str:
    """A name as one segment of a path."""
    return urllib.parse.quote(part, safe="")


def query(**values: Any) -> str:
    """`?name=value&…` of those that say something."""
    told = {name: value for name, value in values.items() if value not in (None, "")}
    return "?" + urllib.parse.urlencode(told, errors="replace") if told else ""


def below(address: Address, url: str) -> str:
    """The path of a URL of this server, as a request wants it; URLs in answers are paths already."""
    parts = urllib.parse.urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return path.removeprefix(address.path) if parts.netloc else path


def json_body(value: Any) -> bytes:
    """A value as it is sent."""
    return json.dumps(value, ensure_ascii=False).encode()


def refused(answer: Answer) -> Refused | None:
    """The error that the answer is, if it is one."""
    if answer.status < 400:
        return None
    try:
        problem = json.loads(answer.body)
    except ValueError:
        problem = {"detail": answer.body[:500].decode(errors="replace")}
    problem = problem if isinstance(problem, dict) else {"detail": str(problem)}
    problem.setdefault("request_id", answer.headers.get("x-request-id", ""))
    after = answer.headers.get("retry-after", "")
    return refusal(answer.status, problem, float(after) if after.isdigit() else None)


def json_of(answer: Answer, address: Address) -> dict[str, Any]:
    """The JSON object that the answer holds. Raises ClientError: whoever answers is no server of ours."""
    try:
        value = json.loads(answer.body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ClientError(f"what answers at {address.url} is another program; check the address")
    return value
