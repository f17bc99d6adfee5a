"""Train the network: `python -m aigc.models.partflow.train --folder DIR --minutes 60`.

Everything lies in the folder: the examples, made by the grammar until there are enough, and checkpoints. Started again
with the same folder it goes on from the last checkpoint; at the end `part-flow.safetensors` lies there as well.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import math
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from aigc.models.partflow import tokens
from aigc.models.partflow.data import Data, batches, make_shard, read_shards
from aigc.models.partflow.net import PartFlow, Size, save
from aigc.models.partflow.prompt import PromptReader

WEIGHTS = "part-flow.safetensors"
_CHECKPOINT = "checkpoint.safetensors"
_CHUNKS = 4
_BETWEEN_CHECKPOINTS = 200
_DROP, _DROP_WORDS = 0.1, 0.15
_EMA = 0.995


@dataclass(frozen=True)
class Plan:
    """How to train.

    Args:
        steps: of all runs together, for the learning rate. batch: sets a step. rate: the greatest learning rate.
        shards: files of 500 examples to make. threads: of the CPU.
    """

    steps: int = 3000
    batch: int = 96
    rate: float = 2e-3
    warmup: int = 60
    seed: int = 0
    shards: int = 40
    threads: int = 2
    device: str = "cpu"


class Trainer:
    """A network, its averaged copy and its optimisers, somewhere on the way."""

    def __init__(self, plan: Plan, size: Size | None = None) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.net = PartFlow(size).to(plan.device)
        self.average = copy.deepcopy(self.net).requires_grad_(False).eval()
        inside = [p for name, p in self.net.named_parameters() if name.startswith("blocks.") and p.ndim == 2]
        outside = [p for name, p in self.net.named_parameters() if not (name.startswith("blocks.") and p.ndim == 2)]
        self.optimisers: list[Any] = [
            torch.optim.Muon(inside, lr=plan.rate, weight_decay=0.02, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(outside, lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.01),
        ]
        # One thread a chunk instead of several in each product: on a busy machine those wait for each other.
        self._pool = ThreadPoolExecutor(plan.threads)
        self.step = 0
        self.time_share = 0.0
        """How much of the time is over; the learning rate follows it if there is less time than steps."""
        self.loss = math.nan
        weight = torch.ones(tokens.WIDTH)
        weight[:15] = 2.0  # where and how large, before of what
        self._weight = (weight / weight.mean()).to(plan.device)

    def rate(self) -> float:
        """The learning rate of the next step: up in a line, down along a cosine."""
        if self.step < self.plan.warmup:
            return self.plan.rate * (self.step + 1) / self.plan.warmup
        done = (self.step - self.plan.warmup) / max(1, self.plan.steps - self.plan.warmup)
        share = min(1.0, max(done, self.time_share))
        return self.plan.rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))

    def train(self, data: Data, chosen: Any) -> float:
        """One step on these examples; returns its loss. Sets of like count share a chunk, so that little is padding."""
        self.net.train()
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.rate()
            optimiser.zero_grad(set_to_none=True)
        chosen = chosen[data.count[chosen].argsort(kind="stable")]
        rows_in_all = int(data.count[chosen].sum())

        def learn(chunk: Tensor, seed: int) -> float:
            flow, guess = self.losses(data, chunk, torch.Generator().manual_seed(seed))
            loss = flow / rows_in_all + 0.05 * guess / len(chosen)
            loss.backward()  # type: ignore[no-untyped-call]
            return float(flow.detach()) / rows_in_all

        chunks = torch.as_tensor(chosen).chunk(_CHUNKS)
        seeds = [(self.plan.seed * 1_000_003 + self.step) * _CHUNKS + number for number in range(len(chunks))]
        total = sum(self._pool.map(learn, reversed(chunks), seeds))
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        decay = min(_EMA, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.net.parameters()), 1 - decay)
        self.loss = total if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * total
        return total

    def losses(self, data: Data, chosen: Tensor, noise: torch.Generator, drop: bool = True) -> tuple[Tensor, Tensor]:
        """Summed over the examples: the squared error of the velocity, and of count and size as guessed."""
        device, index = self.plan.device, chosen.numpy()
        count = torch.as_tensor(data.count[index])
        length = int(count.max())
        target = torch.as_tensor(data.rows[index, :length]).float()
        start = torch.randn(target.shape, generator=noise)
        when = torch.sigmoid(torch.randn(len(index), generator=noise))
        words = torch.as_tensor(data.words[index]).long()
        mute, unworded = (torch.rand(len(index), generator=noise) < share for share in (_DROP, _DROP_WORDS))
        words[unworded & torch.tensor(drop)] = 0
        vector, size = torch.as_tensor(data.vectors[index]).float(), torch.as_tensor(data.size[index])
        count, target, start, when, words, vector, size, mute = (
            value.to(device) for value in (count, target, start, when, words, vector, size, mute & torch.tensor(drop))
        )
        text = self.net.read(vector, words)
        logits, metres = self.net.expect(text)
        guess = F.cross_entropy(logits, count - 1, reduction="sum") + F.mse_loss(metres, size, reduction="sum")
        text = torch.where(mute[:, None], self.net.nothing, text)
        between = start + when[:, None, None] * (target - start)
        error = self.net(between, when, text, count) - (target - start)
        valid = (torch.arange(length, device=device) < count[:, None])[..., None]
        return (error.square() * self._weight * valid).sum() / tokens.WIDTH, guess

    def save(self, folder: Path) -> None:
        """The checkpoint in the folder is that of now."""
        state = {f"net.{name}": value for name, value in self.net.state_dict().items()}
        state |= {f"average.{name}": value for name, value in self.average.state_dict().items()}
        for which, optimiser in enumerate(self.optimisers):
            for number, values in optimiser.state_dict()["state"].items():
                state |= {f"optimiser.{which}.{number}.{key}": torch.as_tensor(value) for key, value in values.items()}
        unfinished = folder / f"{_CHECKPOINT}.part"
        contiguous = {name: value.detach().cpu().clone().contiguous() for name, value in state.items()}
        contiguous["step"], contiguous["loss"] = torch.tensor(self.step), torch.tensor(self.loss)
        save_file(contiguous, unfinished)
        os.replace(unfinished, folder / _CHECKPOINT)

    def resume(self, folder: Path) -> bool:
        """Whether there was a checkpoint in the folder, which is taken up then."""
        path = folder / _CHECKPOINT
        if not path.exists():
            return False
        stored = load_file(path)
        self.step, self.loss = int(stored.pop("step")), float(stored.pop("loss"))
        self.net.load_state_dict(_under(stored, "net."))
        self.average.load_state_dict(_under(stored, "average."))
        for which, optimiser in enumerate(self.optimisers):
            state: dict[int, dict[str, Tensor]] = {}
            for name, value in _under(stored, f"optimiser.{which}.").items():
                number, key = name.split(".", 1)
                state.setdefault(int(number), {})[key] = value
            optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
        return True


def _under(stored: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in stored.items() if name.startswith(prefix)}


def main(arguments: list[str] | None = None) -> None:
    """Train until the plan is done or the time is up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    for name in ("steps", "batch", "shards", "threads"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Plan, name))
    parser.add_argument("--rate", type=float, default=Plan.rate)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    asked = parser.parse_args(arguments)
    plan = Plan(asked.steps, asked.batch, asked.rate, shards=asked.shards, threads=asked.threads, device=asked.device)
    torch.set_num_threads(1)
    asked.folder.mkdir(parents=True, exist_ok=True)
    reader = PromptReader()
    for number in range(plan.shards):
        make_shard(asked.folder, plan.seed, number, reader)
    _train(plan, asked.folder, asked.minutes * 60)


def _train(plan: Plan, folder: Path, seconds: float) -> None:
    trainer = Trainer(plan)
    trainer.resume(folder)
    print(f"{sum(p.numel() for p in trainer.net.parameters()):,} weights, from step {trainer.step}", flush=True)
    begins = time.monotonic()
    ends = begins + seconds
    while trainer.step < plan.steps and time.monotonic() < ends:
        # Read anew now and then: another process may be making more.
        data = read_shards(folder)
        for chosen in itertools.islice(batches(data, plan.batch, plan.seed, trainer.step), _BETWEEN_CHECKPOINTS):
            if trainer.step >= plan.steps or time.monotonic() > ends:
                break
            trainer.time_share = (time.monotonic() - begins) / seconds
            trainer.train(data, chosen)
            if trainer.step % 25 == 0:
                now = time.strftime("%H:%M:%S")
                print(f"{now} step {trainer.step} loss {trainer.loss:.4f} of {len(data.count)} examples", flush=True)
        trainer.save(folder)
    said = len(set(data.texts))
    facts = {"steps": trainer.step, "loss": round(trainer.loss, 5), "captions": said, "data": data.digest}
    save(trainer.average, folder / WEIGHTS, facts)


if __name__ == "__main__":
    main(sys.argv[1:])
