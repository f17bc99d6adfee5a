import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names of what was made durable; what is called `bad` cannot be."""
    names: list[str] = []
    fsync = os.fsync

    def told(descriptor: int) -> None:
        name = Path(os.readlink(f"/proc/self/fd/{descriptor}")).name
        if name == "bad":
            raise OSError("bad disk")
        fsync(descriptor)
        names.append(name)

    monkeypatch.setattr(os, "fsync", told)
    yield names
