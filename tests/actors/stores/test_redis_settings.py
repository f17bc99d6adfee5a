import ssl

import pytest

from actors.stores.redis_settings import RedisPlace, RedisSettings, parsed, places
from aigc.core.errors import StoreBroken


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://cache", RedisPlace(host="cache")),
        ("redis://cache:7000/3", RedisPlace(host="cache", port=7000, number=3)),
        ("redis://cache?db=4", RedisPlace(host="cache", number=4)),
        ("redis://ada:p%40ss%2F@[::1]:7/1", RedisPlace(host="::1", port=7, number=1, username="ada", password="p@ss/")),
        ("redis://:secret@cache", RedisPlace(host="cache", password="secret")),
        ("unix:///run/redis.sock", RedisPlace(path="/run/redis.sock")),
        ("unix://ada:p@/run/a%20b.sock?db=2", RedisPlace(path="/run/a b.sock", number=2, username="ada", password="p")),
    ],
)
def test_a_url_is_understood(url: str, place: RedisPlace) -> None:
    assert parsed(url, "redis.url") == place


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://ada:secret@cache", "begins with none of"),
        ("cache:6379", "begins with none of"),
        ("redis://ada:secret@cache:port", "port"),
        ("redis://ada:secret@cache/none", "'none'"),
        ("redis://ada:secret@cache?max_connections=5", "unknown option max_connections"),
        ("rediss://ada:secret@cache?ssl_ca_certs=/no/such.pem", "/no/such.pem"),
    ],
)
def test_a_url_without_sense_is_refused_in_words_without_its_password(url: str, reason: str) -> None:
    with pytest.raises(StoreBroken) as broken:
        places(RedisSettings(url=url))

    assert str(broken.value).startswith("redis.url: ")
    assert reason in str(broken.value)
    assert "secret" not in str(broken.value)
    assert broken.value.suggestion


def test_a_place_is_shown_without_its_password() -> None:
    shown = [str(parsed(url, "")) for url in ("redis://ada:secret@cache/2", "unix://ada:secret@/run/x", "rediss://b")]

    assert shown == ["redis://cache:6379/2", "unix:///run/x", "rediss://b:6379/0"]


def test_rediss_checks_certificate_and_name_unless_told_otherwise() -> None:
    strict, lax = parsed("rediss://cache", "").tls, parsed("rediss://cache?ssl_check_hostname=false", "").tls

    assert strict is not None and lax is not None
    assert (strict.verify_mode, strict.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (lax.verify_mode, lax.check_hostname) == (ssl.CERT_REQUIRED, False)


def test_sentinels_are_written_briefly_or_as_a_url() -> None:
    settings = RedisSettings(
        url="redis://aigc:secret@/5", sentinels=("a", "b:7", "redis://s:t@c:8"), sentinel_master="m"
    )

    found = places(settings)

    assert (found.master, found.server.number, found.server.password) == ("m", 5, "secret")
    assert [(one.host, one.port, one.password) for one in found.sentinels] == [
        ("a", 26379, ""),
        ("b", 7, ""),
        ("c", 8, "t"),
    ]


def test_sentinels_are_encrypted_as_the_server_is() -> None:
    found = places(RedisSettings(url="rediss://cache", sentinels=("a", "redis://b")))

    assert found.sentinels[0].tls is found.server.tls
    assert found.sentinels[1].tls is None
