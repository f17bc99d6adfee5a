"""systemd's two protocols: what a service tells it (sd_notify), and sockets that it holds for one (sd_listen_fds).

Both are a few lines over environment variables; no library is needed for them.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping

FIRST_FD = 3
"""Sockets are handed over as this descriptor and those that follow."""


class Notifier:
    """Readiness, signs of life and a line for people; silent where nobody listens."""

    def __init__(self, address: str | None = None) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET") if address is None else address

    def tell(self, state: str) -> None:
        """Send one line such as `READY=1`. Never waits: where nobody takes what was told before, it is dropped."""
        if not self._address:
            return
        path = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
        with socket.socket(socket.AF_UNIX, kind) as notify, contextlib.suppress(OSError):
            notify.sendto(state.encode(), path)

    def status(self, words: str) -> None:
        """One line that `systemctl status` shows."""
        self.tell(f"STATUS={words}")

    @property
    def watchdog_s(self) -> float | None:
        """How often a sign of life is due: half of what systemd allows. None: it wants none from this process."""
        allowed, whose = os.environ.get("WATCHDOG_USEC"), os.environ.get("WATCHDOG_PID")
        if not allowed or (whose and int(whose) != os.getpid()):
            return None
        return int(allowed) / 2e6


async def watch(notifier: Notifier) -> None:
    """Tell systemd that this loop turns, as often as it wants to hear it; returns at once if it does not.

    Run it on the loop that all actors live on: if that hangs, the process is ended and begun again.
    """
    if (pause := notifier.watchdog_s) is None:
        return
    while True:
        notifier.tell("WATCHDOG=1")
        await asyncio.sleep(pause)


def listen_fds(environment: Mapping[str, str] = os.environ) -> list[tuple[str, socket.socket]]:
    """Name and socket of everything that systemd listens on for this process; empty where it does not.

    The name is the unit's `FileDescriptorName=`, by default the unit's own. Children do not inherit the sockets, and
    take the variables for what they are: another process's.

    Raises:
        OSError: what was handed over is no socket.
    """
    if environment.get("LISTEN_PID") != str(os.getpid()):
        return []
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    found = []
    for number in range(int(environment.get("LISTEN_FDS", "0"))):
        held = socket.socket(fileno=FIRST_FD + number)
        held.set_inheritable(False)
        found.append((names[number] if number < len(names) else "", held))
    return found
