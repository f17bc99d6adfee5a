import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tests.web.house_kit import House


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, Callable[[], Any]]:
    """Streams are written straight to the transports, and a drain depends on what a loop does with a connection that it
    has just accepted, so they are tested on the loop that the server runs on."""
    on_ours = item.path.name in ("test_events.py", "test_server.py")
    return {"loop": uvloop.new_event_loop if on_ours else asyncio.new_event_loop}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path).running() as house:
        yield house
