"""Network namespaces as hosts: machines with addresses of their own on one switch, whose cables can be cut.

    with Hosts("broker", "gpu") as hosts:
        process = hosts["gpu"].start(sys.executable, "-m", "aigc", "worker", ...)
        hosts["gpu"].cut()           # or cut(Way.IN), cut(Way.OUT), cut(other=hosts["broker"])
        hosts["gpu"].heal()

Whatever runs in a host is killed when the block is left, and the host is gone. What a run that was killed itself left
behind is swept by the next. Needs root, iproute2 and nftables; `unsupported()` says what is missing.
"""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from enum import StrEnum
from pathlib import Path
from typing import Any

NETWORK = "10.77.0"
_PREFIX = "aigc-test"
_LEFTOVER = re.compile(rf"{_PREFIX}-(\d+)-\S+")
_RULES = """
table inet cable {
    chain in { type filter hook input priority 0; }
    chain out { type filter hook output priority 0; }
}
"""


class Way(StrEnum):
    """Seen from the host."""

    IN = "in"
    OUT = "out"
    BOTH = "both"


def unsupported() -> str:
    """Why there can be no hosts here; empty if there can."""
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    if missing := [tool for tool in ("ip", "nft") if shutil.which(tool) is None]:
        return f"{' and '.join(missing)} not installed: apt-get install iproute2 nftables"
    try:
        with Hosts("probe") as hosts:
            hosts["probe"].cut()
    except subprocess.CalledProcessError as error:
        return f"{' '.join(error.cmd)}: {error.stderr.strip()}"
    return ""


class Host:
    """One machine; `address` is its IP address. Names in it are its own: ports, loopback, connections."""

    def __init__(self, namespace: str, address: str) -> None:
        self.namespace, self.address = namespace, address

    def command(self, *command: str) -> list[str]:
        """`command`, so that it runs in this host when it is executed."""
        return ["ip", "netns", "exec", self.namespace, *command]

    def start(self, *command: str, **options: Any) -> "subprocess.Popen[str]":
        """A process in this host, as `subprocess.Popen` makes it."""
        return subprocess.Popen(self.command(*command), text=True, **options)

    def run(self, *command: str) -> str:
        """What `command` prints, when it has ended in this host."""
        return _run(*self.command(*command))

    def cut(self, way: Way = Way.BOTH, *, other: "Host | None" = None) -> None:
        """Packets of that way are lost from now on, in silence; all of them, or those from and to `other`."""
        ways = (Way.IN, Way.OUT) if way is Way.BOTH else (way,)
        lines = ["add table inet cable"] if self._is_cut() else [_RULES]
        for one in ways:
            side, link = ("saddr", "iifname") if one is Way.IN else ("daddr", "oifname")
            whose = f"ip {side} {other.address}" if other else ""
            lines.append(f"add rule inet cable {one} {link} eth0 {whose} drop")
        _run(*self.command("nft", "-f", "-"), stdin="\n".join(lines))

    def heal(self) -> None:
        """All packets travel again. Twice does no harm."""
        if self._is_cut():
            self.run("nft", "delete", "table", "inet", "cable")

    def packets(self) -> int:
        """How many came in and went out so far."""
        (link,) = json.loads(self.run("ip", "-json", "-statistics", "link", "show", "eth0"))
        counted = link["stats64"]
        return int(counted["rx"]["packets"] + counted["tx"]["packets"])

    def connections(self) -> int:
        """TCP connections that this host believes in."""
        return len(self.run("ss", "-Htn", "state", "established").splitlines())

    async def has_connections(self, count: int) -> None:
        """It believes in so many TCP connections. The system tells nobody when one of them ends."""
        while self.connections() != count:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    def processes(self) -> list[int]:
        """What runs here."""
        return [int(pid) for pid in _run("ip", "netns", "pids", self.namespace).split()]

    def _is_cut(self) -> bool:
        return "table inet cable" in self.run("nft", "list", "tables")


class Hosts:
    """Hosts by name on one switch, from entering the block to leaving it."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self._own = f"{_PREFIX}-{os.getpid()}"
        self._hosts: dict[str, Host] = {}

    def __getitem__(self, name: str) -> Host:
        return self._hosts[name]

    def __enter__(self) -> "Hosts":
        _sweep()
        try:
            self._switch = self._namespace("switch")
            _run("ip", "-n", self._switch, "link", "add", "bridge", "type", "bridge")
            _run("ip", "-n", self._switch, "link", "set", "bridge", "up")
            for number, name in enumerate(self._names, 1):
                self._hosts[name] = self._plugged(name, number)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for namespace in _namespaces():
            if namespace.startswith(f"{self._own}-"):
                _remove(namespace)

    def heal(self) -> None:
        """All cables are whole."""
        for host in self._hosts.values():
            host.heal()

    def _plugged(self, name: str, number: int) -> Host:
        host = Host(self._namespace(name), f"{NETWORK}.{number}")
        cable = ("type", "veth", "peer", "name", f"port{number}", "netns", self._switch)
        _run("ip", "-n", host.namespace, "link", "add", "eth0", *cable)
        _run("ip", "-n", self._switch, "link", "set", f"port{number}", "master", "bridge", "up")
        _run("ip", "-n", host.namespace, "address", "add", f"{host.address}/24", "dev", "eth0")
        for link in ("lo", "eth0"):
            _run("ip", "-n", host.namespace, "link", "set", link, "up")
        return host

    def _namespace(self, name: str) -> str:
        namespace = f"{self._own}-{name}"
        _run("ip", "netns", "add", namespace)
        return namespace


def _run(*command: str, stdin: str = "") -> str:
    return subprocess.run(command, input=stdin, check=True, capture_output=True, text=True, timeout=60).stdout


def _namespaces() -> list[str]:
    return [line.split()[0] for line in _run("ip", "netns", "list").splitlines() if line]


def _remove(namespace: str) -> None:
    """Nothing runs in it any more, and it is gone."""
    end_s = time.monotonic() + 10
    while (pids := _run("ip", "netns", "pids", namespace).split()) and time.monotonic() < end_s:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        time.sleep(0.01)
    _run("ip", "netns", "delete", namespace)


def _sweep() -> None:
    """What runs that are no more left behind is gone."""
    for namespace in _namespaces():
        found = _LEFTOVER.fullmatch(namespace)
        if found and not Path(f"/proc/{found[1]}").exists():
            _remove(namespace)
