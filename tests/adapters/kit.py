"""Heavy models' adapters over packages that have their names, signatures and loops, and nothing of their weight."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from aigc.core.ids import AttemptId, JobId, ModelId
from aigc.core.job import Lease
from aigc.core.runner_events import RunnerConnected, RunnerEvent, RunnerId, RunnerLoaded, RunTask
from tests.runner.kit import House

HEAVY = Path(__file__).parents[1] / "heavy_models"
FAKES = HEAVY / "fakes"
SAMPLES = Path(__file__).parents[2] / "web" / "static" / "samples"
PICTURE = SAMPLES / "robot.png"

CUBE = """v -1 0 -1\nv 1 0 -1\nv 1 4 -1\nv -1 4 -1\nv -1 0 1\nv 1 0 1\nv 1 4 1\nv -1 4 1
f 1 3 2\nf 1 4 3\nf 5 6 7\nf 5 7 8\nf 1 2 6\nf 1 6 5\nf 4 7 3\nf 4 8 7\nf 1 5 8\nf 1 8 4\nf 2 3 7\nf 2 7 6\n"""
"""A box of 2 x 4 x 2, standing on the floor, as OBJ."""


def touched(folder: Path, *names: str) -> str:
    """The folder, with a file of each name."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    return str(folder)


def spawn(house: House, class_path: str, weights: str) -> RunnerId:
    """A runner that will hold the adapter over the fakes."""
    return house.spawn(class_path, path=(str(FAKES),), init={"weights": weights})


async def loaded(house: House, class_path: str, weights: str) -> RunnerId:
    """A runner that holds the adapter over the fakes."""
    runner = spawn(house, class_path, weights)
    event = await house.outcome()
    while isinstance(event, RunnerConnected):
        event = await house.outcome()
    assert isinstance(event, RunnerLoaded), event
    return runner


def start(
    house: House, runner: RunnerId, model: str, inputs: dict[str, Any], params: dict[str, Any], number: int
) -> Lease:
    """An attempt under the model's own name begins."""
    lease = Lease(JobId("job"), number, AttemptId("attempt"))
    folder = house.staging / str(number)
    folder.mkdir()
    named = {name: str(value) for name, value in inputs.items()}
    house.runners.run(runner, RunTask(lease, ModelId(model), named, params, "glb", folder))
    return lease


async def outcome(house: House, runner: RunnerId, model: str, inputs: dict[str, Any], **params: Any) -> RunnerEvent:
    """How the attempt ended."""
    start(house, runner, model, inputs, params, number=1 + len(list(house.staging.iterdir())))
    return await house.outcome()


class Done:
    """What one run of an adapter left: its files by name, facts, warnings, and every report in order."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.outputs: dict[str, dict[str, Any]] = answer["outputs"]
        self.info, self.warnings = answer["info"], answer["warnings"]
        self.reports = [tuple(report) for report in answer["reports"]]
        self.folder = Path(answer["folder"])
        assert answer["fractions"] == sorted(answer["fractions"]) and answer["fractions"][-1] <= 1

    @property
    def main(self) -> dict[str, Any]:
        return next(output for output in self.outputs.values() if output["role"] == "model")

    def steps(self, stage: str, message: str = "") -> list[int]:
        """Numbers of the steps that were told of this stage."""
        return [step for told, said, step, steps in self.reports if (told, said) == (stage, message) and steps]


def runs(class_path: str, weights: str, folder: Path, *asked: tuple[str, dict[str, Any], dict[str, Any]]) -> list[Done]:
    """One instance of the adapter, over the fakes, in a process of its own, asked for all of these in turn.

    A runner tells what is too frequent only in part; here every report is kept.
    """
    root = str(Path(__file__).parents[2])
    named = [(model, {name: str(value) for name, value in inputs.items()}, params) for model, inputs, params in asked]
    request = {
        "class_path": class_path,
        "weights": weights,
        "folder": str(folder),
        "runs": named,
    }
    command = [sys.executable, str(HEAVY / "run_alone.py")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(FAKES), root])}
    done = subprocess.run(
        command, input=json.dumps(request), capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [Done(answer) for answer in json.loads(done.stdout.splitlines()[-1])]
