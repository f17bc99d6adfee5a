"""Taskiq on a Redis list, asynchronous from end to end."""

from taskiq_redis import ListQueueBroker, RedisAsyncResultBackend

from bench.peers.front import serve
from bench.peers.work import REDIS, work

results: RedisAsyncResultBackend[dict[str, str]] = RedisAsyncResultBackend(REDIS)
broker = ListQueueBroker(REDIS).with_result_backend(results)


@broker.task(task_name="noop")
async def noop(text: str) -> dict[str, str]:
    """The job; on the worker's loop, since a thread for it costs more."""
    return work(text)


async def submit(text: str) -> str:
    """The message is in Redis."""
    return (await noop.kiq(text)).task_id


async def is_done(job: str) -> bool:
    """Its result is in Redis."""
    return await results.is_result_ready(job)


if __name__ == "__main__":
    serve(submit, is_done, broker.startup)
