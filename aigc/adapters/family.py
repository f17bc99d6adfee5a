"""What the adapters share: seeds, which pipeline is on the GPU, missing packages told in words."""

from __future__ import annotations

import gc
import importlib
import os
import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aigc.runner.model import Output, Progress, Result

SEEDS = 2**31


class Family:
    """One loaded family, which serves all of its models: `progress.model` says which one was asked for.

    A family of several pipelines holds all of them in main memory and the one that works on the GPU, since together
    they need more than any of them was measured with.

    Args:
        weights: the folder into which its recipe fetched them.
    """

    def __init__(self, weights: str = "") -> None:
        self.weights = Path(weights)
        self.device = "cpu"
        self._pipelines: dict[str, Any] = {}
        self._active = ""

    def load(self, device: str) -> None:
        """Its pipelines are in memory, the first of them on the device."""
        self.device = device
        with standing_in(self.weights):
            self.load_pipelines()
        for name, pipeline in self._pipelines.items():
            self.move(name, pipeline, "cpu")  # some loaders leave a part on the GPU
        for name in list(self._pipelines)[:1]:
            self.use(name)

    def load_pipelines(self) -> None:
        """Import what is heavy and `hold` each pipeline; of the families."""
        raise NotImplementedError

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """Make a result; of the families."""
        raise NotImplementedError

    def unload(self) -> None:
        """Pipelines are let go; the end of the process gives back the rest."""
        self._pipelines.clear()
        self._active = ""
        gc.collect()

    def hold(self, name: str, pipeline: Any) -> None:
        """Keep a pipeline; it has `to(device)`."""
        self._pipelines[name] = pipeline

    def use(self, name: str) -> Any:
        """The pipeline of that name, on the device; the one that was there is in main memory."""
        if name != self._active:
            self.rest()
            self.move(name, self._pipelines[name], self.device)
            self._active = name
        return self._pipelines[name]

    def rest(self) -> None:
        """No pipeline is on the device: before one is loaded that its authors load straight to it."""
        if self._active:
            self.move(self._active, self._pipelines[self._active], "cpu")
            self._active = ""
            empty_cache()

    def move(self, name: str, pipeline: Any, device: str) -> None:
        """The pipeline is on the device; families whose pipelines want more than `to` say how."""
        pipeline.to(device)


@contextmanager
def standing_in(folder: Path) -> Iterator[None]:
    """While this lasts, a hub's `owner/name` is the folder of that name in `folder`.

    Whatever loads weights by such a name looks for a folder of it first, so nothing is asked for.
    """
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def required(name: str, of: str) -> Any:
    """The module of that name.

    Raises:
        ImportError: it is not there, or what it needs is not; says which recipe brings it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"{error}; its environment is incomplete: aigc models install {of}") from error


def found(folder: Path, name: str, of: str) -> str:
    """The path of weights in `folder`.

    Raises:
        FileNotFoundError: they are not there; says how to get them.
    """
    path = folder / name
    if not path.exists():
        raise FileNotFoundError(f"the weights {name} are not in {folder}: aigc models install {of}")
    return str(path)


def chosen_seed(params: dict[str, Any]) -> int:
    """The seed that was asked for, or a random one where none was; put it into the result's info."""
    seed = params.get("seed")
    return secrets.randbelow(SEEDS) if seed is None else int(seed)


def seed_everything(seed: int) -> None:
    """Random numbers of Python, numpy and torch start at `seed`."""
    random.seed(seed)
    importlib.import_module("numpy").random.seed(seed % 2**32)
    importlib.import_module("torch").manual_seed(seed)


def empty_cache() -> None:
    """What torch keeps in reserve on the GPU is given back."""
    torch = importlib.import_module("torch")
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def made(outputs: list[Output], seed: int | None, **info: Any) -> Result:
    """A result that says which seed it is of."""
    return Result(outputs, {**({} if seed is None else {"seed": seed}), **info})
