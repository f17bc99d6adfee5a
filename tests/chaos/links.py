"""A process's own way to a service that others share: a unix socket whose bytes are carried to the real one.

So one process can be parted from one service while all others go on talking to it.
"""

import asyncio
import contextlib
from pathlib import Path

CHUNK = 1 << 16


class Link:
    """From a socket of one process to that of a service.

    Args:
        here: where the process connects.
        there: where the service listens, whichever process that is now.
    """

    def __init__(self, here: Path, there: Path) -> None:
        self._here, self._there = here, there
        self._out, self._in = asyncio.Event(), asyncio.Event()
        self._out.set()
        self._in.set()
        self._is_cut = False
        self._carrying: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """The process can connect."""
        self._server = await asyncio.start_unix_server(self._accept, self._here)

    async def close(self) -> None:
        """Nobody can; what was connected is not."""
        self._server.close()
        await self._break()

    def hold(self, *, out: bool = True, back: bool = True) -> None:
        """Nothing gets through in these directions; connections stay, and what was sent comes when it is healed."""
        if out:
            self._out.clear()
        if back:
            self._in.clear()

    async def cut(self) -> None:
        """Connections break, and new ones end at once."""
        self._is_cut = True
        await self._break()

    def heal(self) -> None:
        """All is as it was; the process has to connect again where it was cut."""
        self._is_cut = False
        self._out.set()
        self._in.set()

    async def _break(self) -> None:
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._join(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.ExitStack() as opened:
            opened.callback(writer.transport.abort)
            if self._is_cut:
                return
            try:
                to, back = await asyncio.open_unix_connection(self._there)
            except OSError:
                return
            opened.callback(back.transport.abort)
            ways = (_carry(reader, back, self._out), _carry(to, writer, self._in))
            tasks = [asyncio.ensure_future(way) for way in ways]
            try:
                # When one side has ended, so has the other: neither of our protocols half-closes.
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            await gate.wait()
            writer.write(data)
            await writer.drain()
        await gate.wait()  # a goodbye does not get through either
