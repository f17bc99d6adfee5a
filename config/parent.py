"""A child ends with the process that started it, however that ends. Standard library only: it costs nothing.

A program of somebody else's is bound too if it is started as `python -I <this file> PROGRAM ARGUMENTS...`.
"""

import ctypes
import os
import signal
import sys

PARENT = "AIGC_PARENT"
"""Environment variable by which a child is told the process id of who started it."""

WHOLE = "AIGC_PARENT_IS_ALL"
"""Set for children of a process that runs all of the server."""

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """End at once when the process that started us ends, if it asked for that: no child is left behind."""
    parent = os.environ.get(PARENT)
    if parent is None:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):  # it ended before we asked
        os.kill(os.getpid(), signal.SIGKILL)


def stop_family() -> str:
    """Ask for an orderly end of this process, or of the one that started it with others; says in words what ends."""
    parent = os.environ.get(PARENT)
    if parent is None:
        os.kill(os.getpid(), signal.SIGTERM)
        return "this process ends when its requests are answered; running jobs end, or begin again at the next start"
    os.kill(int(parent), signal.SIGTERM)
    if WHOLE in os.environ:
        return "all processes of this server end, its jobs begin or go on at the next start"
    return "the gateways of this machine end when their requests are answered; brokers and workers go on"


if __name__ == "__main__":
    die_with_parent()
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - which program is ours to say
