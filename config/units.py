"""systemd's units for one machine: those of `config/systemd`, filled in with its devices, folders and addresses.

The files there are complete and hold the defaults; what differs is put in their place, line by line.
"""

import ipaddress
import re
import socket
from collections.abc import Collection, Iterator, Sequence
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from aigc.core.errors import InputInvalid
from config.settings import Redis, Settings
from config.wiring import is_shared

PROGRAM = "/opt/aigc/bin/aigc"
CONFIG = " --config /etc/aigc/system.yaml"
STATE = Path("/var/lib/aigc")
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
COMMON = "aigc-.service.d/common.conf"
WORKER = "aigc-worker@.service"
BROKERS = ("aigc-broker.service", "aigc-standby.service")

STOP_MARGIN_S = 30
"""Beyond the drain's budget: ending jobs that did not end by themselves, storing what they made, saying so."""


class Layout(Struct, frozen=True, kw_only=True):
    """What runs on this machine, and as what."""

    program: Path
    """The `aigc` command."""
    file: Path | None = None
    """The settings; None: defaults only."""
    devices: Sequence[str] = ()
    """One worker for each."""
    web: int = 1
    """Gateways that share the address; 0: clients come in elsewhere."""
    brokers: int = 2
    """One and its standby, one, or none."""
    place: str = ""
    """The name in `broker.places` under which brokers of this machine are found."""
    user: str = "aigc"


def units(settings: Settings, layout: Layout) -> dict[str, str]:
    """Each file's name below `/etc/systemd/system`, and its text.

    Raises:
        InputInvalid: a setting that no service can start with.
    """
    if re.search(r"[\"'\\]", str(layout.program)):
        raise InputInvalid(
            f"systemd starts no program with a quote or a backslash in its path: {layout.program}",
            suggestion="install aigc elsewhere",
        )
    found = {COMMON: _common(settings, layout)}
    for name in BROKERS[: layout.brokers]:
        found[name] = _broker(name, layout)
    if layout.web:
        found["aigc-web.socket"] = _set(_read("aigc-web.socket"), "ListenStream", address(settings))
        found["aigc-web.service"] = _web(settings, layout)
    if layout.devices:
        found[WORKER] = _set(_filled(_read(WORKER), layout), "TimeoutStopSec", _stop_s(settings))
    return {"aigc.target": _target(found, layout.devices), **found}


def instance_of(device: str) -> str:
    """A device's name as a part of a unit's name; it stays as it is but for characters that cannot stand there."""
    return "".join(
        chr(byte) if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in ":_.-") else f"\\x{byte:02x}"
        for byte in device.encode()
    )


def device_of(instance: str) -> str:
    """The device that an instance is named after, also where somebody used `systemd-escape` (which writes `\\x2d`)."""
    raw = re.sub(rb"\\x([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]), instance.encode())
    return raw.decode(errors="replace")


def address(settings: Settings) -> str:
    """Where systemd shall listen: an address and a port.

    Raises:
        InputInvalid: the host is unknown, or any port is good enough.
    """
    server = settings.server
    if server.port == 0:
        raise InputInvalid("a service needs a port that clients know", suggestion="set one", where="server.port")
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)[0][4][0]
    except OSError as error:
        raise InputInvalid(f"{server.host} is unknown: {error.strerror}", where="server.host") from None
    return f"[{found}]:{server.port}" if ":" in str(found) else f"{found}:{server.port}"


def notes(settings: Settings, layout: Layout) -> Iterator[str]:
    """What would keep these services from running, in words."""
    for path in (layout.program, layout.file):
        if _is_in_a_home(path):
            yield f"{path} is in a home folder, which {layout.user} can hardly read; put it in /opt/aigc or /etc/aigc"
    if not is_shared(settings):
        yield "the section on redis is not enabled; these services set it for themselves, so set it in your file too"
    folder = settings.storage.data_dir
    if folder is None:
        elsewhere = "commands such as aigc keys and aigc doctor look elsewhere"
        yield f"the services keep their data in {STATE}; name it in your file too (storage.data_dir), or {elsewhere}"
    elif not folder.is_relative_to(STATE):
        yield f"make {folder} and give it to {layout.user}: install -d -o {layout.user} -m 0750 {folder}"


def _target(found: Collection[str], devices: Sequence[str]) -> str:
    workers = "".join(f"Wants=aigc-worker@{instance_of(device)}.service\n" for device in devices)
    text = _read("aigc.target").replace("Wants=aigc-worker@cpu.service\n", workers)
    absent = {*BROKERS, "aigc-web.socket", "aigc-web.service"} - set(found)
    return "".join(line for line in text.splitlines(keepends=True) if line.partition("=")[2].strip() not in absent)


def _common(settings: Settings, layout: Layout) -> str:
    text = _set(_read(COMMON), "User", layout.user)
    if not _is_local(settings.redis):
        text = text.replace("Wants=redis-server.service\n", "").replace(" redis-server.service", "")
    if any(_is_in_a_home(path) for path in (layout.program, layout.file)):
        text = _set(text, "ProtectHome", "read-only")
    for name, folder in (("data_dir", settings.storage.data_dir), ("run_dir", settings.storage.run_dir)):
        if folder is not None:
            text = _with_folder(text, name, folder)
    return text


def _with_folder(text: str, name: str, folder: Path) -> str:
    """The settings name this one themselves: a service has to be let there, and to wait until it is mounted."""
    if not folder.is_absolute():
        raise InputInvalid(
            f"{folder} is another folder for each program that reads it",
            suggestion="write the whole path, from / on",
            where=f"storage.{name}",
        )
    text = re.sub(rf"^Environment=P3D_STORAGE__{name.upper()}=.*\n", "", text, flags=re.MULTILINE)
    text = text.replace("PartOf=aigc.target\n", f"PartOf=aigc.target\nRequiresMountsFor={_quoted(folder)}\n")
    # With "-", since the program says better than systemd that a folder is not there.
    return text.replace("ProtectSystem=strict\n", f"ProtectSystem=strict\nReadWritePaths={_quoted(f'-{folder}')}\n")


def _broker(name: str, layout: Layout) -> str:
    place = f" --place {_quoted(layout.place)}" if layout.place else ""
    return _filled(_read(name), layout).replace("broker --standby", f"broker --standby{place}")


def _web(settings: Settings, layout: Layout) -> str:
    text = _filled(_read("aigc-web.service"), layout).replace("--workers 4", f"--workers {layout.web}")
    return _set(text, "TimeoutStopSec", _stop_s(settings))


def _filled(text: str, layout: Layout) -> str:
    config = f" --config {_quoted(layout.file)}" if layout.file else ""
    return text.replace(CONFIG, config).replace(PROGRAM, _quoted(layout.program))


def _stop_s(settings: Settings) -> str:
    return f"{settings.worker.drain_s + STOP_MARGIN_S:g}"


def _set(text: str, key: str, value: str) -> str:
    """The text with the first line of that key saying this."""
    made, count = re.subn(rf"^{key}=.*$", lambda _: f"{key}={value}", text, count=1, flags=re.MULTILINE)
    assert count == 1, key
    return made


def _quoted(value: Path | str) -> str:
    """As one word of a unit's line, in which %, quotes and backslashes have meanings."""
    text = str(value).replace("\\", "\\\\").replace("%", "%%").replace('"', '\\"')
    return f'"{text}"' if re.search(r"[\s\"'\\;]", text) else text


def _is_local(redis: Redis) -> bool:
    parts = urlsplit(redis.url)
    if redis.sentinels:
        return False
    if parts.scheme == "unix" or parts.hostname in (None, "localhost"):
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def _is_in_a_home(path: Path | None) -> bool:
    return path is not None and any(path.is_relative_to(home) for home in HOMES)


def _read(name: str) -> str:
    return resources.files("config").joinpath("systemd", *name.split("/")).read_text(encoding="utf-8")
