"""The official glTF validator, for tests: `npm ci` in this folder installs it."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
_ERROR, _WARNING = 0, 1


def gltf_issues(*files: bytes) -> list[str]:
    """Every error and warning that the Khronos validator has for these GLB files; hints and infos are left out."""
    assert (HERE / "node_modules" / "gltf-validator").is_dir(), "run `npm ci` in tests/ to install the glTF validator"
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, data in enumerate(files):
            path = Path(folder) / f"{number}.glb"
            path.write_bytes(data)
            paths.append(str(path))
        done = subprocess.run(
            ["node", str(HERE / "validate_gltf.js"), *paths], capture_output=True, check=True, timeout=60
        )
    return [
        f"{message['code']} at {message.get('pointer', '')}: {message['message']}"
        for report in json.loads(done.stdout)
        for message in report["messages"]
        if message["severity"] in (_ERROR, _WARNING)
    ]
