"""What the doctor says of a real Redis, sound and not."""

import pytest

from config.redis_check import look
from config.settings import Redis
from tests.redis_kit import RedisServer


def said(server: RedisServer, **settings: object) -> list[tuple[str, str]]:
    told = Redis.model_validate({"enabled": True, "url": server.url, **settings})
    return [(level, what) for level, what, _ in look(told)]


def test_a_sound_server_is_fine() -> None:
    with RedisServer({"appendfsync": "always"}) as server:
        assert said(server, durability="always") == [
            ("fine", "Redis answers; 0 jobs wait"),
            ("fine", "its log is synced always"),
        ]


def test_a_server_that_is_away_is_wrong() -> None:
    with RedisServer() as server:
        server.stop()
        ((level, what),) = said(server)
    assert level == "wrong" and what.startswith("Redis cannot be used")


@pytest.mark.parametrize(
    ("options", "settings", "complaint"),
    [
        ({"appendonly": "no"}, {}, "Redis keeps no log (appendonly no): a restart loses jobs"),
        ({}, {"durability": "always"}, "redis.durability is always, but the server's appendfsync is everysec"),
        (
            {"maxmemory": "100mb", "maxmemory-policy": "allkeys-lru"},
            {},
            "it may evict records (maxmemory-policy allkeys-lru)",
        ),
    ],
)
def test_a_server_that_may_lose_jobs_is_wrong(
    options: dict[str, str], settings: dict[str, object], complaint: str
) -> None:
    with RedisServer(options) as server:
        assert ("wrong", complaint) in said(server, **settings)


def test_what_a_user_with_few_rights_cannot_see_is_said() -> None:
    with RedisServer(acl=True) as server:
        assert ("note", "its version and durability cannot be read with this user's rights") in said(server)
