"""Never comes back, in several ways; says so first."""

import ctypes
import time


def _python():
    while True:
        time.sleep(60)


def _native():
    # PyDLL keeps the GIL for the whole call, which waits for its child whatever signals come.
    ctypes.PyDLL(None).system(b"sleep 60")


WAYS = {
    "python": _python,
    "native": _native,
}


class Hanging:
    def load(self, device):
        pass

    def run(self, inputs, params, progress):
        progress(0.0, "sampling")
        if params["way"] == "steps":
            while True:
                progress(0.1, "sampling")
                time.sleep(0.005)
        WAYS[params["way"]]()

    def unload(self):
        pass


class HangingUnload(Hanging):
    """Does not give its memory back."""

    def unload(self):
        _python()
