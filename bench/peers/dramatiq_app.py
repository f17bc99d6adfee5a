"""Dramatiq 2 on Redis. Its calls block, so the HTTP side makes them where it stands: a thread for each costs more."""

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend
from dramatiq.results.errors import ResultMissing

from bench.peers.front import serve
from bench.peers.work import REDIS, work

results = RedisBackend(url=REDIS)
broker = RedisBroker(url=REDIS)
broker.add_middleware(Results(backend=results))
dramatiq.set_broker(broker)


@dramatiq.actor(store_results=True)
def noop(text: str) -> dict[str, str]:
    """The job."""
    return work(text)


async def submit(text: str) -> str:
    """The message is in Redis."""
    return noop.send(text).message_id


async def is_done(job: str) -> bool:
    """Its result is in Redis."""
    message = noop.message("").copy(message_id=job)
    try:
        results.get_result(message, block=False)
    except ResultMissing:
        return False
    return True


if __name__ == "__main__":
    serve(submit, is_done)
