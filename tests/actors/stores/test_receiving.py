import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from actors.stores.receiving import receive
from aigc.core.errors import InputInvalid
from aigc.core.ids import AssetKey
from aigc.core.ports import Asset

ASSET = Asset(key=AssetKey("a/b"), bytes=0, sha256="", content_type="x/y")


class Kept:
    """A receiver that remembers what it was told."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self.is_finished = self.is_abandoned = False

    def write(self, chunks: Sequence[bytes]) -> None:
        self.blocks.append(b"".join(chunks))

    def finish(self, chunks: Sequence[bytes], asset: Asset) -> Asset:
        self.write(chunks)
        self.is_finished = True
        return asset

    def abandon(self) -> None:
        self.is_abandoned = True


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def taken(kept: Kept, chunks: AsyncIterator[bytes], limit: int = 100) -> Asset:
    async def run(call: Any, *arguments: Any) -> Any:
        await asyncio.sleep(0)
        return call(*arguments)

    return await receive(kept, chunks, ASSET, limit=limit, block_bytes=4, run=run)


async def test_chunks_arrive_in_blocks_and_in_order() -> None:
    kept = Kept()

    assert await taken(kept, stream(b"ab", b"", b"cd", b"efghij", b"k")) is ASSET

    assert kept.blocks == [b"abcd", b"efghij", b"k"]
    assert (kept.is_finished, kept.is_abandoned) == (True, False)


async def test_one_byte_too_much_is_refused_and_nothing_is_kept() -> None:
    exact, more = Kept(), Kept()

    await taken(exact, stream(b"abcd", b"ef"), limit=6)
    with pytest.raises(InputInvalid) as refused:
        await taken(more, stream(b"abcd", b"ef"), limit=5)

    assert refused.value.code == "too_large"
    assert (more.is_finished, more.is_abandoned) == (False, True)


async def test_a_stream_that_raises_is_abandoned() -> None:
    kept = Kept()

    async def cut() -> AsyncIterator[bytes]:
        yield b"abcd"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await taken(kept, cut())
    assert kept.is_abandoned


async def test_a_cancel_is_answered_when_nothing_is_left() -> None:
    kept, waits = Kept(), asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"ab"
        waits.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(taken(kept, endless()))
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert kept.is_abandoned
