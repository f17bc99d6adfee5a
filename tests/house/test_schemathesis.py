"""What the description allows, and much that it forbids, is sent to a real server: it answers as it says it does."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.house.kit import Server

HERE = Path(__file__).parent
NOOP = {
    "class": "aigc.runner.noop:Noop",
    "parameters": "aigc.runner.noop:Noop",
    "memory_gb": 0.05,
    "load_s": 0.2,
    "run_s": 0.1,
    "licence": "Apache-2.0",
}
CATALOGUE = {
    "text_to_raw_mesh": {"noop": NOOP},
    "image_to_raw_mesh": {"pictured": NOOP},
    "mesh_retopology": {"meshed": NOOP},
}


@pytest.mark.timeout(300)
def test_the_server_does_what_its_description_says(tmp_path: Path) -> None:
    server = Server(tmp_path)
    (tmp_path / "models.yaml").write_text(yaml.safe_dump({"models": CATALOGUE}))
    shutil.copy(HERE / "schemathesis.toml", tmp_path)
    server.start()
    program = Path(sys.executable).with_name("schemathesis")
    try:
        done = subprocess.run(
            [program, "run", f"{server.url}/openapi.json", "--max-examples", "3", "--seed", "3", "--no-color"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert server.client.health()["status"] == "healthy"
    finally:
        server.stop()
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    # A model that fails at mad parameters is a warning with its code; the server itself has nothing to complain of.
    lines = [json.loads(line) for line in (tmp_path / "server.log").read_text().splitlines()]
    assert [line for line in lines if line["level"] in ("error", "critical") or "exception" in line] == []
