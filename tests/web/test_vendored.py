"""What the page ships of others is what it says, with its licence."""

import hashlib
import json
from pathlib import Path

VENDOR = Path(__file__).parents[2] / "web" / "static" / "vendor"


def test_every_vendored_file_is_listed_with_its_checksum_and_has_a_licence() -> None:
    listed = json.loads((VENDOR / "vendored.json").read_text())
    sums = {name: sha for package in listed for name, sha in package["files"].items()}
    found = {
        str(file.relative_to(VENDOR)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDOR.rglob("*")
        if file.is_file() and file.name != "vendored.json"
    }
    assert found == sums
    for package in listed:
        assert package["licence"]
        assert any(name.endswith("LICENSE") for name in package["files"])
