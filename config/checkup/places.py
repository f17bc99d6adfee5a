"""Where the server listens and where it keeps things: whether these are free, writable and large enough."""

import errno
import json
import os
import shutil
import socket
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from actors.stores.file_lock import FileLock
from config.checkup.finding import Finding
from config.settings import Settings

ANSWER_S = 3.0


def folder(settings: Settings) -> Iterator[Finding]:
    """The data folder takes files, and there is room for them."""
    wanted, min_free_gb = settings.storage.folder, settings.storage.min_free_gb
    existing = next(path for path in (wanted, *wanted.parents) if path.exists())
    elsewhere = "choose another with --data or storage.data_dir"
    try:
        # A real file: rights, a read-only disk and a full one all look well to whoever only asks.
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            yield Finding("wrong", "disk_full", f"the disk of {wanted} is full", f"make room, or {elsewhere}")
        else:
            reason = error.strerror or str(error)
            do = f"chown it to the user that runs the server, or {elsewhere}"
            yield Finding("wrong", "data_unwritable", f"{wanted} cannot be written: {reason}", do)
        return
    free = shutil.disk_usage(existing).free / 2**30
    if free > min_free_gb:
        yield Finding("fine", "data", f"data in {wanted}, {free:.1f} GiB free")
    else:
        what = f"the disk of {wanted} has {free:.1f} GiB left; below {min_free_gb:g} GiB no file is taken"
        do = "make room, keep results for less long (storage.keep_results_h), or lower storage.min_free_gb"
        yield Finding("wrong", "disk_nearly_full", what, do)


def address(settings: Settings) -> Iterator[Finding]:
    """The port is free, or our own server's; nobody else's server has the data folder."""
    host, port = settings.server.host, settings.server.port
    found = _taken(host, port)
    ours = _server_at(url_of(settings)) if found is not None else None
    if found is None:
        yield Finding("fine", "port", f"{host}:{port} is free")
    elif ours is not None:
        yield Finding("fine", "server", f"a server answers at {host}:{port}: {ours}")
    elif found == errno.EADDRINUSE:
        what = f"{host}:{port} is taken by another program{_who(port)}"
        yield Finding("wrong", "port_taken", what, "end that, or choose another with --port or server.port")
    else:
        do = "use an address of this machine and a port above 1023"
        yield Finding("wrong", "port_refused", f"{host}:{port} cannot be bound: {os.strerror(found)}", do)
    yield from _second(settings, is_ours=ours is not None)


def reach(settings: Settings) -> Iterator[Finding]:
    """Who can come in without an account."""
    if not settings.server.is_loopback and not settings.accounts.enabled:
        what = f"everybody who reaches {settings.server.host} may use the server: nobody has to log in"
        do = "set accounts.enabled: true, or listen on 127.0.0.1 behind a proxy that asks for a password"
        yield Finding("note", "open_to_all", what, do)


def _taken(host: str, port: int) -> int | None:
    """Why the address cannot be had; None if it can."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
            probe.listen(1)
    except OSError as error:
        return error.errno if error.errno and error.errno > 0 else errno.EADDRNOTAVAIL
    return None


def url_of(settings: Settings) -> str:
    """Where a server with these settings answers, from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.server.host, settings.server.host)  # noqa: S104 - read
    return f"http://[{host}]:{settings.server.port}" if ":" in host else f"http://{host}:{settings.server.port}"


def _server_at(url: str) -> str | None:
    """What a server of ours says of itself there; None if none answers."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=ANSWER_S) as answer:  # noqa: S310 - our own address
            told: Any = json.loads(answer.read(1 << 16))
        return f"aigc {told['version']}, {told['status']}"
    except urllib.error.HTTPError as error:
        return _unwell(error)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _unwell(error: urllib.error.HTTPError) -> str | None:
    try:
        told = json.loads(error.read(1 << 16))
        return f"it is unwell: {told['detail']}" if told["type"].startswith("urn:aigc:") else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _who(port: int) -> str:
    """Which process listens there, as far as we may know."""
    import psutil

    try:
        for one in psutil.net_connections("inet"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
                return f" (process {one.pid}, {psutil.Process(one.pid).name()})"
    except (psutil.Error, OSError):
        pass
    return ""


def _second(settings: Settings, *, is_ours: bool) -> Iterator[Finding]:
    """A server on our data folder that is not the one at our address would keep ours from starting."""
    for path in (settings.storage.folder / "jobs.db.lock", settings.storage.folder / "redis" / "lock"):
        if not path.exists() or is_ours:
            continue
        lock = FileLock(path)
        try:
            is_free = lock.take()
        except OSError:
            continue  # told already: the folder cannot be written
        if is_free:
            lock.release()
            continue
        what = f"{settings.storage.folder} is in use by another server: {lock.holder()}"
        yield Finding("wrong", "data_in_use", what, "end that one, or name another folder with --data")
