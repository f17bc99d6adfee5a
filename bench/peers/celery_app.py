"""Celery 5 on Redis, events and gossip off, prefetch up. Its calls block and are made where the HTTP side stands."""

from celery import Celery
from celery.result import AsyncResult

from bench.peers.front import serve
from bench.peers.work import REDIS, work

app = Celery("bench", broker=REDIS, backend=REDIS)
app.conf.update(
    worker_prefetch_multiplier=64,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    result_expires=3600,
)


@app.task(name="noop")
def noop(text: str) -> dict[str, str]:
    """The job."""
    return work(text)


async def submit(text: str) -> str:
    """The message is in Redis."""
    return noop.apply_async((text,)).id


async def is_done(job: str) -> bool:
    """Its result is in Redis."""
    return AsyncResult(job, app=app).state == "SUCCESS"


if __name__ == "__main__":
    serve(submit, is_done)
