"""One server for all tests of the client, with models that do as they are told."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.house.kit import SERVE, TEST_MODELS, Server


def catalogue() -> dict[str, Any]:
    """The no-op model under three features, and one that writes to its log and fails."""
    noop = {"class": "aigc.runner.noop:Noop", "parameters": "aigc.runner.noop:Noop", "memory_gb": 0.05}
    raising = {
        "class": "raising:Raising", "path": [str(TEST_MODELS)], "memory_gb": 0.05,
        "parameters": {"type": "object", "additionalProperties": True, "properties": {}},
    }  # fmt: skip
    return {
        "models": {
            "text_to_raw_mesh": {"noop": noop, "raising": raising},
            "image_to_raw_mesh": {"noop-image": noop},
            "mesh_retopology": {"noop-mesh": noop},
        }
    }


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("client")
    with Server(folder, mode=SERVE, catalogue=catalogue()) as running:
        yield running
