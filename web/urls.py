"""Where things are: the paths that answers name and routes serve, so that the two cannot part."""

from aigc.core.ids import JobId

API = "/api/v1"
JOBS = f"{API}/jobs"
EVENTS = f"{API}/events"
WORKERS = f"{API}/workers"
SESSION = f"{API}/session"


def job_url(job: JobId) -> str:
    """The job itself; GET, PATCH, DELETE."""
    return f"{JOBS}/{job}"


def output_url(job: JobId, name: str) -> str:
    """One file of a job's result, served by `web.downloads`."""
    return f"{JOBS}/{job}/outputs/{name}"


def thumbnail_url(job: JobId) -> str:
    """The job's picture, served by `web.downloads`."""
    return f"{JOBS}/{job}/thumbnail"


def preview_url(job: JobId) -> str:
    """The latest picture of a running job, served by `web.downloads`."""
    return f"{JOBS}/{job}/preview"


def input_url(job: JobId, name: str) -> str:
    """One input file of a job, served by `web.downloads`."""
    return f"{JOBS}/{job}/inputs/{name}"
