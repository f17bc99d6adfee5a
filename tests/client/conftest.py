"""One server for all tests of the client, with models that do as they are told."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.house.kit import SERVE, TEST_MODELS, Server


def catalogue() -> dict[str, Any]:
    """The no-op model under some features, once with the parameters of models that do something."""
    noop = {"class": "aigc.runner.noop:Noop", "parameters": "aigc.runner.noop:Noop", "memory_gb": 0.05}
    seed = {
        "type": "integer",
        "minimum": 0,
        "maximum": 99,
        "default": 42,
        "description": "Start of the random numbers.",
    }
    properties = {
        "seed": seed,
        "poly_type": {"enum": ["tri", "quad"], "type": "string", "default": "tri"},
        "tidy": {"type": "boolean", "default": True},
        "center": {"anyOf": [{"type": "array"}, {"type": "null"}], "default": None},
        "ratio": {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}], "default": None},
        "model": {"type": "string", "default": "", "description": "Its name is one of the command's own."},
    }
    real = {**noop, "parameters": {"type": "object", "additionalProperties": False, "properties": properties}}
    raising = {
        **noop, "class": "raising:Raising", "path": [str(TEST_MODELS)],
        "parameters": {"type": "object", "additionalProperties": True, "properties": {}},
    }  # fmt: skip
    stepping = {**raising, "class": "stepping:Stepping"}
    return {
        "models": {
            "text_to_raw_mesh": {"noop": noop, "raising": raising, "stepping": stepping},
            "text_to_textured_mesh": {"shape-grammar": real},
            "image_to_raw_mesh": {"noop-image": noop},
            "image_to_textured_mesh": {"noop-picture": real},
            "mesh_retopology": {"noop-mesh": real},
            "text_mesh_painting": {"noop-paint": real},
            "auto_rig": {"noop-rig": real},
        }
    }


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("client")
    with Server(folder, mode=SERVE, catalogue=catalogue()) as running:
        yield running
