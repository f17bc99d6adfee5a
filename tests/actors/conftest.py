from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.actors.keeping_kit import KeepingStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[KeepingStore]:
    store = KeepingStore(tmp_path / "jobs.db")
    await store.open()
    yield store
    await store.close()
