"""Starts and ends processes as systemd does by the units: tells readiness, holds the address, ends with SIGTERM."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

READY_S = 60.0


class Service:
    """One unit's process; `start`, `stop` and `restart` as often as a test likes.

    Args:
        listening: what a socket unit holds for it.
        prefix: a program that starts it.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *arguments: str,
        environment: dict[str, str] | None = None,
        listening: socket.socket | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._folder = folder
        # Should the tests be killed, so is it.
        self._command = ["setpriv", "--pdeathsig", "KILL", *prefix, sys.executable, "-m", "aigc", *arguments]
        self._environment = environment or {}
        self._listening = listening
        self._process: subprocess.Popen[bytes] | None = None
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind("")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def spawn(self) -> None:
        """It has begun; nobody knows how far it is."""
        command, files, variables = self._command, [], {"NOTIFY_SOCKET": "@" + self._notify.getsockname()[1:].decode()}
        if self._listening is not None:
            files = [self._listening.fileno()]
            script = f'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=aigc-web.socket exec "$@" 3<&{files[0]}'
            command = ["bash", "-c", script, "bash", *command]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=files,
                cwd=self._folder,
                env={**os.environ, **variables, **self._environment},
            )

    def start(self) -> None:
        """It says that it is ready."""
        self.spawn()
        self.heard("READY=1")

    def heard(self, wanted: str) -> None:
        """It has told so. Fails where it ends before."""
        assert self._process is not None
        ended = os.pidfd_open(self._process.pid)
        try:
            while True:
                ready, _, _ = select.select([self._notify, ended], [], [], READY_S)
                assert ready, f"{self.name} did not say {wanted}: {self.tail()}"
                if self._notify not in ready:
                    raise AssertionError(f"{self.name} ended: {self.tail()}")
                if wanted in self._notify.recv(4096).decode().splitlines():
                    return
        finally:
            os.close(ended)

    def signal(self, number: signal.Signals) -> None:
        """The main process gets it, and nobody else."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> int:
        """SIGTERM; its exit code, negative for a signal."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Its exit code once it has ended."""
        assert self._process is not None
        code = self._process.wait(timeout=60)
        self._process = None
        return code

    def restart(self) -> int:
        """It has ended and is ready again; what it ended with."""
        code = self.stop()
        self.start()
        return code

    def tail(self) -> str:
        return self.log.read_text()[-3000:] if self.log.exists() else ""

    def close(self) -> None:
        """It is gone, whatever it did."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._notify.close()
