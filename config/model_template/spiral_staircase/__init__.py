"""A model that lives outside the server: a spiral staircase."""

import math
import random
from typing import Any

from aigc.runner.glb import mesh_glb
from aigc.runner.model import InputInvalid, Output, Progress, Result


class SpiralStaircase:
    """Serves the feature text_to_raw_mesh."""

    # What a request may set, as JSON Schema; a pydantic model class does as well.
    # "work_power": memory and time are learned by size, and this one makes the work grow with its first power.
    parameters = {  # noqa: RUF012
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "seed": {"type": "integer", "minimum": 0, "default": 42, "description": "Start of the random numbers."},
            "radius": {"type": "number", "minimum": 0.2, "maximum": 5.0, "default": 1.0, "description": "In metres."},
            "turns": {"type": "integer", "minimum": 1, "maximum": 50, "default": 1, "work_power": 1},
        },
    }

    def load(self, device: str) -> None:
        """Import what is heavy and read the weights here, onto `device`: "cpu" or "cuda:0"."""

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """One box for each step, turned and raised a little against the one before."""
        steps = params["turns"] * _steps_of_a_turn(inputs)
        dice = random.Random(params["seed"])  # noqa: S311 - equal seeds, equal stairs
        points: list[tuple[float, float, float]] = []
        triangles: list[tuple[int, int, int]] = []
        for step in range(steps):
            # Tells how far it is, and raises here if the job was cancelled. Call it twice a second or more often.
            progress(step / steps, "sampling", step + 1, steps)
            _add_step(points, triangles, step, params["radius"], 0.15 + 0.05 * dice.random())
        progress(1.0, "exporting")
        stats: dict[str, Any] = {"triangles": len(triangles)}
        return Result([Output("mesh.glb", "model", data=mesh_glb(points, triangles), stats=stats)])

    def unload(self) -> None:
        """The process ends after this, and its memory returns; there is rarely anything to do."""


def _steps_of_a_turn(inputs: dict[str, str]) -> int:
    """One for each letter of the text."""
    letters = sum(not letter.isspace() for letter in inputs["text"])
    if not letters:
        raise InputInvalid("the text has no letters", "write a few words")
    return letters


def _add_step(
    points: list[tuple[float, float, float]],
    triangles: list[tuple[int, int, int]],
    step: int,
    radius: float,
    height: float,
) -> None:
    first, angle, floor = len(points), step * 0.3, step * 0.2
    for level in (floor, floor + height):
        for reach, turn in ((0.2, 0.0), (radius, 0.0), (radius, 0.3), (0.2, 0.3)):
            points.append((reach * math.cos(angle + turn), level, -reach * math.sin(angle + turn)))
    for a, b, c, d in ((0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)):
        triangles += [(first + a, first + b, first + c), (first + a, first + c, first + d)]
