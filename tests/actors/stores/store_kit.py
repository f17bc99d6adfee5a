"""What the tests of the stores share: records, and a small disk that fills up."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aigc.core.job import Job
from aigc.core.lifecycle import begin

BOUND = 1_000_000


def job(**fields: Any) -> Job:
    """A new record."""
    defaults: dict[str, Any] = {"feature": "text_to_mesh", "model": "shapes", "created_at": 1_800_000_000.0}
    return begin(Job(id=str(uuid.uuid4()), **(defaults | fields)))


@contextmanager
def small_disk(folder: Path, size: str, options: str = "") -> Iterator[Path]:
    """A file system of its own in that folder, so small that it fills up. Needs the right to mount."""
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("NOT TESTED: a full disk needs a small file system, and only root may mount one")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}{options}", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if made.returncode != 0:
        pytest.skip(f"NOT TESTED: a full disk needs a small file system, and it could not be mounted: {made.stderr}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    """The file system that `small_disk` made is mounted otherwise: `ro`, `rw`."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """The disk is full to the last byte; remove the returned file to make room."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler
