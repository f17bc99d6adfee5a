"""A bad line to a server: cut after so many bytes of an answer, so many times."""

import contextlib
import socket
import threading


class Relay:
    """Relays to `url`; the first `cuts` answers that are longer than `after` bytes end there."""

    def __init__(self, url: str, *, after: int, cuts: int) -> None:
        self._to = ("127.0.0.1", int(url.rsplit(":", 1)[1]))
        self.after, self.cuts = after, cuts
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._to) as server, contextlib.suppress(OSError):
            asking = threading.Thread(target=self._pump, args=(client, server), daemon=True)
            asking.start()
            relayed = 0
            while piece := server.recv(65536):
                if self.cuts and relayed + len(piece) > self.after:
                    self.cuts -= 1
                    client.sendall(piece[: self.after - relayed])
                    break
                client.sendall(piece)
                relayed += len(piece)
            # The other direction is over as well, though its reader does not know it.
            for end in (client, server):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            asking.join()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)

    def __enter__(self) -> "Relay":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
