"""A model that reports once and then sits in native code that nobody can interrupt, the interpreter's lock in hand."""

import ctypes

from aigc.runner.model import Output, Progress, Result
from aigc.runner.noop import triangle_glb


class Blocking:
    """Serves text_to_raw_mesh."""

    def load(self, device: str) -> None:
        """Nothing to load."""

    def run(self, inputs: dict[str, str], params: dict[str, object], progress: Progress) -> Result:
        """Does not come back for ten minutes."""
        progress(0.1, "sampling")
        ctypes.PyDLL(None).sleep(600)  # unlike CDLL it keeps the lock
        return Result([Output("mesh.glb", "model", data=triangle_glb())])

    def unload(self) -> None:
        """Nothing is held."""
