"""Where the actors meet and which stores they share: the only file that knows the mode."""

import tempfile
from hashlib import sha256
from pathlib import Path

from msgspec import Struct, structs

from actors.stores.audit_file import FileAuditLog
from actors.stores.directory import DirectoryAssetStore, DirectorySettings
from aigc.core.accounts import AccountStore, AuditLog
from aigc.core.buckets import SharedBuckets
from aigc.core.errors import InputInvalid
from aigc.core.ports import AssetStore, JobStore
from config.settings import Settings
from transport import Address, AddressInvalid, LinkSettings, Patience
from transport.curve import Keys

GIB = 1 << 30
PATIENCE = Patience(suspect_s=3.0, lost_s=4.5)
"""A killed worker's jobs run again within six seconds: the last of its heartbeats, and the next look, take one."""
REDIS_SOCKET = "redis.sock"
"""Of the Redis that `aigc up` starts, in the runtime folder."""
SOCKET_PATH_BYTES = 60
"""Room that the names of sockets need below the runtime folder, of the 107 bytes that a path may have."""


class Topology(Struct, frozen=True):
    """Where the actors meet and where they keep things."""

    brokers: tuple[Address, ...]
    """Where workers and gateways look for the leading broker, in turn."""
    news: tuple[Address, ...]
    """Where it publishes, in the same order."""
    here: int | None
    """Which of these places a broker of this process takes; None: it was not said, and there are several."""
    alone: bool
    """Whether a gateway has all clients to itself."""
    takeover: bool
    """Whether a broker that leads may take its place from one that does not answer any more."""
    jobs: JobStore
    assets: AssetStore
    people: "People"
    staging: Path
    """Where the AssetStore makes staging folders; runners write beneath it."""
    runtime: Path
    """For sockets and scratch folders of this machine's processes."""
    keys: Keys | None
    """This machine's key and those that it lets in, where links leave it."""
    link: LinkSettings


class People(Struct, frozen=True):
    """Where accounts are kept, and what was done by whom."""

    accounts: AccountStore
    audit: AuditLog
    place: str
    """In words, for who looks for them."""
    file: Path | None
    """The file in which accounts are, where it is one: before the first server or account it is not there."""
    must_log_in: bool
    """Whether anybody has to: `accounts.enabled`."""
    buckets: SharedBuckets | None = None
    """What all gateways take from, where there may be several."""
    note: str = ""
    """What who asks for them should know."""


def topology(settings: Settings, place: str | None = None) -> Topology:
    """As the settings say: several processes that share a Redis, or one that needs nobody.

    Args:
        place: the name of the place in `broker.places` that a broker of this process takes; None: the only one.
    Raises:
        InputInvalid: there is no such place, or there are several and none is named.
    """
    return _shared(settings, place) if is_shared(settings) else _single(settings)


def is_shared(settings: Settings) -> bool:
    """Whether several processes share the work, through a Redis."""
    return settings.redis.enabled


def check_shared(settings: Settings, role: str) -> None:
    """Raises InputInvalid where a process of that role could meet nobody."""
    if not is_shared(settings):
        raise InputInvalid(
            f"this is single-worker mode (redis.enabled is false), in which `aigc serve` has its own {role} inside",
            suggestion=f"run `aigc serve` alone; or set redis.enabled and redis.url, then start `aigc {role}`",
            where="redis.enabled",
        )


def _single(settings: Settings) -> Topology:
    """Everything in one process: `inproc` sockets, SQLite and a folder."""
    from actors.stores.sqlite import SqliteJobStore

    assets, staging = _assets(settings)
    return Topology(
        brokers=(Address.parse("inproc://broker"),),
        news=(Address.parse("inproc://news"),),
        here=0,
        alone=True,
        takeover=False,
        jobs=SqliteJobStore(settings.storage.folder / "jobs.db"),
        assets=assets,
        people=_people_here(settings),
        staging=staging,
        runtime=runtime_folder(settings),
        keys=None,
        link=LinkSettings(patience=PATIENCE),
    )


def _shared(settings: Settings, place: str | None) -> Topology:
    """Many processes, on one machine or several: Redis, sockets in a folder or CURVE, a folder or a bucket."""
    from actors.stores.redis import RedisJobStore, RedisSettings

    assets, staging = _assets(settings)
    runtime = runtime_folder(settings)
    redis = settings.redis
    brokers, news = _places(settings, runtime)
    keys = Keys.of(keys_folder(settings)) if any(address.key for address in brokers) else None
    return Topology(
        brokers=brokers,
        news=news,
        here=_here(settings, place),
        alone=False,
        takeover=True,
        jobs=RedisJobStore(RedisSettings(**redis.model_dump(exclude={"enabled"}))),
        assets=assets,
        people=_people_there(settings),
        staging=staging,
        runtime=runtime,
        keys=keys,
        link=LinkSettings(patience=PATIENCE, keys=keys),
    )


def people(settings: Settings) -> People:
    """Accounts and audit log as the server has them that these settings start."""
    running = as_running(settings)
    if is_shared(running):
        return _people_there(running)
    found = _people_here(running)
    if (settings.storage.folder / "redis").is_dir():
        note = "the accounts of aigc up are in its own Redis, and not seen while it does not run"
        found = structs.replace(found, note=note)
    return found


def as_running(settings: Settings) -> Settings:
    """What the processes have that these settings have started.

    `aigc up` has a Redis of its own, which no setting names: it is known by its socket, while it runs.
    """
    socket = runtime_folder(settings) / REDIS_SOCKET
    if is_shared(settings) or not socket.is_socket():
        return settings
    own = {"enabled": True, "url": f"unix://{socket}", "durability": "always"}
    return settings.model_copy(update={"redis": settings.redis.model_copy(update=own)})


def _people_here(settings: Settings) -> People:
    from actors.stores.sqlite_accounts import SqliteAccountStore

    path = settings.storage.folder / "accounts.db"
    audit = FileAuditLog(settings.storage.folder / "audit.jsonl")
    return People(SqliteAccountStore(path), audit, str(path), path, settings.accounts.enabled)


def _people_there(settings: Settings) -> People:
    from actors.stores.redis_accounts import RedisAccountStore
    from actors.stores.redis_audit import RedisAuditLog
    from actors.stores.redis_buckets import RedisBuckets
    from actors.stores.redis_settings import RedisSettings, parsed

    told = RedisSettings(**settings.redis.model_dump(exclude={"enabled"}))
    where = f"Redis at {parsed(told.url, 'redis.url')}"
    return People(
        RedisAccountStore(told), RedisAuditLog(told), where, None, settings.accounts.enabled, buckets=RedisBuckets(told)
    )


def _places(settings: Settings, runtime: Path) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Where brokers listen and where they publish."""
    if not settings.broker.places:
        return (Address.parse(f"ipc://{runtime}/broker"),), (Address.parse(f"ipc://{runtime}/news"),)
    is_plain = settings.security.allow_plain_tcp

    def parsed(number: int, field: str) -> Address:
        found = settings.broker.places[number]
        try:
            return Address.parse(getattr(found, field), key=found.key, allow_plain_tcp=is_plain)
        except AddressInvalid as error:
            raise InputInvalid(
                f"{error.text}: {error.problem}", suggestion=error.remedy, where=f"broker.places.{number}.{field}"
            ) from error

    numbers = range(len(settings.broker.places))
    return tuple(parsed(number, "address") for number in numbers), tuple(parsed(number, "news") for number in numbers)


def _here(settings: Settings, place: str | None) -> int | None:
    names = [found.name for found in settings.broker.places]
    if place is not None and place not in names:
        raise InputInvalid(
            f"there is no place called {place}",
            suggestion=f"there are: {', '.join(names) or 'none; leave it out'}",
            where="broker.places",
        )
    if place is not None:
        return names.index(place)
    return 0 if len(names) < 2 else None


def keys_folder(settings: Settings) -> Path:
    """Where this machine's key is, and those that it lets in."""
    return (settings.security.keys_dir or settings.storage.folder / "keys").expanduser().absolute()


def _assets(settings: Settings) -> tuple[AssetStore, Path]:
    free = int(settings.storage.min_free_gb * GIB)
    if settings.storage.s3 is None:
        shared = DirectoryAssetStore(settings.storage.folder / "assets", DirectorySettings(min_free_bytes=free))
        return shared, shared.staging_root
    from actors.stores.s3 import S3AssetStore
    from actors.stores.s3_settings import S3Settings

    told = S3Settings(**settings.storage.s3.model_dump(), min_free_bytes=free)
    bucket = S3AssetStore(settings.storage.folder / "s3", told)
    return bucket, bucket.staging_root


def runtime_folder(settings: Settings) -> Path:
    """For sockets: what is set, or beside the data where the path is short enough, else in the temporary folder."""
    if settings.storage.run_dir is not None:
        return settings.storage.run_dir.expanduser().absolute()
    data = settings.storage.folder
    beside = data / "run"
    if len(str(beside).encode()) <= 107 - SOCKET_PATH_BYTES:
        return beside
    return Path(tempfile.gettempdir()) / f"aigc-{sha256(str(data).encode()).hexdigest()[:12]}"
