"""The Redis server that the settings name: whether it answers, lets us do what we must, and keeps what it is given."""

import time
from collections.abc import Iterator
from typing import Any

from aigc.core.secrets import without_secrets
from config.checkup.finding import Finding
from config.settings import Redis

OLDEST = (7, 0)
CLOCK_S = 5.0
"""Clocks that differ by less are not worth a word."""
BAD_CLOCK_S = 60.0
"""From here on ages, deadlines and signatures are wrong enough to be felt."""

PREFIX = "3daigc:"
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("SCRIPT", "LOAD", "return 1"),
    ("GET", f"{PREFIX}version"),
    ("HGETALL", f"{PREFIX}doctor"),
    ("ZCARD", f"{PREFIX}queue:pending"),
    ("XREVRANGE", f"{PREFIX}doctor", "+", "-"),
    ("ZADD", f"{PREFIX}doctor", "0", "x"),
    ("SET", f"{PREFIX}doctor", "x", "PX", "1000"),
    ("DEL", f"{PREFIX}doctor"),
)
"""Of each kind of command that our scripts use one, on a key that nobody has; nothing is left behind."""


def look(settings: Redis) -> Iterator[Finding]:
    """All that can be known of it without a server of ours."""
    import redis

    if settings.sentinels:
        what = "the Redis master is named by sentinels, which are not looked at here"
        yield Finding("note", "redis_sentinels", what, "start a broker to see")
        return
    where = f"Redis at {without_secrets(settings.url)}"
    try:
        with redis.Redis.from_url(
            settings.url, socket_timeout=settings.timeout_s, socket_connect_timeout=settings.timeout_s
        ) as client:
            yield from _look(client, settings, redis)
    except redis.AuthenticationError as error:
        do = "give user and password in redis.url: redis://USER:PASSWORD@HOST:PORT"
        yield Finding("wrong", "redis_password", f"{where} does not let us in: {error}", do)
    except redis.exceptions.ResponseError as error:
        do = "give user and password in redis.url: redis://USER:PASSWORD@HOST:PORT"
        code = "redis_password" if "NOAUTH" in str(error) or "WRONGPASS" in str(error) else "redis_refuses"
        yield Finding("wrong", code, f"{where} refuses: {error}", do)
    except (redis.RedisError, OSError, ValueError) as error:
        do = "is it running (systemctl status redis-server), is redis.url right, does a firewall stand between?"
        yield Finding("wrong", "redis_unreachable", f"{where} cannot be reached: {error}", do)


def _look(client: Any, settings: Redis, redis: Any) -> Iterator[Finding]:
    if refused := list(_refused(client, redis)):
        what = f"the user of redis.url may not use {', '.join(refused)} on keys that begin with {PREFIX}"
        yield Finding("wrong", "redis_rights", what, "give it the rights of config/redis/aigc.acl, see docs/redis.md")
        return
    asked_at = time.time()
    seconds, micros = client.time()
    off_s = seconds + micros / 1e6 - (asked_at + time.time()) / 2
    yield Finding("fine", "redis", f"Redis answers; {client.zcard(f'{PREFIX}queue:pending')} jobs wait")
    if abs(off_s) > CLOCK_S:
        what = f"this machine's clock is {-off_s:+.0f} s off that of Redis, whose time counts"
        do = "have all machines ask the same time servers: apt-get install chrony"
        yield Finding("wrong" if abs(off_s) > BAD_CLOCK_S else "note", "clock_skew", what, do)
    try:
        info = client.info()
        told = {name: client.config_get(name)[name] for name in ("appendonly", "appendfsync", "maxmemory-policy")}
    except redis.ResponseError:
        what = "its version and durability cannot be read with this user's rights"
        yield Finding("note", "redis_unverified", what, "see docs/redis.md for what they must be")
        return
    yield from _kept(info, told, settings)


def _refused(client: Any, redis: Any) -> Iterator[str]:
    """Commands that this user may not use."""
    for command in COMMANDS:
        try:
            client.execute_command(*command)
        except redis.exceptions.NoPermissionError:
            yield " ".join(command[:2]) if command[0] == "SCRIPT" else command[0]
        except redis.AuthenticationError:
            raise
        except redis.ResponseError:
            pass  # it may be used; this key is of another kind at the moment


def _kept(info: dict[str, Any], told: dict[str, str], settings: Redis) -> Iterator[Finding]:
    """Whether what it is given stays there."""
    version = tuple(int(part) for part in info["redis_version"].split(".")[:2])
    if version < OLDEST:
        yield Finding("wrong", "redis_too_old", f"Redis is {info['redis_version']}", "install 7.0 or newer")
    if told["appendonly"] != "yes":
        what = "Redis keeps no log (appendonly no): a restart loses jobs"
        yield Finding("wrong", "redis_forgets", what, "set appendonly yes in its redis.conf and restart it")
    elif settings.durability == "always" and told["appendfsync"] != "always":
        what = f"redis.durability is always, but the server's appendfsync is {told['appendfsync']}"
        do = "set appendfsync always in redis.conf, or redis.durability: everysec"
        yield Finding("wrong", "redis_less_durable", what, do)
    else:
        yield Finding("fine", "redis_log", f"its log is synced {told['appendfsync']}")
    if told["maxmemory-policy"] != "noeviction" and info.get("maxmemory"):
        what = f"it may evict records (maxmemory-policy {told['maxmemory-policy']})"
        yield Finding("wrong", "redis_evicts", what, "set maxmemory-policy noeviction in its redis.conf")
