"""Takes as much memory in a run as it is asked to, whatever the catalogue says that it needs."""

import time
from pathlib import Path

from aigc.runner.noop import Noop


class Eating(Noop):
    parameters = {  # noqa: RUF012
        "type": "object",
        "additionalProperties": False,
        "properties": {"mebibytes": {"type": "integer", "default": 100, "minimum": 1, "work_power": 1}},
    }

    def __init__(self, folder):
        self._folder = Path(folder)

    def run(self, inputs, params, progress):
        """Much is held, the first time for as long as nobody objects."""
        seen = self._folder / str(params["mebibytes"])
        is_first = not seen.exists()
        seen.touch()  # before anything is held: the end comes at any moment from then on
        held = bytearray(b"x") * (params["mebibytes"] << 20)
        while is_first:
            progress(0.5, "sampling")
            time.sleep(0.05)
        result = super().run(inputs, {}, progress)
        del held
        return result
