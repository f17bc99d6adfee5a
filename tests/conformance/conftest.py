"""One server of each mode for the whole suite: it is started when the first test asks for it."""

from collections.abc import Iterator

import pytest

from tests.conformance.kit import House, Replaced, Wire
from tests.house.kit import MODES


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The server of a mode, running."""
    made: dict[str, Replaced] = {}

    def running(mode: str) -> Replaced:
        if mode not in made:
            made[mode] = Replaced(tmp_path_factory.mktemp(mode), mode)
            made[mode].start()
        return made[mode]

    yield running
    for server in made.values():
        if server.process is not None:
            server.kill()


@pytest.fixture(params=MODES)
def server(request: pytest.FixtureRequest, house: House) -> Replaced:
    """The server of one mode; each test runs in every mode, and does not know in which."""
    return house(request.param)


@pytest.fixture
def wire(server: Replaced) -> Wire:
    """Requests to it."""
    return server.wire
