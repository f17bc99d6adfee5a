"""Rectified flow from noise to a thing: several jobs in one forward pass, each with noise of its own.

Liu, Gong and Liu, Flow Straight and Fast (ICLR 2023); classifier-free guidance after Ho and Salimans (2022). The noise
of a job comes from its seed alone, drawn on the CPU, so that neither the device nor who else is in the batch
changes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aigc.models.partflow import tokens
from aigc.models.partflow.net import PartFlow

_GRID = 512.0
"""Rows are rounded to this part of one at the end: products of other batch sizes differ in their last bits."""


@dataclass(frozen=True)
class Request:
    """What one job asks of the network.

    Args:
        vector: float32 (384,). words: int64 (prompt.WORDS,).
        spread: 0 takes the likeliest number of primitives, 1 draws it as the training data has it.
    """

    vector: NDArray[np.float32]
    words: NDArray[np.int64]
    seed: int
    steps: int = 32
    guidance: float = 2.0
    spread: float = 0.5


class Sampling:
    """Some jobs on their way from noise to things. Jobs of different numbers of steps may share it."""

    def __init__(self, net: PartFlow, requests: Sequence[Request], device: str) -> None:
        self._net, self._device = net, device
        self.jobs = list(range(len(requests)))
        """Which requests are still worked on, as their places in `requests`."""
        self._requests = list(requests)
        vectors = torch.as_tensor(np.stack([request.vector for request in requests])).to(device)
        words = torch.as_tensor(np.stack([request.words for request in requests])).to(device)
        with torch.inference_mode():
            self._text = net.read(vectors, words)
            logits, metres = net.expect(self._text)
        self.sizes = [float(10**value) for value in metres.float().cpu()]
        """Metres along the longest side that each thing is likely to have."""
        noises = [_Noise(request, line) for request, line in zip(requests, logits.float().cpu(), strict=True)]
        self._count = torch.tensor([noise.count for noise in noises], device=device)
        self._rows = torch.stack([noise.rows for noise in noises]).to(device)
        self._aim = self._rows.clone()
        self._done = [0] * len(requests)

    @property
    def counts(self) -> list[int]:
        """How many primitives each job has."""
        return [int(value) for value in self._count.cpu()]

    def done(self, job: int) -> int:
        """How many steps this job has behind it."""
        return self._done[job]

    def is_over(self, job: int) -> bool:
        """Whether no step is left for it."""
        return self._done[job] >= self._requests[job].steps

    def drop(self, job: int) -> None:
        """Nobody wants it any more: it is not worked on."""
        self.jobs.remove(job)

    @torch.inference_mode()
    def step(self) -> None:
        """One Euler step for every job that is not over."""
        jobs = [job for job in self.jobs if not self.is_over(job)]
        if not jobs:
            return
        index = torch.tensor(jobs, device=self._device)
        length = int(self._count[index].max())
        rows, count = self._rows[index, :length], self._count[index]
        share = [(self._done[job] / self._requests[job].steps, 1 / self._requests[job].steps) for job in jobs]
        time, pace = torch.tensor(share, dtype=torch.float32, device=self._device).unbind(1)
        velocity = self._velocity(rows, time, self._text[index], count, jobs)
        left = (1 - time)[:, None, None]
        self._aim[index, :length] = rows + left * velocity
        self._rows[index, :length] = rows + pace[:, None, None] * velocity
        for job in jobs:
            self._done[job] += 1

    def _velocity(self, rows: Tensor, time: Tensor, text: Tensor, count: Tensor, jobs: list[int]) -> Tensor:
        strength = torch.tensor([self._requests[job].guidance for job in jobs], device=self._device)[:, None, None]
        nothing = self._net.nothing.expand_as(text)
        both = self._net(rows.repeat(2, 1, 1), time.repeat(2), torch.cat([text, nothing]), count.repeat(2))
        told, untold = both.chunk(2)
        return torch.as_tensor(untold + strength * (told - untold))

    def rows(self, job: int) -> tokens.Rows:
        """float32 (count, WIDTH): the thing once the job is over; before that, where it seems to lead."""
        found = (self._rows if self.is_over(job) else self._aim)[job, : int(self._count[job])]
        return np.asarray((found * _GRID).round().cpu().numpy() / _GRID, np.float32)


class _Noise:
    """What a seed decides: how many rows, and where they begin."""

    def __init__(self, request: Request, logits: Tensor) -> None:
        generator = torch.Generator().manual_seed(request.seed)
        draw = torch.rand(1, generator=generator)
        if request.spread > 0:
            chances = torch.softmax(logits / request.spread, dim=0)
            self.count = 1 + int((chances.cumsum(0) < draw).sum().clamp(max=tokens.SLOTS - 1))
        else:
            self.count = 1 + int(logits.argmax())
        self.rows = torch.randn(tokens.SLOTS, tokens.WIDTH, generator=generator)
