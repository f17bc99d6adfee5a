"""How near `progress.estimated_left_s` comes to the truth at half of a run.

python -m bench.estimates URL

Jobs of five models one after the other on a server that runs, the first of each on what nobody has seen yet. What is
told counts down by itself, as people see it.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import NamedTuple

from aigc.client import Client, Job

SAMPLES = Path(__file__).parents[1] / "web" / "static" / "samples"
PICTURES = [SAMPLES / f"{name}.png" for name in ("robot", "teapot", "penguin", "mushroom")]
PROMPTS = ["a red wooden chair", "a blue rocket", "a castle with four towers", "a green dragon", "a wooden table"]


class Run(NamedTuple):
    """One job: seconds that it ran, and at half of it told and true ones to come. None: nothing was told."""

    model: str
    run_s: float
    told_s: float | None
    true_s: float

    @property
    def error(self) -> float | None:
        """As a share of the truth."""
        return None if self.told_s is None else abs(self.told_s - self.true_s) / self.true_s


def watched(client: Client, job: Job) -> Run:
    """The job from its start to its end."""
    began, told = None, [(0.0, None)]
    for event in client.events(job.id):
        now = time.monotonic()
        if event.kind == "progress" and event.stage not in ("waiting", "loading_model"):
            began = began or now
            told.append((now, event.estimated_left_s))
    ended = time.monotonic()
    began = began or ended
    half = (began + ended) / 2
    at, left_s = next(one for one in reversed(told) if one[0] <= half)
    record = client.job(job.id)
    assert record.status == "completed", record.error
    return Run(job.model, ended - began, None if left_s is None else max(0.0, left_s - (half - at)), ended - half)


def runs(client: Client) -> list[Run]:
    """Five of each model."""
    found, made = [], []
    for prompt in PROMPTS:
        job = client.submit("text_to_textured_mesh", text=prompt).job
        found.append(watched(client, job))
        made.append(job)
    for picture in (*PICTURES, PICTURES[0]):
        found.append(watched(client, client.submit("image_to_textured_mesh", image=picture).job))
    for feature in ("mesh_segmentation", "uv_unwrapping", "auto_rig"):
        for mesh in made:
            found.append(watched(client, client.submit(feature, mesh=mesh).job))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    found = runs(Client(parser.parse_args().url))
    for run in found:
        told = "nothing told" if run.told_s is None else f"told {run.told_s:.2f} s, off by {run.error:.0%}"
        print(f"{run.model:20} ran {run.run_s:6.2f} s, {told}, true {run.true_s:.2f} s")
    errors = sorted(run.error for run in found if run.error is not None)
    print(
        f"{len(errors)} of {len(found)} told; off by {statistics.median(errors):.0%} in the middle, "
        f"{errors[int(0.9 * (len(errors) - 1))]:.0%} at nine of ten"
    )


if __name__ == "__main__":
    main()
