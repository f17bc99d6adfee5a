"""Real redis-servers of a test's own: private folders, unix sockets or free ports, started fast, surely stopped."""

import contextlib
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import hiredis

OPTIONS = {
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
    "enable-debug-command": "yes",
    "repl-diskless-sync-delay": "0",
    "shutdown-timeout": "0",
}
"""What every server is given, unless a test says otherwise."""

SHIPPED = Path(__file__).parents[1] / "config" / "redis"
OPERATOR, AIGC = "the operator's password", "aigc's password"
EMPTY = '""'
READY = ("eady to accept connections", "Sentinel ID is")
"""What a server and a sentinel print when they can be spoken to."""


class NotStarted(Exception):
    """The server ended before it was ready; the text is what it printed."""


class RedisServer:
    """One server in a folder of its own; `kill` and `start` again as often as a test likes: the folder stays.

    Args:
        options: lines of its redis.conf, beside OPTIONS.
        tcp: it listens on a free port of 127.0.0.1 too. Always on a unix socket.
        acl: it has the users of the ACL file that we ship, and `url` names the least of them.
        tls: it listens for TLS on a free port; its options name the certificates.
        sentinel: it is a sentinel instead; its options are lines of a sentinel.conf.
    """

    def __init__(
        self,
        options: Mapping[str, str] | None = None,
        *,
        tcp: bool = False,
        acl: bool = False,
        tls: bool = False,
        sentinel: bool = False,
    ) -> None:
        # Short, because the path of a socket may have 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="aigc-redis-"))
        self.path = self.folder / "redis.sock"
        self.port = free_port() if tcp or sentinel else 0
        self.tls_port = free_port() if tls else 0
        self.printed: list[str] = []
        self._sentinel, self._acl = sentinel, acl
        self._options = {**({} if sentinel else OPTIONS), **(options or {})}
        if acl:
            users = (SHIPPED / "aigc.acl").read_text()
            for place, password in (("THE_OPERATORS", OPERATOR), ("AIGCS", AIGC)):
                users = users.replace(f"SHA256_OF_{place}_PASSWORD", sha256(password.encode()).hexdigest())
            (self.folder / "aigc.acl").write_text(users)
            self._options["aclfile"] = str(self.folder / "aigc.acl")
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"unix://{f'aigc:{quote(AIGC)}@' if self._acl else ''}{self.path}"

    @property
    def tcp_url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> "RedisServer":
        """It runs, has read its data and can be spoken to."""
        file = self.folder / ("sentinel.conf" if self._sentinel else "redis.conf")
        if not file.exists():  # a sentinel keeps what it learnt there
            fixed = {"port": str(self.port), "dir": str(self.folder), "unixsocket": str(self.path)}
            fixed |= {"tls-port": str(self.tls_port)} if self.tls_port else {}
            lines = (f"{name} {value or EMPTY}\n" for name, value in (fixed | self._options).items())
            file.write_text("".join(lines))
        # Should the tests be killed, so is it.
        command = ["setpriv", "--pdeathsig", "KILL", "redis-server", str(file), *["--sentinel"][: self._sentinel]]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(self._process, ready), daemon=True)
        self._reader.start()
        assert ready.wait(60), "it neither became ready nor ended"
        if self._process.poll() is not None or not any(word in line for line in self.printed for word in READY):
            self.stop()
            raise NotStarted("".join(self.printed[-20:]))
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """It has ended, by that signal; its data stays."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._reader is not None and self._process.stdout is not None
        self._reader.join()
        self._process.stdout.close()
        self._process = None

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        self.stop(signal.SIGKILL)

    def freeze(self) -> None:
        """It stands still; the system goes on accepting connections for it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def ask(self, *command: str | bytes | int) -> Any:
        """The reply to one command of the operator, over a connection of its own; raises `hiredis.ReplyError`."""
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as wire:
            wire.settimeout(60)
            wire.connect(str(self.path))
            reader = hiredis.Reader()
            reply = None
            for one in ([("AUTH", OPERATOR)] if self._acl else []) + [command]:
                wire.sendall(hiredis.pack_command(one))
                while (reply := reader.gets()) is False:
                    reader.feed(wire.recv(65536))
                if isinstance(reply, hiredis.ReplyError):
                    raise reply
            return reply

    def info(self, name: str) -> str:
        """One value of INFO."""
        lines = self.ask("INFO", "everything").decode().splitlines()
        return next(line.partition(":")[2] for line in lines if line.startswith(f"{name}:"))

    def __enter__(self) -> "RedisServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder)

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        self.printed.clear()
        for line in process.stdout:
            self.printed.append(line)
            if any(word in line for word in READY):
                ready.set()
        ready.set()


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listened a moment ago, and that the system gives to nobody by itself."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
