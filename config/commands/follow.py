"""Following jobs on a terminal: a bar for each with its stage, one line per change where there is no terminal."""

import queue
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Protocol

from aigc.client import Client, ClientError, Event, Job
from config.commands.printing import say, show_line
from config.commands.talking import ago, left

Ended = Callable[[Job], None]


class Board(Protocol):
    """Where is shown what happens."""

    def tell(self, job: str, event: Event) -> None:
        """Something has happened."""

    def __enter__(self) -> "Board": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


def follow(
    client: Client, jobs: Mapping[str, str], *, as_json: bool = False, quiet: bool = False, ended: Ended | None = None
) -> list[Job]:
    """The jobs when all are final; what happens on the way is drawn on standard error.

    Args:
        client: knows the server.
        jobs: id -> what to call it.
        as_json: every event is a line of JSON on standard output instead.
        quiet: nothing is drawn.
        ended: is told of each job when it is final, in the order in which they end.
    """
    final: dict[str, Job] = {}
    with board(jobs, as_json=as_json, quiet=quiet) as shown:
        for job, event in _events(client, list(jobs)):
            shown.tell(job, event)
            if event.is_final:
                final[job] = client.job(job)
                if ended is not None:
                    ended(final[job])
    return [final[job] for job in jobs]


def board(jobs: Mapping[str, str], *, as_json: bool, quiet: bool) -> Board:
    """The one that fits where the command runs."""
    if as_json:
        return JsonLines()
    if quiet:
        return Silence()
    if not sys.stderr.isatty():
        return Lines(jobs)
    from config.commands.bars import Bars  # here: rich takes a while to load

    return Bars(jobs)


def _events(client: Client, jobs: list[str]) -> Iterator[tuple[str, Event]]:
    """All that happens to all of them, each by a stream of its own."""
    if len(jobs) == 1:
        yield from ((jobs[0], event) for event in client.events(jobs[0]))
        return
    came: queue.SimpleQueue[tuple[str, Event | ClientError | None]] = queue.SimpleQueue()

    def stream(job: str) -> None:
        try:
            for event in client.events(job):
                came.put((job, event))
        except ClientError as error:
            came.put((job, error))
        came.put((job, None))

    for job in jobs:
        # Daemons: an interrupt ends the command and not the jobs.
        threading.Thread(target=stream, args=(job,), daemon=True).start()
    open_streams = len(jobs)
    while open_streams:
        job, event = came.get()
        if isinstance(event, ClientError):
            raise event
        if event is None:
            open_streams -= 1
        else:
            yield job, event


class Silence:
    """Shows nothing."""

    def tell(self, job: str, event: Event) -> None:
        """Nothing."""

    def __enter__(self) -> "Silence":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class JsonLines(Silence):
    """Every event as it came, for programs."""

    def tell(self, job: str, event: Event) -> None:
        """One line."""
        show_line(event)


class Lines(Silence):
    """One line for each change of words."""

    def __init__(self, jobs: Mapping[str, str]) -> None:
        self._jobs = jobs
        self._said: dict[str, str] = {}

    def tell(self, job: str, event: Event) -> None:
        """One line, if it says something new."""
        words = said(event)
        if words and words != self._said.get(job):
            self._said[job] = words
            told = ", ".join(filter(None, [words, left(event.estimated_left_s)]))
            say(f"{self._jobs[job]}: {told}" if len(self._jobs) > 1 else told, err=True)


def said(event: Event) -> str:
    """What an event says in words."""
    kind = event.job.status if event.job is not None and event.job.is_final else event.kind
    if kind in ("completed", "failed", "cancelled", "retrying"):
        return f"{kind}: {event.text('detail')}" if event.text("detail") else kind
    place = event.queue
    if place is not None and place.position is not None:
        start = place.estimated_start_s
        return f"waiting: {place.position} before it" + (f", starts in about {ago(start)}" if start else "")
    if event.stage == "waiting" and event.message:
        return f"waiting: {event.message}"
    return (event.stage or kind).replace("_", " ")
