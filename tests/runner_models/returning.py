"""Returns what no runner may accept, and some things that it must."""

import os
from pathlib import Path

from aigc.runner.model import Output, Result
from aigc.runner.noop import triangle_glb


def _file(folder, name="out.glb", data=None):
    path = folder / name
    path.write_bytes(triangle_glb() if data is None else data)
    return path


def _link(folder, params):
    os.symlink(params["target"], folder / "out.glb")
    return [Output("out.glb", "model", path=folder / "out.glb")]


WAYS = {
    "nothing": lambda folder, params: None,
    "good": lambda folder, params: [Output("out.glb", "model", path=_file(folder))],
    "broken_glb": lambda folder, params: [Output("out.glb", "model", data=triangle_glb()[:-4])],
    "empty": lambda folder, params: [Output("out.glb", "model", path=_file(folder, data=b""))],
    "link": _link,
    "dotdot": lambda folder, params: [
        Output("out.glb", "model", path=folder / ".." / "attempt-0" / _file(folder).name)
    ],
    "dotdot_name": lambda folder, params: [Output("../out.glb", "model", data=triangle_glb())],
    "outside": lambda folder, params: [Output("out.glb", "model", path=Path(params["target"]))],
}


class Returning:
    def load(self, device):
        pass

    def run(self, inputs, params, progress):
        outputs = WAYS[params["way"]](progress.folder, params)
        return None if outputs is None else Result(outputs, info={"way": params["way"]})

    def unload(self):
        pass
