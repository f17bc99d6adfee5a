import asyncio
import threading
from collections.abc import Iterator

import pytest

from bench.http_load import Answer, Script, percentile, play, request_bytes, run


class Server:
    """Answers each request with its own path, in two pieces; 500 for /bad; hangs up on /gone."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop)
        self._server = server.result()
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            path = head.split()[1]
            if path == b"/gone":
                break
            status = b"500 No" if path == b"/bad" else b"200 OK"
            writer.write(b"HTTP/1.1 %b\r\ncontent-length: %d\r\n\r\n" % (status, len(path)))
            await writer.drain()
            writer.write(path)
        writer.close()

    def close(self) -> None:
        async def close() -> None:
            self._server.close()
            await self._server.wait_closed()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def test_a_script_is_sent_the_answer_to_each_request_and_nothing_after_a_pause(server: Server) -> None:
    seen: list[object] = []

    def script() -> Script:
        first: Answer = yield request_bytes("GET", "/one")
        seen.append((first.body, first.is_fine))
        seen.append((yield 0.001))
        second: Answer = yield request_bytes("GET", "/bad")
        seen.append((second.body, second.is_fine))

    play(server.port, [script()])
    assert seen == [(b"/one", True), None, (b"/bad", False)]


def test_every_script_has_a_connection_of_its_own_and_all_go_on_at_once(server: Server) -> None:
    inside = 0

    def script() -> Script:
        nonlocal inside
        yield request_bytes("GET", "/a")
        inside += 1
        while inside < 5:  # for ever, if they went one after the other
            yield 0.001

    play(server.port, [script() for _ in range(5)])
    assert inside == 5


def test_a_closed_loop_sends_as_many_requests_as_were_asked_for_and_counts_refusals(server: Server) -> None:
    paths = iter(["/a", "/bad"] * 50)
    load = run(server.port, lambda: request_bytes("GET", next(paths)), connections=4, count=100)
    assert (load.count, load.refused, len(load.latencies_ms)) == (100, 50, 100)


def test_a_server_that_hangs_up_is_an_error_and_no_end_of_the_run(server: Server) -> None:
    with pytest.raises(ConnectionError):
        run(server.port, lambda: request_bytes("GET", "/gone"), connections=1, count=3)


def test_a_defect_of_a_script_is_raised(server: Server) -> None:
    def script() -> Script:
        yield request_bytes("GET", "/a")
        raise RuntimeError("refused")

    with pytest.raises(RuntimeError, match="refused"):
        play(server.port, [script()])


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile([3.0, 1.0, 2.0], share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 2.0, 3.0, 3.0]
