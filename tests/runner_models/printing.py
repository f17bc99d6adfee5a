"""Prints far too much."""

import os

from aigc.runner.model import Output, Result
from aigc.runner.noop import triangle_glb


class Printing:
    def load(self, device):
        pass

    def run(self, inputs, params, progress):
        block = b"noise " * (1 << 17)
        left = params["bytes"]
        while left > 0:
            left -= os.write(1, block[:left])
        print("and this is the end of it", flush=True)
        return Result([Output("out.glb", "model", data=triangle_glb())])

    def unload(self):
        pass
