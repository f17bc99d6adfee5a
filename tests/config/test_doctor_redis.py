"""What the doctor says of a real Redis, sound and not."""

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from config.checkup.finding import Finding
from config.checkup.redis import look
from config.settings import Redis
from tests.redis_kit import RedisServer


def said(server: RedisServer, **settings: object) -> dict[str, Finding]:
    """What is found, by its code."""
    told = Redis.model_validate({"enabled": True, "url": server.url, **settings})
    return {finding.code: finding for finding in look(told)}


@contextlib.contextmanager
def relay(port: int, change: Callable[[bytes], bytes]) -> Iterator[str]:
    """A way to the server on which its answers are changed; its URL."""

    def carry(source: socket.socket, target: socket.socket, change: Callable[[bytes], bytes]) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(change(data))
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                inner, _ = listening.accept()
                outer = socket.create_connection(("127.0.0.1", port))
                for ends in ((inner, outer, bytes), (outer, inner, change)):
                    threading.Thread(target=carry, args=ends, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}"


def test_a_sound_server_is_fine() -> None:
    with RedisServer({"appendfsync": "always"}) as server:
        found = said(server, durability="always")
        left = server.ask("KEYS", "*")
    assert {code: finding.level for code, finding in found.items()} == {"redis": "fine", "redis_log": "fine"}
    assert left == [], "nothing is left of the look"


def test_a_server_that_is_away_is_unreachable() -> None:
    with RedisServer(tcp=True) as server:
        server.stop()
        found = said(server, url=f"redis://u:s3cr3t@127.0.0.1:{server.port}")
    (finding,) = found.values()
    assert (finding.level, finding.code) == ("wrong", "redis_unreachable")
    assert "s3cr3t" not in finding.what


def test_a_wrong_password_is_told_from_a_server_that_is_away() -> None:
    with RedisServer(acl=True) as server:
        wrong, none = (f"unix://{who}{server.path}" for who in ("aigc:wrong@", ""))
        assert list(said(server, url=wrong)) == list(said(server, url=none)) == ["redis_password"]
        assert "redis_rights" not in said(server), "the user that we ship may do all that it must"


def test_a_user_with_too_few_rights_is_named_what_it_lacks() -> None:
    with RedisServer(tcp=True) as server:
        server.ask("ACL", "SETUSER", "few", "on", ">pw", "~3daigc:*", "+@all", "-zadd", "-script")
        found = said(server, url=f"redis://few:pw@127.0.0.1:{server.port}")
    assert "SCRIPT LOAD, ZADD" in found["redis_rights"].what
    assert "aigc.acl" in found["redis_rights"].do


@pytest.mark.parametrize(
    ("options", "settings", "code"),
    [
        ({"appendonly": "no"}, {}, "redis_forgets"),
        ({}, {"durability": "always"}, "redis_less_durable"),
        ({"maxmemory": "100mb", "maxmemory-policy": "allkeys-lru"}, {}, "redis_evicts"),
    ],
)
def test_a_server_that_may_lose_jobs_is_wrong(options: dict[str, str], settings: dict[str, object], code: str) -> None:
    with RedisServer(options) as server:
        assert said(server, **settings)[code].level == "wrong"


def test_what_a_user_with_few_rights_cannot_see_is_said() -> None:
    with RedisServer(acl=True) as server:
        assert said(server)["redis_unverified"].level == "note"


def test_an_old_server_and_a_clock_that_is_off_are_wrong() -> None:
    def older(answer: bytes) -> bytes:
        answer = re.sub(rb"redis_version:(\d)", rb"redis_version:5", answer)
        # The first of the two numbers that TIME answers: an hour earlier.
        return re.sub(rb"(\*2\r\n\$10\r\n)(\d{10})", lambda m: m[1] + b"%d" % (int(m[2]) - 3600), answer)

    with RedisServer(tcp=True) as server, relay(server.port, older) as url:
        found = said(server, url=url)
    assert (found["redis_too_old"].level, found["clock_skew"].level) == ("wrong", "wrong")
    assert "+3600 s off" in found["clock_skew"].what
