from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.house_kit import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    await house.start()
    yield house
    await house.stop()
