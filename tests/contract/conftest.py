"""The implementations that the contract suites are run against. A new store is one more entry here."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest

from actors.stores.audit_file import FileAuditLog
from actors.stores.directory import DirectoryAssetStore, DirectorySettings
from actors.stores.redis import RedisJobStore, RedisSettings
from actors.stores.redis_accounts import RedisAccountStore
from actors.stores.redis_audit import RedisAuditLog
from actors.stores.s3 import S3AssetStore
from actors.stores.sqlite import SqliteJobStore
from actors.stores.sqlite_accounts import SqliteAccountStore
from aigc.core.accounts import AccountStore, AuditLog
from aigc.core.ports import AssetStore, JobStore
from tests.redis_kit import RedisServer
from tests.s3_kit import CREDENTIALS, s3_server

Maker = Callable[[], JobStore]


@contextmanager
def redis() -> Iterator[Maker]:
    """A server of the test's own, as the user that may do least."""
    with RedisServer(acl=True) as server:
        yield lambda: RedisJobStore(RedisSettings(url=server.url))


JOB_STORES: dict[str, Callable[[Path], AbstractContextManager[Maker]]] = {
    "sqlite": lambda folder: nullcontext(lambda: SqliteJobStore(folder / "jobs.db")),
    "redis": lambda folder: redis(),
}
AssetMaker = Callable[[], AssetStore]


def bucket(request: pytest.FixtureRequest) -> AssetMaker:
    """On the one server of the run, with nothing in it."""
    folder = request.getfixturevalue("tmp_path")
    for name, value in CREDENTIALS.items():
        request.getfixturevalue("monkeypatch").setenv(name, value)
    settings = s3_server(request.config).settings()
    return lambda: S3AssetStore(folder / "assets", settings)


def directory(request: pytest.FixtureRequest) -> AssetMaker:
    folder = request.getfixturevalue("tmp_path")
    return lambda: DirectoryAssetStore(folder / "assets", DirectorySettings(min_free_bytes=0))


ASSET_STORES: dict[str, Callable[[pytest.FixtureRequest], AssetMaker]] = {"directory": directory, "s3": bucket}


@pytest.fixture(params=JOB_STORES)
def another_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Maker]:
    """Makes a store that is not open yet; all that it makes stand on the same data."""
    with JOB_STORES[request.param](tmp_path) as make:
        yield make


@pytest.fixture
async def store(another_store: Maker) -> AsyncIterator[JobStore]:
    store = another_store()
    await store.open()
    yield store
    await store.close()


@pytest.fixture(params=ASSET_STORES)
def another_assets(request: pytest.FixtureRequest) -> AssetMaker:
    """Makes a store that is not open yet; all that it makes stand on the same data."""
    return ASSET_STORES[request.param](request)


@pytest.fixture
async def assets(another_assets: AssetMaker) -> AsyncIterator[AssetStore]:
    assets = another_assets()
    await assets.open()
    yield assets
    await assets.close()


@pytest.fixture(scope="module")
def one_redis() -> Iterator[RedisServer]:
    """One server for the tests of a module; each empties it."""
    with RedisServer(acl=True) as server:
        yield server


def emptied(request: pytest.FixtureRequest) -> RedisSettings:
    server = request.getfixturevalue("one_redis")
    server.ask("FLUSHALL")
    return RedisSettings(url=server.url)


@pytest.fixture(params=("sqlite", "redis"))
def another_account_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], AccountStore]:
    """Makes a store that is not open yet; all that it makes stand on the same data."""
    if request.param == "sqlite":
        return lambda: SqliteAccountStore(tmp_path / "accounts.db")
    settings = emptied(request)
    return lambda: RedisAccountStore(settings)


@pytest.fixture
async def accounts(another_account_store: Callable[[], AccountStore]) -> AsyncIterator[AccountStore]:
    store = another_account_store()
    await store.open()
    yield store
    await store.close()


@pytest.fixture(params=("file", "redis"))
async def audit(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AuditLog]:
    log: AuditLog = FileAuditLog(tmp_path / "audit.jsonl")
    if request.param == "redis":
        log = RedisAuditLog(emptied(request))
    await log.open()
    yield log
    await log.close()
