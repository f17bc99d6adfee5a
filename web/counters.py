"""What one gateway counts: requests, accepted jobs, bytes that came and went."""

from aiohttp import web

from aigc.core.job import Job
from aigc.core.metrics.tally import OTHER, Tally

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NOWHERE = "unmatched"
"""Route of requests for what there is not."""


class Counters:
    """Counts until somebody takes it.

    Args:
        backend: what files are kept in, as metrics call it.
    """

    def __init__(self, backend: str = "directory") -> None:
        self.tally = Tally()
        self._in, self._out = ("in", backend), ("out", backend)

    def submitted(self, job: Job) -> None:
        """A job was accepted."""
        self.tally.add("aigc_jobs_submitted_total", (job.feature, job.model))

    def stored(self, size: int) -> None:
        """So many bytes were put into the store of files."""
        self.tally.add("aigc_storage_bytes_total", self._in, size)

    def sent(self, size: int) -> None:
        """So many bytes of it were sent to a client."""
        self.tally.add("aigc_storage_bytes_total", self._out, size)

    def served(self, request: web.Request, status: int, elapsed_s: float) -> None:
        """The head of an answer left after `elapsed_s`."""
        method = request.method if request.method in METHODS else OTHER
        labels = (method, route_of(request), str(status))
        self.tally.observe("aigc_http_request_duration_seconds", labels, elapsed_s)


COUNTERS = web.AppKey("counters", Counters)


def route_of(request: web.Request) -> str:
    """The template of the path, so that there are no more than there are routes.

    Requests that asked to wait for a job are told apart: how long they take says nothing about the server.
    """
    resource = request.match_info.route.resource
    if resource is None:
        return NOWHERE
    asked_to_wait = "wait=" in request.rel_url.raw_query_string or "wait=" in request.headers.get("Prefer", "")
    return f"{resource.canonical}?wait" if asked_to_wait else resource.canonical
