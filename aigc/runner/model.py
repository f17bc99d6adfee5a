"""What a model is to a runner: the class to write, what it is handed and what it gives back.

Only the standard library is imported, so that a model can be written against it in any interpreter from Python 3.10 on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class Cancelled(Exception):
    """The job was cancelled; a model lets it pass through."""


class InputInvalid(Exception):
    """The input cannot give a result, on this try or any other; it is never retried.

    Args:
        message: what is wrong, where.
        suggestion: what to do instead.
    """

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion


class Progress(Protocol):
    """How a model speaks while it works."""

    folder: Path  # this attempt's scratch folder, the only place to write to

    def __call__(
        self,
        fraction: float,
        stage: str,
        step: int = 0,
        steps: int = 0,
        message: str = "",
        preview: bytes | None = None,
    ) -> None:
        """Report `fraction` (0 to 1) of the work done; call it at least twice a second of work.

        Raises:
            Cancelled: the job was cancelled meanwhile.
        """

    def warn(self, message: str) -> None:
        """Put a sentence into the job's warnings."""


@dataclass
class Output:
    """One file of a result: exactly one of `data` and `path` is set.

    `role` is one of "model" (exactly one, the main file), "thumbnail", "preview", "texture", "part", "input".
    """

    name: str
    role: str
    data: bytes | None = None
    path: Path | None = None
    stats: dict[str, float | int | str | bool] = field(default_factory=dict)


@dataclass
class Result:
    """What a run made: its files, and facts about how."""

    outputs: list[Output]
    info: dict[str, Any] = field(default_factory=dict)


class Model(Protocol):
    """A model as the runner sees it. One instance lives in one process on one device."""

    def load(self, device: str) -> None:
        """Be ready to run on `device`: "cpu" or "cuda:0"."""

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """Make a result. `inputs` holds paths ("image", "mesh") or the prompt itself ("text")."""

    def unload(self) -> None:
        """Give memory back; the process ends soon after."""
