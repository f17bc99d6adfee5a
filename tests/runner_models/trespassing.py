"""Tries what a model may not do; says in `info` how each try ended."""

import os
import resource
import signal
import socket
import tempfile
from pathlib import Path

from aigc.runner.model import Output, Result
from aigc.runner.noop import triangle_glb


def tried(act):
    try:
        act()
    except OSError as error:
        return type(error).__name__
    return "done"


def _connect(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass


def _too_long(folder, limit):
    with (folder / "long").open("wb") as file:
        file.seek(limit)
        file.write(b"x")
        file.flush()


class Trespassing:
    def load(self, device):
        pass

    def run(self, inputs, params, progress):
        outside = Path(params["outside"])
        info = {
            "write": tried(lambda: (outside / "new").write_text("x")),
            "overwrite": tried(lambda: (outside / "old").write_text("x")),
            "truncate": tried(lambda: os.truncate(outside / "old", 0)),
            "remove": tried(lambda: (outside / "old").unlink()),
            "mkdir": tried(lambda: (outside / "folder").mkdir()),
            "rename": tried(lambda: os.rename(outside / "old", progress.folder / "old")),
            "scratch": tried(lambda: (progress.folder / "new").write_text("x")),
            "temporary": tried(lambda: tempfile.NamedTemporaryFile().close()),
            "null": tried(lambda: Path("/dev/null").write_text("x")),
            "declared": tried(lambda: (Path(params["declared"]) / "new").write_text("x")),
            "connect": tried(lambda: _connect(params["port"])),
            "signal": tried(lambda: os.kill(params["pid"], signal.SIGCONT)),
            "long_file": tried(lambda: _too_long(progress.folder, params["file_bytes"])),
            "core_bytes": resource.getrlimit(resource.RLIMIT_CORE)[0],
            "open_files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
            "in_scratch": Path(tempfile.gettempdir()) == progress.folder,
        }
        return Result([Output("out.glb", "model", data=triangle_glb())], info=info)

    def unload(self):
        pass
