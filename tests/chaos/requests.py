"""What clients ask for in a run, from a seed, each request with the fate that it was made for. Pure."""

from random import Random
from typing import Any

from msgspec import Struct

TEXT, IMAGE = "text_to_raw_mesh", "image_to_raw_mesh"

FATES: tuple[tuple[str, int], ...] = (
    ("fine", 76),
    ("unwanted", 12),
    ("bad input", 4),
    ("deadly", 3),
    ("hungry", 2),
    ("blocked", 3),
)
"""How many of a hundred; see `checker.ENDS`."""

SECOND_ASK, UPLOAD = 0.1, 0.05
"""Shares of requests that are sent twice at once, and that bring a file."""


class Request(Struct, frozen=True, kw_only=True):
    """One job that a client wants."""

    at: float
    """When, in seconds since the load began."""
    key: str
    fate: str
    model: str
    feature: str = TEXT
    params: dict[str, Any] = {}
    priority: int = 5
    is_sent_twice: bool = False
    cancel_after_s: float | None = None
    """The client changes its mind so long after it was told that the job is accepted."""


def requests(seed: int, count: int, for_s: float) -> list[Request]:
    """So many, at random moments of that time."""
    dice = Random(f"requests {seed}")
    moments = sorted(dice.uniform(0.0, for_s) for _ in range(count))
    return [_request(dice, f"{seed}-{number}", at) for number, at in enumerate(moments)]


def _request(dice: Random, key: str, at: float) -> Request:
    fate = dice.choices([name for name, _ in FATES], [share for _, share in FATES])[0]
    model, params, cancel_after_s = _work(dice, fate)
    is_upload = fate == "fine" and dice.random() < UPLOAD
    return Request(
        at=at,
        key=key,
        fate=fate,
        model="pictured" if is_upload else model,
        feature=IMAGE if is_upload else TEXT,
        params=params,
        priority=dice.choice((5, 5, 5, 1, 9)),
        is_sent_twice=dice.random() < SECOND_ASK,
        cancel_after_s=cancel_after_s,
    )


def _work(dice: Random, fate: str) -> tuple[str, dict[str, Any], float | None]:
    """The model, its parameters, and when the client wants no more of it."""
    if fate == "unwanted":
        # While it waits, when it is just begun, in the middle, at the end.
        return "noop", {"sleep_s": dice.choice((0.0, 0.5, 1.0)), "steps": 20}, dice.choice((0.0, 0.02, 0.3, 1.0))
    if fate == "bad input":
        return "raising", {"at": dice.randrange(3), "error": "input"}, None
    if fate == "deadly":
        return "dying", {"way": dice.choice(("kill", "segfault", "exit0"))}, None
    if fate == "hungry":
        return "raising", {"at": dice.randrange(3), "error": "cuda_memory"}, None
    if fate == "blocked":
        return "hanging", {"way": dice.choice(("python", "native", "steps"))}, dice.uniform(0.2, 1.0)
    model = dice.choice(("noop", "noop", "noop", "other"))
    long = dice.random() < 0.1
    return model, {"sleep_s": dice.uniform(0.2, 1.5), "steps": 20} if long else {"sleep_s": dice.uniform(0, 0.03)}, None
