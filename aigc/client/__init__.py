"""A Python client of the server. `Client` waits, on the standard library alone; `AsyncClient` does not, on aiohttp.

client = Client("http://127.0.0.1:7842")
client.run("image_to_textured_mesh", image="cat.png", seed=7, to="cat.glb")

job = client.submit("text_to_textured_mesh", text="a small red chair")
for event in job.events():
    print(event.stage, event.fraction)
job.download("chair.glb")
client.run("auto_rig", mesh=job, to="rigged.fbx")
"""

from typing import TYPE_CHECKING, Any

from aigc.client.errors import (
    BadInput,
    BadRequest,
    Busy,
    ClientError,
    Conflict,
    Field,
    Forbidden,
    JobCancelled,
    JobFailed,
    NotFound,
    QueueFull,
    RateLimited,
    Refused,
    ServerAway,
    ServerFault,
    Timeout,
    Unauthorized,
    Unavailable,
)
from aigc.client.records import FINAL, Event, Failure, Feature, Job, Model, Output, Page, Queue, Record, Upload, Worker
from aigc.client.sync import Client, JobHandle, Result
from aigc.client.wire import DEFAULT_URL

if TYPE_CHECKING:
    from aigc.client.aio import AsyncClient, AsyncJobHandle

Unreachable = ServerAway
"""Its former name."""

__all__ = [
    "DEFAULT_URL",
    "FINAL",
    "AsyncClient",
    "AsyncJobHandle",
    "BadInput",
    "BadRequest",
    "Busy",
    "Client",
    "ClientError",
    "Conflict",
    "Event",
    "Failure",
    "Feature",
    "Field",
    "Forbidden",
    "Job",
    "JobCancelled",
    "JobFailed",
    "JobHandle",
    "Model",
    "NotFound",
    "Output",
    "Page",
    "Queue",
    "QueueFull",
    "RateLimited",
    "Record",
    "Refused",
    "Result",
    "ServerAway",
    "ServerFault",
    "Timeout",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
    "Upload",
    "Worker",
]


def __getattr__(name: str) -> Any:
    """aiohttp takes a quarter of a second to import, and only the one client wants it."""
    if name in ("AsyncClient", "AsyncJobHandle"):
        from aigc.client import aio

        return getattr(aio, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
