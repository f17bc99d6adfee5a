"""Servers for the tests of the whole house: each test runs in every mode, and does not know in which."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.house.kit import MODES, Gate, House, Server


@pytest.fixture(scope="module", params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """How everything is started: the word after `aigc`."""
    started: str = request.param
    return started


@pytest.fixture(scope="module")
def house(mode: str) -> House:
    """Servers of one mode."""
    return partial(Server, mode=mode)


@pytest.fixture(scope="module")
def server(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of a module that leave it whole."""
    with house(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture
def fresh(house: House, tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, to be killed."""
    with house(tmp_path) as running:
        yield running


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """Behind it jobs run until it is opened, at the latest when the test is over."""
    made = Gate(tmp_path)
    yield made
    made.open()
