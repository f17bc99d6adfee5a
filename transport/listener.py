"""A socket that others connect to: it counts who comes, and parts with all when one of them may come no more."""

import asyncio
from collections.abc import Callable

import structlog
import zmq

from transport import monitor
from transport.address import Address, Scheme
from transport.counters import Counters
from transport.errors import AddressInUse
from transport.monitor import Monitor
from transport.settings import LinkSettings
from transport.sockets import close_listening, endpoint, listen, listening, unlisten

_WATCHED = monitor.ACCEPTED | monitor.ADMITTED | monitor.BROKEN | monitor.UNLISTENED | monitor.FAILED_HANDSHAKES
_WHY = {
    monitor.NOT_UNDERSTOOD: "it speaks another protocol, or one end has a key and the other none",
    monitor.UNFINISHED: "it left in the middle, was too slow, or there was nobody to ask whether it is allowed",
}

log = structlog.get_logger(__name__)


class Listener:
    """Listens at `address` from construction to `close`.

    Args:
        takeover: on ipc, even if a predecessor still holds the path (`transport.sockets.listen`).
        counters: of whoever reads the socket.
        on_broken: some connection ended; which, ZeroMQ does not say.
    Raises:
        AddressInUse: somebody else listens there.
        AddressInvalid: the address has a key, and it is not this machine's.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        kind: int,
        address: Address,
        max_bytes: int,
        frames: int,
        *,
        settings: LinkSettings,
        takeover: bool,
        counters: Counters,
        on_broken: Callable[[], None],
    ) -> None:
        self._takeover, self._counters, self._on_broken = takeover, counters, on_broken
        self._retry_s = settings.beat_s
        self._complaints: set[int] = set()
        self._loop = asyncio.get_running_loop()
        self._retry: asyncio.TimerHandle | None = None
        self._is_listening = True
        self.socket = listening(context, kind, address, max_bytes, frames, settings)
        self._monitor: Monitor | None = None
        try:
            if address.scheme is not Scheme.INPROC:
                self._monitor = Monitor(context, self.socket, _WATCHED, self._on_event)
            listen(self.socket, address, takeover=takeover)
        except BaseException:
            self._end_monitor()
            self.socket.close(linger=0)
            raise
        self.address = endpoint(self.socket, address)
        """Where it listens, with the port that the system chose."""
        self._unwatch = settings.keys.watch(self._cut) if settings.keys is not None and address.key else None

    def close(self, linger_ms: int) -> None:
        """The socket is closed and the address is free."""
        if self._unwatch is not None:
            self._unwatch()
        if self._retry is not None:
            self._retry.cancel()
        self._end_monitor()
        if self._is_listening:
            close_listening(self.socket, self.address, linger_ms)
        else:
            self.socket.close(linger=linger_ms)

    def _end_monitor(self) -> None:
        if self._monitor is not None:
            self._monitor.close()
            self._monitor = None

    def _on_event(self, event: int, _value: int) -> None:
        if event == monitor.ACCEPTED:
            self._counters.accepted += 1
        elif event == monitor.ADMITTED:
            self._counters.admitted += 1
        elif event == monitor.BROKEN:
            self._on_broken()
        elif event == monitor.UNLISTENED:
            if not self._is_listening:
                self._listen_again()
        elif event in _WHY and event not in self._complaints:  # the authenticator tells of unknown keys itself
            self._complaints.add(event)
            log.warning("handshake.failed", at=str(self.address), reason=_WHY[event])

    def _cut(self) -> None:
        """Every connection ends; those who are allowed make another as soon as this socket listens again."""
        if self._is_listening:
            log.info("listener.cut", at=str(self.address))
            self._is_listening = False
            unlisten(self.socket)

    def _listen_again(self) -> None:
        try:
            listen(self.socket, self.address, takeover=self._takeover)
        except AddressInUse as error:
            log.error("listener.deaf", error=str(error), retry_s=self._retry_s)
            self._retry = self._loop.call_later(self._retry_s, self._listen_again)
            return
        self._is_listening = True
