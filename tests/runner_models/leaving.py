"""Models that leave things, wrap things, or say too much."""

import os
import tempfile
import time

from aigc.runner.model import Cancelled, Output, Result
from aigc.runner.noop import Noop, triangle_glb


def triangle(**info):
    return Result([Output("out.glb", "model", data=triangle_glb())], info=info)


class Leaving(Noop):
    """Says what it found in its folder, then leaves files, folders and links in it."""

    def run(self, inputs, params, progress):
        found = os.listdir(progress.folder)
        (progress.folder / "deep" / "deeper").mkdir(parents=True)
        (progress.folder / "deep" / "file").write_text("x")
        (progress.folder / "link").symlink_to("/etc")
        tempfile.mkstemp()
        return triangle(found=found)


class Wrapping(Noop):
    def run(self, inputs, params, progress):
        try:
            while True:
                progress(0.1, "sampling")
                time.sleep(0.002)
        except Exception as error:
            raise RuntimeError("the sampler failed") from error


class Quitting(Noop):
    def run(self, inputs, params, progress):
        raise Cancelled


class Talking(Noop):
    def run(self, inputs, params, progress):
        return triangle(words="x" * (2 << 20))


class Hungry(Noop):
    def run(self, inputs, params, progress):
        block = bytearray(b"x") * params["bytes"]
        del block
        return triangle()
