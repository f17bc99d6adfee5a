import tempfile
from collections.abc import Iterator

import pytest
import zmq

from tests.transport.kit import TRANSPORTS, fresh_name
from transport import Address


@pytest.fixture
def context() -> "Iterator[zmq.Context[zmq.Socket[bytes]]]":
    context = zmq.Context()
    yield context
    context.destroy(linger=0)


@pytest.fixture(params=TRANSPORTS)
def address(request: pytest.FixtureRequest) -> Iterator[Address]:
    """A place to bind to, on each transport in turn."""
    yield from _address(request.param)


@pytest.fixture
def inproc() -> Iterator[Address]:
    yield from _address("inproc")


@pytest.fixture
def ipc() -> Iterator[Address]:
    yield from _address("ipc")


@pytest.fixture
def tcp() -> Iterator[Address]:
    yield from _address("tcp")


def _address(transport: str) -> Iterator[Address]:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders can be longer than an ipc path may be
        places = {"inproc": f"inproc://{fresh_name()}", "ipc": f"ipc://{folder}/s", "tcp": "tcp://127.0.0.1:*"}
        yield Address.parse(places[transport])
