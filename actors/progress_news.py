"""Progress on its way to watchers: of each job the latest, and none that is old news already."""

import asyncio
from collections.abc import Callable

from aigc.core.ids import JobId
from aigc.core.messages import Progressed

GATHER_S = 0.02
"""What follows within so long takes the place of what came before."""


class ProgressNews:
    """Gathers for a moment, so that what nobody could see is told to nobody: stages of a few milliseconds, and the
    progress of a job whose change follows at once.

    Args:
        tell: called on the loop.
    """

    def __init__(self, tell: Callable[[Progressed], None]) -> None:
        self._tell = tell
        self._latest: dict[JobId, Progressed] = {}
        self._timer: asyncio.TimerHandle | None = None

    def take(self, news: Progressed) -> None:
        """It is told soon, unless something newer comes."""
        self._latest[news.job] = news
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_S, self._flush)

    def drop(self, job: JobId) -> None:
        """What is being told of the job now says how far it is, too."""
        self._latest.pop(job, None)

    def close(self) -> None:
        """Nothing is told any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _flush(self) -> None:
        self._timer = None
        latest, self._latest = self._latest, {}
        for news in latest.values():
            self._tell(news)
