"""picows as a yardstick: every connected client gets one frame per event, as fast as they take it."""

import asyncio

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from bench.fanout import EVENT

clients: set[WSTransport] = set()


class Listener(WSListener):
    """Knows who is connected."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        """One more."""
        clients.add(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """One less."""
        clients.discard(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Nobody says anything."""


def accept(request: WSUpgradeRequest) -> Listener:
    """Everybody."""
    return Listener()


async def main() -> None:
    """Serve until killed; begins to send when the clients are there."""
    server = await ws_create_server(accept, "127.0.0.1", 0)
    print(f"open http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    while True:
        for client in list(clients):
            # A reader that is behind is left out of this round, as a server with bounded buffers must.
            if client.underlying_transport.get_write_buffer_size() < 1 << 16:
                client.send(WSMsgType.TEXT, EVENT)
        await asyncio.sleep(0)


if __name__ == "__main__":
    uvloop.run(main())
