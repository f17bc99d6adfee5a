import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tests.web.house_kit import House


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, Callable[[], Any]]:
    """Streams are written straight to the transports, so they are tested on the loop that the server runs on."""
    return {"loop": uvloop.new_event_loop if item.path.name == "test_events.py" else asyncio.new_event_loop}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path).running() as house:
        yield house
