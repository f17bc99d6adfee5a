"""Levels of the log that operators have set, kept in the store for brokers that stand by: nobody else tells those."""

import msgspec
from msgspec import Struct

from aigc.core.ports import JobStore

KEY = "levels"
"""Name under which the store has them."""


class Told(Struct, frozen=True):
    """What was set since one broker leads; it goes with it, as levels go with the process that logs."""

    generation: int
    levels: dict[str, str]
    """Logger to level, see `actors.log_level`."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Told).decode


async def tell(store: JobStore, generation: int, levels: dict[str, str]) -> None:
    """Those who stand by log from these levels on. Raises Unavailable, StoreBroken."""
    await store.remember(KEY, _encode(Told(generation, levels)))


async def told(store: JobStore, generation: int) -> dict[str, str]:
    """What was set since that generation leads; nothing where it cannot be read. Raises Unavailable, StoreBroken."""
    kept = await store.recall(KEY)
    try:
        found = Told(0, {}) if kept is None else _decode(kept)
    except msgspec.DecodeError:
        return {}
    return found.levels if found.generation == generation else {}
