"""The network: a transformer over the rows of a set, told by a prompt where the flow shall go.

Peebles and Xie, Scalable Diffusion Models with Transformers (ICCV 2023): blocks whose layer norms are scaled, shifted
and gated by what the set is conditioned on. The rows keep the order in which the grammar makes parts, so that a row's
place says something; how many rows there are is told beforehand, drawn from what the same prompt makes likely.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from aigc.models.partflow import prompt, tokens


@dataclass(frozen=True)
class Size:
    """How large the network is."""

    width: int = 128
    layers: int = 6
    heads: int = 4


class PartFlow(nn.Module):
    """Velocity of the flow at rows between noise (time 0) and a thing (time 1)."""

    def __init__(self, size: Size | None = None) -> None:
        super().__init__()
        self.size = size or Size()
        width = self.size.width
        self.enter = nn.Linear(tokens.WIDTH, width)
        self.place = nn.Parameter(torch.randn(tokens.SLOTS, width) * 0.02)
        self.time = nn.Sequential(nn.Linear(2 * _WAVES, width), nn.SiLU(), nn.Linear(width, width))
        self.count = nn.Embedding(tokens.SLOTS + 1, width)
        self.vector = nn.Linear(prompt.VECTOR, width)
        self.words = nn.EmbeddingBag(prompt.BUCKETS, width, mode="sum", padding_idx=0)
        nn.init.normal_(self.words.weight, std=0.3)
        self.nothing = nn.Parameter(torch.zeros(width))
        self.mix = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
        self.guess = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, tokens.SLOTS + 1))
        self.blocks = nn.ModuleList(_Block(width, self.size.heads) for _ in range(self.size.layers))
        self.last = nn.LayerNorm(width, elementwise_affine=False)
        self.shift = nn.Linear(width, 2 * width)
        self.leave = nn.Linear(width, tokens.WIDTH)
        for layer in (self.shift, self.leave):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def read(self, vector: Tensor, words: Tensor) -> Tensor:
        """(b, width): the prompt, from its vector (b, 384) and the numbers of its words (b, WORDS)."""
        gathered = self.vector(vector) + self.words(words)
        return torch.as_tensor(gathered + self.mix(gathered))

    def expect(self, text: Tensor) -> tuple[Tensor, Tensor]:
        """Of a read prompt (b, width): logits (b, SLOTS) of 1, 2, ... rows, and log10 of metres (b,)."""
        guessed = self.guess(text)
        return guessed[:, :-1], guessed[:, -1]

    def forward(self, rows: Tensor, time: Tensor, text: Tensor, count: Tensor) -> Tensor:
        """Velocity (b, n, WIDTH) of rows (b, n, WIDTH) at times (b,), for read prompts (b, width) and counts (b,).

        Rows beyond a set's count are not looked at, and what comes out there means nothing.
        """
        told = F.silu(self.time(_waves(time)) + self.count(count) + text)
        length = rows.shape[1]
        hidden = self.enter(rows) + self.place[:length]
        mask = None
        if bool((count < length).any()):
            mask = (torch.arange(length, device=rows.device) < count[:, None])[:, None, None, :]
        for block in self.blocks:
            hidden = block(hidden, told, mask)
        scale, shift = self.shift(told)[:, None].chunk(2, dim=-1)
        return torch.as_tensor(self.leave(self.last(hidden) * (1 + scale) + shift))


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width, elementwise_affine=False)
        self.before_dense = nn.LayerNorm(width, elementwise_affine=False)
        self.attend = nn.Linear(width, 3 * width)
        self.gather = nn.Linear(width, width)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.modulate = nn.Linear(width, 6 * width)
        nn.init.zeros_(self.modulate.weight)
        nn.init.zeros_(self.modulate.bias)

    def forward(self, hidden: Tensor, told: Tensor, mask: Tensor | None) -> Tensor:
        a, b, c, d, e, f = self.modulate(told)[:, None].chunk(6, dim=-1)
        batch, length, width = hidden.shape
        inner = self.before_attention(hidden) * (1 + a) + b
        parts = self.attend(inner).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(parts[0], parts[1], parts[2], attn_mask=mask)
        hidden = hidden + c * self.gather(seen.transpose(1, 2).reshape(batch, length, width))
        inner = self.before_dense(hidden) * (1 + d) + e
        return torch.as_tensor(hidden + f * self.narrow(F.gelu(self.widen(inner), approximate="tanh")))


_WAVES = 32


def _waves(time: Tensor) -> Tensor:
    """Times (b,) as sines and cosines of many frequencies."""
    rates = torch.exp(torch.linspace(0.0, 6.0, _WAVES, device=time.device))
    angle = time[:, None] * rates
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def save(net: PartFlow, path: Path, facts: Mapping[str, object]) -> None:
    """The weights in half precision, with the network's size and these facts about how they came to be."""
    weights = {name: value.detach().to("cpu", torch.float16).contiguous() for name, value in net.state_dict().items()}
    save_file(weights, path, metadata={"size": json.dumps(asdict(net.size)), "facts": json.dumps(dict(facts))})


def load(path: Path, device: str) -> tuple[PartFlow, dict[str, object]]:
    """The network on the device, ready to sample, and the facts about its training."""
    with safe_open(path, framework="pt", device="cpu") as file:
        metadata = file.metadata()
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - no mapping
    net = PartFlow(Size(**json.loads(metadata["size"])))
    net.load_state_dict(weights)
    return net.to(device).eval().requires_grad_(False), json.loads(metadata["facts"])
