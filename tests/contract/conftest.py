"""The implementations that the contract suites are run against. A new store is one more entry here."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from actors.stores.directory import DirectoryAssetStore, DirectorySettings
from actors.stores.sqlite import SqliteJobStore
from aigc.core.ports import AssetStore, JobStore

JOB_STORES: dict[str, Callable[[Path], JobStore]] = {
    "sqlite": lambda folder: SqliteJobStore(folder / "jobs.db"),
}
ASSET_STORES: dict[str, Callable[[Path], AssetStore]] = {
    "directory": lambda folder: DirectoryAssetStore(folder / "assets", DirectorySettings(min_free_bytes=0)),
}


@pytest.fixture(params=JOB_STORES)
def another_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], JobStore]:
    """Makes a store that is not open yet; all that it makes stand on the same data."""
    return lambda: JOB_STORES[request.param](tmp_path)


@pytest.fixture
async def store(another_store: Callable[[], JobStore]) -> AsyncIterator[JobStore]:
    store = another_store()
    await store.open()
    yield store
    await store.close()


@pytest.fixture(params=ASSET_STORES)
def another_assets(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], AssetStore]:
    """Makes a store that is not open yet; all that it makes stand on the same data."""
    return lambda: ASSET_STORES[request.param](tmp_path)


@pytest.fixture
async def assets(another_assets: Callable[[], AssetStore]) -> AsyncIterator[AssetStore]:
    assets = another_assets()
    await assets.open()
    yield assets
    await assets.close()
