"""Servers for the tests of the whole house."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.kit import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of a module that leave it whole."""
    with Server(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, to be killed."""
    with Server(tmp_path) as running:
        yield running
