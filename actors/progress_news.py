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
        self._jobs: dict[JobId, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def take(self, job: JobId) -> None:
        """How far it is then is told soon, unless a change of it says so before."""
        self._jobs[job] = None
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_S, self._flush)

    def drop(self, job: JobId) -> None:
        """What is being told of the job now says how far it is, too."""
        self._jobs.pop(job, None)

    def close(self) -> None:
        """Nothing is told any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _flush(self) -> None:
        self._timer = None
        jobs, self._jobs = self._jobs, {}
        for job in jobs:
            if (news := self._look(job)) is not None:
                self._tell(news)
