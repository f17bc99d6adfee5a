"""An exclusive hold on a file that ends with its process, however the process ends."""

import fcntl
import os
import socket
from datetime import datetime
from pathlib import Path


class FileLock:
    """`flock` on a file that says who holds it. Not inherited by programs that the process starts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        """True if it is ours now; False if another holds it, in this process or elsewhere. Never waits."""
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            if self._still_named(descriptor):
                break
            os.close(descriptor)  # removed by its last holder between our open and our flock
        since = datetime.now().astimezone().isoformat(" ", "seconds")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()} since {since}\n".encode(), 0)
        self._descriptor = descriptor
        return True

    def holder(self) -> str:
        """Who took it last, in words."""
        try:
            return self.path.read_text(errors="replace").strip() or "a process that has not said its name"
        except OSError:
            return "nobody"

    def release(self, *, remove: bool = False) -> None:
        """Others may take it; with `remove` the file is gone too. Does nothing where it is not held."""
        if self._descriptor is None:
            return
        if remove:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = None

    def _still_named(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        except FileNotFoundError:
            return False
