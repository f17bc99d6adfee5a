"""Counts the steps of a sampler that was written by somebody else, reports them, and cancels between two of them.

Few of these samplers have a callback. All of them call something once a step: a method (`sample_once`), or a module
(the denoiser). Both can be watched from outside, without a change to their code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aigc.runner.model import Progress

Count = Callable[[int], None]
"""Called before each step with its number, counted from 0; what it raises leaves the sampler."""


class Stages:
    """Progress through stages that take unequally long.

    Args:
        progress: of the run.
        weights: seconds, or any other unit, that each stage takes; only their ratio matters.
    """

    def __init__(self, progress: Progress, **weights: float) -> None:
        self._progress = progress
        total = sum(weights.values())
        self._spans: dict[str, tuple[float, float]] = {}
        start = 0.0
        for name, weight in weights.items():
            self._spans[name] = start / total, weight / total
            start += weight

    def begin(self, name: str, stage: str = "", message: str = "") -> None:
        """The stage of that name begins. `stage`: what clients are told, if it has another name.

        Raises:
            Cancelled: nobody wants the result any more.
        """
        self._progress(self._spans[name][0], stage or name, message=message)

    def counter(self, name: str, steps: int, stage: str = "", message: str = "") -> Count:
        """Reports steps of the stage of that name; what there are more than `steps` are reported as the last one.

        The count raises Cancelled when nobody wants the result any more.
        """
        start, share = self._spans[name]

        def count(step: int) -> None:
            done = min(step, steps)
            self._progress(start + share * done / max(steps, 1), stage or name, done, steps, message)

        return count


@contextmanager
def counted_calls(owner: Any, name: str, count: Count) -> Iterator[None]:
    """While this lasts, `count` hears of each call of the method `owner.name` before it happens.

    For samplers that run their network twice a step, or once outside an interval of guidance: their networks' calls
    are no count of steps.
    """
    inner = getattr(owner, name)
    had_own = name in vars(owner)
    calls = 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        count(calls)
        calls += 1
        return inner(*args, **kwargs)

    setattr(owner, name, counted)
    try:
        yield
    finally:
        if had_own:
            setattr(owner, name, inner)
        else:
            delattr(owner, name)


@contextmanager
def counted_forwards(module: Any, count: Count) -> Iterator[None]:
    """While this lasts, `count` hears of each forward pass of a torch module before it happens."""
    calls = 0

    def before(*_: Any) -> None:
        nonlocal calls
        count(calls)
        calls += 1

    handle = module.register_forward_pre_hook(before)
    try:
        yield
    finally:
        handle.remove()
