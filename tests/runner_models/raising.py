"""Raises where it is told to, what it is told to."""

from aigc.runner.model import InputInvalid, Output, Result
from aigc.runner.noop import triangle_glb


class OutOfMemoryError(RuntimeError):
    """Named as torch's is."""


ERRORS = {
    "runtime": lambda: RuntimeError("something broke in the sampler"),
    "memory": lambda: MemoryError("no room"),
    "cuda_memory": lambda: OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    "cuda_assert": lambda: RuntimeError("CUDA error: device-side assert triggered"),
    "cuda_access": lambda: RuntimeError("CUDA error: an illegal memory access was encountered"),
    "input": lambda: InputInvalid("the picture is empty", "use another picture"),
    "exit": lambda: SystemExit(3),
    "disk": lambda: OSError(28, "No space left on device"),
    "wrapped": None,
}


class Raising:
    def __init__(self, where="", error="runtime", steps=3):
        self._where, self._error, self._steps = where, error, steps
        self._raise_at("init")

    def load(self, device):
        print("loading on", device)
        self._raise_at("load")

    def run(self, inputs, params, progress):
        error = params.get("error", self._error)
        for step in range(self._steps):
            progress(step / self._steps, "sampling", step, self._steps)
            if params.get("at") == step:
                raise ERRORS[error]()
        return Result([Output("out.glb", "model", data=triangle_glb())])

    def unload(self):
        self._raise_at("unload")

    def _raise_at(self, place):
        if self._where == place:
            raise ERRORS[self._error]()
