"""A model that does nothing and says when: the instants at which its run began and ended, on the machine's clock."""

import time

from aigc.runner.model import Output, Progress, Result
from aigc.runner.noop import triangle_glb


class Stopwatch:
    """Serves text_to_raw_mesh."""

    def load(self, device: str) -> None:
        """Nothing to load."""
        self._mesh = triangle_glb()

    def run(self, inputs: dict[str, str], params: dict[str, object], progress: Progress) -> Result:
        """A triangle, and two instants of CLOCK_MONOTONIC, which all processes of a machine share."""
        began = time.monotonic()
        outputs = [Output("mesh.glb", "model", data=self._mesh)]
        return Result(outputs, info={"began": began, "ended": time.monotonic()})

    def unload(self) -> None:
        """Nothing is held."""
