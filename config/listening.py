"""Where clients come in: a socket that systemd holds for this process, or one of its own."""

import ipaddress
import socket

from aigc.core.errors import InputInvalid
from config.notify import listen_fds
from config.settings import Settings

BACKLOG = 1024
"""Connections that may wait to be accepted."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on the first address of `host`; port 0 takes a free one.

    Raises:
        OSError: the name is unknown, or the port is taken.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        # A port whose last owner died a moment ago is free for us.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def listening_socket(settings: Settings) -> socket.socket:
    """A socket that listens. Where systemd holds it, no client is refused while this process is away.

    Raises:
        InputInvalid: what systemd hands over is not one TCP socket, or others reach it although nobody has to log in.
        OSError: the port is taken, or the host unknown.
    """
    held = listen_fds()
    if not held:
        return listen(settings.server.host, settings.server.port)
    try:
        if len(held) > 1:
            raise _refused(f"there are {len(held)} sockets", "one ListenStream= is enough: [::]:7842 takes IPv4 too")
        found = held[0][1]
        if found.family not in (socket.AF_INET, socket.AF_INET6):
            raise _refused("it is no TCP socket", "write ListenStream=ADDRESS:PORT")
        if not found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise _refused("it is a connection already", "leave Accept= out")
        host = found.getsockname()[0]
        if not ipaddress.ip_address(host).is_loopback and not settings.is_guarded:
            raise _refused(
                f"it listens on {host}, which others can reach, and nobody has to log in",
                "set accounts.enabled: true, or write ListenStream=127.0.0.1:7842, "
                "or set security.allow_open_access: true",
            )
    except InputInvalid:
        for _, unwanted in held:
            unwanted.close()
        raise
    return found


def _refused(reason: str, do: str) -> InputInvalid:
    return InputInvalid(f"the socket that systemd hands over cannot be used: {reason}", suggestion=do)
