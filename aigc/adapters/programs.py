"""Programs of a foreign repository, run by the model's own interpreter and watched: some models are no library."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

TICK_S = 0.2
_TAIL = 20


class ProgramFailed(RuntimeError):
    """A program ended badly; the text has its last lines."""


def run_watched(
    arguments: Sequence[str], folder: Path, tick: Callable[[], None], environment: Mapping[str, str] | None = None
) -> None:
    """`python *arguments` has run in `folder`, its output in the log.

    Args:
        tick: called five times a second; what it raises (Cancelled) ends the program first.
    Raises:
        ProgramFailed: it ended with another status than 0.
    """
    kept = folder / f".{Path(arguments[0]).stem or 'program'}.log"
    with kept.open("wb") as log:
        program = subprocess.Popen(  # noqa: S603 - of the repository that the recipe pins
            [sys.executable, *arguments],
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
        try:
            while True:
                tick()
                try:
                    status = program.wait(TICK_S)
                    break
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if program.poll() is None:
                program.kill()
                program.wait()
    said = kept.read_text(encoding="utf-8", errors="replace")
    print(said, flush=True)  # noqa: T201 - a model's output is its log
    if status:
        tail = "\n".join(said.strip().splitlines()[-_TAIL:])
        raise ProgramFailed(f"{' '.join(arguments[:2])} ended with {status}:\n{tail}")


def workplace(folder: Path, repository: Path, **links: Path) -> Path:
    """A folder in which programs of the repository find all that they look for beside them, and may write.

    Args:
        links: what else shall lie there under that name.
    """
    folder.mkdir()
    for entry in repository.iterdir():
        if entry.name not in links and not entry.name.startswith("."):
            (folder / entry.name).symlink_to(entry)
    for name, target in links.items():
        (folder / name).symlink_to(target)
    return folder
