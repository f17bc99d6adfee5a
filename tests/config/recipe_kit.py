"""A recipe as small as can be that has everything: a wheel, a repository, weights, made in a folder of the test."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import yaml

WEIGHTS = b"weights of a tiny model\n" * 100
PIP = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

MODEL = """
import aigc_tiny_package, tinyrepository
from pathlib import Path
from aigc.runner.model import Output, Result
from aigc.runner.noop import triangle_glb

class Tiny:
    parameters = {"type": "object", "properties": {}}

    def __init__(self, weights=""):
        self.weights = Path(weights)

    def load(self, device):
        assert (self.weights / "tiny" / "tiny.bin").stat().st_size == aigc_tiny_package.BYTES

    def run(self, inputs, params, progress):
        progress(0.5, "sampling", 1, 2, tinyrepository.SAID)
        return Result([Output("tiny.glb", "model", data=triangle_glb(), stats={"triangles": 1})])

    def unload(self):
        pass
"""


def wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> Path:
    """A wheel of pure Python, as a build tool would leave it. No index may have a version with a plus sign."""
    info = f"{name}-{version}.dist-info"
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*contents, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in {**contents, f"{info}/RECORD": record}.items():
            archive.writestr(inner, text)
    return path


def repository(folder: Path, files: dict[str, str]) -> tuple[str, str]:
    """The address and the revision of a repository with these files."""
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    # Its own settings alone: an operator's hooks and signatures are none of this test's business.
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@localhost"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *command], check=True, env=environment)
    done = subprocess.run([*git, "rev-parse", "HEAD"], check=True, env=environment, capture_output=True, text=True)
    return folder.as_uri(), done.stdout.strip()


def tiny(folder: Path, **changes: Any) -> Path:
    """A recipe file, with all that it names beside it. `changes` replace parts of it."""
    wheels = folder / "wheels"
    wheels.mkdir()
    wheel(wheels, "aigc_tiny_package", "1.0+test", {"aigc_tiny_package.py": f"BYTES = {len(WEIGHTS)}\n"})
    address, revision = repository(folder / "repository", {"tinyrepository.py": "SAID = 'hello'\n", "model.py": MODEL})
    (folder / "tiny.bin").write_bytes(WEIGHTS)
    recipe = {
        "title": "Tiny",
        "homepage": "https://example.org/tiny",
        "licence": "MIT",
        "commercial_use": True,
        "ran": "In every test run.",
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "packages": ["aigc-tiny-package==1.0+test"],
        "sources": [{"git": address, "revision": revision, "into": "sources/tiny"}],
        "weights": [
            {
                "url": (folder / "tiny.bin").as_uri(),
                "into": "tiny",
                "files": [{"path": "tiny.bin", "bytes": len(WEIGHTS), "sha256": hashlib.sha256(WEIGHTS).hexdigest()}],
            }
        ],
        "env": {"TINY": "{folder}/x"},
        "disk_gb": 0.01,
        **changes,
    }
    file = folder / "tiny.yaml"
    file.write_text(yaml.safe_dump(recipe))
    return file
