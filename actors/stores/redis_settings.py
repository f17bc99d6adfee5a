"""What a `RedisJobStore` must be told, and what its URLs mean."""

import ssl
from typing import Literal
from urllib.parse import parse_qs, unquote, urlparse

from msgspec import Struct

from aigc.core.errors import StoreBroken
from aigc.core.secrets import without_secrets

SCHEMES = {"redis": False, "rediss": True, "unix": False}
"""Each with whether it speaks TLS."""
TLS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
OPTIONS = frozenset({"db", "ssl_check_hostname", *TLS_FILES})
"""What may follow the question mark; the names are those of redis-py."""
PORT, SENTINEL_PORT = 6379, 26379


class RedisSettings(Struct, frozen=True, kw_only=True):
    """What a Redis store must be told."""

    url: str = "redis://localhost:6379"
    """`redis://user:password@host:port/0`, `rediss://...?ssl_ca_certs=/ca.pem` or `unix:///path?db=0`."""
    sentinels: tuple[str, ...] = ()
    """`host:port` or a whole URL each. They know where the master is; `url` then gives the rest."""
    sentinel_master: str = "mymaster"
    durability: Literal["everysec", "always"] = "everysec"
    """The least that the server's `appendfsync` must be set to."""
    replicas: int = 0
    """How many must have a write before it is acknowledged."""
    timeout_s: float = 2.0
    """How long one call may take, tries to connect again included."""
    pending_limit: int = 10_000
    """New records that may wait for a slow server; beyond, `create` raises Unavailable at once."""
    group_limit: int = 128
    """New records in one script. Redis does nothing else meanwhile: 128 take it about 2 ms."""


class RedisPlace(Struct, frozen=True, kw_only=True):
    """One server, and who we are there."""

    host: str = "localhost"
    port: int = PORT
    path: str = ""
    """Of a unix socket, instead of host and port."""
    username: str = ""
    password: str = ""
    number: int = 0
    """Of the database."""
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        """As an operator may read it: without the password."""
        scheme = "rediss" if self.tls else "redis"
        return f"unix://{self.path}" if self.path else f"{scheme}://{self.host}:{self.port}/{self.number}"


class RedisPlaces(Struct, frozen=True, kw_only=True):
    """Where the records are: one server, or the master that sentinels name."""

    server: RedisPlace
    sentinels: tuple[RedisPlace, ...] = ()
    master: str = ""


def places(settings: RedisSettings) -> RedisPlaces:
    """The settings' URLs, understood; reads the files of certificates.

    Raises:
        StoreBroken: one of them makes no sense; the message names it without its password.
    """
    server = parsed(settings.url, "redis.url")
    sentinels = []
    for written in settings.sentinels:
        if "://" in written:
            sentinels.append(parsed(written, "redis.sentinels", SENTINEL_PORT))
            continue
        there = parsed(f"redis://{written}", "redis.sentinels", SENTINEL_PORT)
        sentinels.append(RedisPlace(host=there.host, port=there.port, tls=server.tls))
    return RedisPlaces(server=server, sentinels=tuple(sentinels), master=settings.sentinel_master)


def parsed(url: str, where: str, port: int = PORT) -> RedisPlace:
    """What one URL means; raises StoreBroken, `where` it was written."""
    try:
        parts = urlparse(url)
        encrypted = SCHEMES[parts.scheme]
        options = {name: values[-1] for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
        if unknown := options.keys() - OPTIONS:
            raise ValueError(f"unknown option {min(unknown)}; known are {', '.join(sorted(OPTIONS))}")
        is_path = parts.scheme == "unix"
        number = options.get("db", "0" if is_path else parts.path.strip("/") or "0")
        return RedisPlace(
            host=parts.hostname or "localhost",
            port=parts.port or port,
            path=unquote(parts.path) if is_path else "",
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            number=int(number),
            tls=_tls(options) if encrypted else None,
        )
    except KeyError:
        raise _senseless(url, where, "it begins with none of redis://, rediss:// and unix://") from None
    except (ValueError, OSError) as error:  # a port that is no number; a file of certificates that is not there
        raise _senseless(url, where, str(error)) from error


def _tls(options: dict[str, str]) -> ssl.SSLContext:
    """As strict as the standard library's default, with the operator's own files."""
    authority, certificate, key = (options.get(name) for name in TLS_FILES)
    try:
        context = ssl.create_default_context(cafile=authority)
        if certificate:
            context.load_cert_chain(certificate, key)
    except OSError as error:
        raise ValueError(f"{authority or ''} {certificate or ''} {key or ''}: {error}") from error
    context.check_hostname = options.get("ssl_check_hostname", "true").lower() not in ("false", "no", "0")
    return context


def _senseless(url: str, where: str, reason: str) -> StoreBroken:
    return StoreBroken(
        f"{without_secrets(url)} cannot be used: {reason}",
        suggestion="write it as redis://user:password@host:6379/0, or unix:///path/of/socket",
        where=where,
    )
