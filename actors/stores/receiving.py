"""A stream on its way into a store: gathered into blocks worth a hop to a thread, stored whole or not at all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Protocol

from aigc.core.errors import InputInvalid
from aigc.core.ports import Asset


class Receiver(Protocol):
    """The blocking half: methods may be called from different threads, and wait for each other."""

    def write(self, chunks: Sequence[bytes]) -> None:
        """The chunks are part of the file."""

    def finish(self, chunks: Sequence[bytes], asset: Asset) -> Asset:
        """With these last chunks the file stands under its key, durably. `asset` lacks the size and the digest."""

    def abandon(self) -> None:
        """Nothing of it is left, even if it was finished in the meantime; a call that comes late does nothing."""


async def receive(
    receiver: Receiver,
    chunks: AsyncIterator[bytes],
    asset: Asset,
    *,
    limit: int,
    block_bytes: int,
    run: Callable[..., Awaitable[Any]],
) -> Asset:
    """What was stored; or, if that fails or is cancelled, nothing is left.

    Args:
        block_bytes: chunks are handed over in blocks of about this size.
        run: calls the receiver in a thread.

    Raises:
        InputInvalid: code `too_large`: there are more than `limit` bytes.
    """
    held: list[bytes] = []
    held_bytes = total = 0
    try:
        async for chunk in chunks:
            held.append(chunk)
            held_bytes += len(chunk)
            total += len(chunk)
            if total > limit:
                raise InputInvalid(
                    f"the file is larger than {limit} bytes", suggestion="make it smaller", code="too_large"
                )
            if held_bytes >= block_bytes:
                await run(receiver.write, held)
                held, held_bytes = [], 0
        stored: Asset = await run(receiver.finish, held, asset)
    except BaseException:
        await asyncio.shield(asyncio.ensure_future(run(receiver.abandon)))
        raise
    return stored
