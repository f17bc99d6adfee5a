"""Memory is learned from real runs of a model that declares a tenth of what it takes, and survives a restart."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.kit import TEST_MODELS, UP, House, Server, mainly

pytestmark = pytest.mark.parametrize("mode", mainly(UP), indirect=True)
"""What is looked at here is the same code in both modes, with more between its parts in this one."""

DECLARED_MIB = 70
EATEN_MIB = 700
"""More than half a gigabyte beyond what is declared, which is what a worker lets pass."""


def models_of(folder: Path) -> dict[str, Any]:
    entry = {
        "class": "eating:Eating",
        "path": [str(TEST_MODELS)],
        "memory_gb": DECLARED_MIB / 1024,
        "init": {"folder": str(folder)},
        "writable": [str(folder)],
    }
    return {"models": {"text_to_raw_mesh": {"eating": entry}}}


def ended(server: Server, **params: Any) -> dict[str, Any]:
    # Perhaps it waits for memory that others on this machine have.
    return server.client.wait(server.submit("eating", **params)["id"], timeout_s=240)


def learned(server: Server) -> dict[str, Any]:
    return dict(server.client.model("eating")["learned"])


def test_a_model_that_declares_too_little_runs_out_of_memory_once_and_never_after_a_restart(
    house: House, tmp_path: Path
) -> None:
    eaten = tmp_path / "eaten"
    eaten.mkdir()
    catalogue = tmp_path / "eating.yaml"
    catalogue.write_text(yaml.safe_dump(models_of(eaten)))
    server = house(tmp_path, settings={"models": {"catalogue": str(catalogue)}, "worker": {"memory_gb": 4}}).start()
    try:
        first = ended(server, mebibytes=EATEN_MIB)
        assert first["status"] == "completed", first["error"]
        assert [story["code"] for story in first["failures"]] == ["out_of_memory"]
        assert first["peak_bytes"] > EATEN_MIB << 20
        (eaten / "100").touch()
        small = ended(server, mebibytes=100)
        assert small["peak_bytes"] < 400 << 20, "what the large run took came back"

        before = learned(server)
        assert len(before["sizes"]) == 2, "each size is learned by itself"
        assert EATEN_MIB << 20 < before["memory_bytes"] < 2 * EATEN_MIB << 20
        server.stop()
        server.start()
        assert learned(server) == before

        again = ended(server, mebibytes=EATEN_MIB)
        assert (again["status"], again["failures"]) == ("completed", [])
    finally:
        server.__exit__()
