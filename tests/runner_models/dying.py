"""Takes its process with it."""

import ctypes
import os
import signal
import sys
import threading


def _lose_descriptors():
    os.closerange(3, 256)
    threading.Event().wait()


WAYS = {
    "exit0": lambda: os._exit(0),
    "segfault": lambda: ctypes.string_at(0),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "close_descriptors": _lose_descriptors,
}


class Dying:
    def load(self, device):
        pass

    def run(self, inputs, params, progress):
        print("these are my last words")
        progress(0.5, "sampling")
        sys.stdout.flush()
        WAYS[params["way"]]()

    def unload(self):
        pass


class DyingIdle:
    """Ends on its own, while nobody asks anything of it."""

    def load(self, device):
        threading.Thread(target=self._end, daemon=True).start()

    def _end(self):
        os._exit(5)

    def run(self, inputs, params, progress):
        raise AssertionError("never runs")

    def unload(self):
        pass
