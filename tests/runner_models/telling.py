"""Prints in which span it is, and fails if it is told to."""

import os

from aigc.runner.model import Output, Result
from aigc.runner.noop import triangle_glb


class Telling:
    def load(self, device):
        pass

    def run(self, inputs, params, progress):
        print("I am in", os.environ["TRACEPARENT"], flush=True)
        if params.get("fail"):
            raise RuntimeError("told to fail")
        return Result([Output("out.glb", "model", data=triangle_glb())])

    def unload(self):
        pass
