"""What happened to a job and why: a bounded log that a broken invariant is told with."""

from collections import deque
from itertools import islice

from aigc.core.errors import AigcError
from aigc.core.ids import JobId


class InvariantBroken(AigcError):
    """The scheduler contradicts itself: a defect of ours, told with the story of the job it was seen on."""

    code = "invariant_broken"

    def __init__(self, what: str, story: "Story", job: JobId | None = None) -> None:
        subject = f"{job}: " if job is not None else ""
        super().__init__(f"{subject}{what}; story: {story.of(job) or 'none'}")


class Story:
    """The last `limit` things that were decided or heard, of all jobs together."""

    def __init__(self, limit: int = 20_000) -> None:
        self._lines: deque[tuple[float, JobId | None, str, object]] = deque(maxlen=limit)

    def tell(self, at: float, job: JobId | None, what: str, detail: object = "") -> None:
        """Remember it. `at` is monotonic seconds; `detail` is kept as it is and put into words only when asked for."""
        self._lines.append((at, job, what, detail))

    def of(self, job: JobId | None = None, limit: int = 30) -> str:
        """The latest lines about one job, or about everything, oldest first, in one line of text."""
        told = (line for line in reversed(self._lines) if job is None or line[1] == job)
        return ", ".join(_words(line, job is None) for line in [*islice(told, limit)][::-1])


def _words(line: tuple[float, JobId | None, str, object], with_job: bool) -> str:
    at, job, what, detail = line
    subject = f"{job} " if with_job and job is not None else ""
    return f"{at:.3f} s {subject}{what} {detail}".rstrip()
