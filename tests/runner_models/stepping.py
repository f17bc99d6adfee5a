"""Reports as it is told to: `plan` is a list of [fraction, stage, message], with a preview at the end if asked.

As long as the file `gate` is there it works on.
"""

import os
import struct
import time
import zlib

from aigc.runner.model import Output, Result
from aigc.runner.noop import triangle_glb


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


class Stepping:
    def load(self, device):
        pass

    def run(self, inputs, params, progress):
        for fraction, stage, message in params.get("plan", ()):
            progress(fraction, stage, message=message)
        if params.get("preview"):
            progress(0.9, "sampling", preview=png())
        if wait_s := params.get("wait_s"):
            time.sleep(wait_s)
        while os.path.exists(params.get("gate", "")):
            if not params.get("preview"):  # a later report takes the place of one that was not sent yet
                progress(0.5, "sampling")
            time.sleep(0.05)
        progress.warn("the picture was small")
        return Result([Output("out.glb", "model", data=triangle_glb()), Output("thumb.png", "thumbnail", data=png())])

    def unload(self):
        pass
