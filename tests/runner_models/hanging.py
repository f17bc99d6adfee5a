"""Never comes back, in several ways; says so first."""

import ctypes
import time


def _python():
    while True:
        time.sleep(60)


def _native():
    # PyDLL keeps the GIL for the whole call, and no signal ends the wait for a mutex that one holds oneself.
    mutex = ctypes.create_string_buffer(64)
    libc = ctypes.PyDLL(None)
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)


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
