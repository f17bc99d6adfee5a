"""Jobs as bars on a terminal, each with its stage and the time that is left."""

import time
from collections.abc import Mapping

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from aigc.client import Event
from config.commands.follow import Silence, said
from config.commands.printing import plain
from config.commands.talking import left


class TimeLeft(ProgressColumn):
    """What was foreseen when it was last told, less what has passed since."""

    def render(self, task: Task) -> Text:
        """Nothing once that is over."""
        ends: float | None = task.fields["ends"]
        return Text("" if ends is None or task.finished else left(ends - time.monotonic()))


class Bars(Silence):
    """A bar for each job; see `follow.Board`."""

    def __init__(self, jobs: Mapping[str, str], console: Console | None = None) -> None:
        named = (TextColumn("{task.fields[label]}", markup=False),) if len(jobs) > 1 else ()
        columns = (
            *named,
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TimeLeft(),
        )
        self._progress = Progress(*columns, console=console or Console(stderr=True))
        self._tasks = {
            job: self._progress.add_task("waiting", total=1.0, label=plain(label)[:32], ends=None)
            for job, label in jobs.items()
        }

    def tell(self, job: str, event: Event) -> None:
        """Its bar and its words."""
        task = self._tasks[job]
        words, fraction = said(event), 1.0 if event.kind == "completed" else event.fraction
        if words:
            self._progress.update(task, description=plain(words))
        if fraction is not None:
            left_s = event.estimated_left_s
            self._progress.update(task, completed=fraction, ends=None if left_s is None else time.monotonic() + left_s)
        if event.is_final:
            self._progress.update(task, ends=None)
            self._progress.stop_task(task)

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
