"""A link carries bytes, or does not, as it is told."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chaos.links import Link

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def link(tmp_path: Path) -> AsyncIterator[Link]:
    """To a service that says everything twice."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data * 2)
        writer.close()

    service = await asyncio.start_unix_server(serve, tmp_path / "there")
    made = Link(tmp_path / "here", tmp_path / "there")
    await made.open()
    yield made
    await made.close()
    service.close()


@pytest.fixture
async def client(link: Link, tmp_path: Path) -> AsyncIterator[Streams]:
    """Connected, and heard."""
    reader, writer = await asyncio.open_unix_connection(tmp_path / "here")
    writer.write(b"a")
    assert await reader.readexactly(2) == b"aa"
    yield reader, writer
    writer.close()


@pytest.mark.parametrize(("out", "back"), [(True, True), (True, False), (False, True)])
async def test_what_is_held_comes_when_it_is_healed(link: Link, client: Streams, out: bool, back: bool) -> None:
    reader, writer = client
    link.hold(out=out, back=back)
    writer.write(b"b")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.05)
    link.heal()
    assert await reader.readexactly(2) == b"bb"


async def test_a_cut_breaks_connections_and_ends_new_ones_until_it_is_healed(
    link: Link, client: Streams, tmp_path: Path
) -> None:
    await link.cut()
    assert await client[0].read() == b""
    reader, writer = await asyncio.open_unix_connection(tmp_path / "here")
    assert await reader.read() == b""
    writer.close()
    link.heal()
    reader, writer = await asyncio.open_unix_connection(tmp_path / "here")
    writer.write(b"c")
    assert await reader.readexactly(2) == b"cc"
    writer.close()


async def test_a_service_that_is_away_ends_the_connection(tmp_path: Path) -> None:
    link = Link(tmp_path / "here", tmp_path / "nowhere")
    await link.open()
    reader, writer = await asyncio.open_unix_connection(tmp_path / "here")
    assert await reader.read() == b""
    writer.close()
    await link.close()
