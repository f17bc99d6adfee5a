"""What `aigc doctor` finds out about the Redis server that the settings name."""

import time
from collections.abc import Iterator
from typing import Any

from config.settings import Redis

OLDEST = (7, 0)
CLOCK_S = 5.0
"""Clocks that differ by less are not worth a word."""


def look(settings: Redis) -> Iterator[tuple[str, str, str]]:
    """Level (`fine`, `note` or `wrong`), what was found, and what to do about it."""
    import redis

    if settings.sentinels:
        yield "note", "the Redis master is named by sentinels, which are not looked at here", "start a broker to see"
        return
    try:
        with redis.Redis.from_url(
            settings.url, socket_timeout=settings.timeout_s, socket_connect_timeout=settings.timeout_s
        ) as client:
            yield from _look(client, settings, redis.ResponseError)
    except redis.AuthenticationError as error:
        yield "wrong", f"Redis does not let us in: {error}", "give user and password in redis.url"
    except (redis.RedisError, ValueError) as error:
        yield "wrong", f"Redis cannot be used: {error}", "is it running, and is redis.url right?"


def _look(client: Any, settings: Redis, refused: type[Exception]) -> Iterator[tuple[str, str, str]]:
    asked_at = time.time()
    seconds, micros = client.time()
    off_s = seconds + micros / 1e6 - (asked_at + time.time()) / 2
    yield "fine", f"Redis answers; {client.zcard('3daigc:queue:pending')} jobs wait", ""
    if abs(off_s) > CLOCK_S:
        yield (
            "note",
            f"this machine's clock is {-off_s:+.0f} s off that of Redis, whose time counts",
            "run an NTP client",
        )
    try:
        info = client.info()
        told = {name: client.config_get(name)[name] for name in ("appendonly", "appendfsync", "maxmemory-policy")}
    except refused:
        yield "note", "its version and durability cannot be read with this user's rights", "see docs/redis.md"
        return
    version = tuple(int(part) for part in info["redis_version"].split(".")[:2])
    if version < OLDEST:
        yield "wrong", f"Redis is {info['redis_version']}", "install 7.0 or newer"
    if told["appendonly"] != "yes":
        yield "wrong", "Redis keeps no log (appendonly no): a restart loses jobs", "set appendonly yes"
    elif settings.durability == "always" and told["appendfsync"] != "always":
        what = f"redis.durability is always, but the server's appendfsync is {told['appendfsync']}"
        yield "wrong", what, "set appendfsync always in redis.conf, or redis.durability: everysec"
    else:
        yield "fine", f"its log is synced {told['appendfsync']}", ""
    if told["maxmemory-policy"] != "noeviction" and info.get("maxmemory"):
        yield "wrong", f"it may evict records (maxmemory-policy {told['maxmemory-policy']})", "set it to noeviction"
