"""Where things are: what the API is called, and the paths that answers name and routes serve."""

from aigc.core.ids import JobId

API = "/api/v1"
JOBS = f"{API}/jobs"
EVENTS = f"{API}/events"
WORKERS = f"{API}/workers"
SESSION = f"{API}/session"

TITLE, VERSION = "3D Generative Models API", "1.0.0"
"""What existing clients expect the API to be called; its version is not that of the server, its release."""


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
