"""Progress on its way to watchers: of each job the latest, and none that is old news already."""

import asyncio
from collections.abc import Callable

from aigc.core.ids import JobId
from aigc.core.messages import Progressed

GATHER_S = 0.02
"""What follows within so long is told with what came before."""


class ProgressNews:
    """Gathers for a moment, so that what nobody could see is told to nobody: stages of a few milliseconds, and the
    progress of a job whose change follows at once.

    Args:
        look: how far a job is; None if nothing works on it.
        tell: called on the loop.
    """

    def __init__(self, look: Callable[[JobId], Progressed | None], tell: Callable[[Progressed], None]) -> None:
        self._look, self._tell = look, tell
        self._attempts: dict[JobId, int] = {}
        self._timer: asyncio.TimerHandle | None = None

    def take(self, job: JobId, attempt: int) -> None:
        """How far it is then is told soon, unless a change of it says so before, or it is another attempt by then."""
        self._attempts[job] = attempt
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_S, self._flush)

    def drop(self, job: JobId) -> None:
        """What is being told of the job now says how far it is, too."""
        self._attempts.pop(job, None)

    def close(self) -> None:
        """Nothing is told any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _flush(self) -> None:
        self._timer = None
        attempts, self._attempts = self._attempts, {}
        for job, attempt in attempts.items():
            if (news := self._look(job)) is not None and news.attempt == attempt:
                self._tell(news)
