"""The job itself, as every peer runs it: nothing, or one small file that survives a power cut, as our results do."""

import os
import uuid
from pathlib import Path

REDIS = os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/0")
PORT = int(os.environ.get("BENCH_PORT", "0"))
FOLDER = os.environ.get("BENCH_FOLDER", "")
"""Where results are written; empty: the job only returns a value."""

CONTENT = bytes(424)
"""As long as the one triangle that our model writes."""


def work(text: str) -> dict[str, str]:
    """What a client may read as the job's result."""
    if not FOLDER:
        return {"said": text}
    name = f"{uuid.uuid4()}.glb"
    _write_durably(Path(FOLDER), name)
    return {"said": text, "file": name}


def _write_durably(folder: Path, name: str) -> None:
    """A whole file under its name: written aside, synced, renamed, and the folder synced."""
    aside = folder / f".{name}"
    with aside.open("xb") as file:
        file.write(CONTENT)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(folder / name)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
