"""Levels of the log that operators have set, kept in the store: for processes that start later, and for brokers."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from aigc.core.ports import JobStore

KEY = "levels"
"""Name under which the store has them."""

HOLD_S = 24 * 3600.0
"""A level is in force for so long, whoever ends or starts meanwhile; then the configuration's holds again, which
nobody who looks into its files would otherwise find to be ignored."""


class Held(Struct, frozen=True):
    """A level in force."""

    level: str
    until: float
    """Seconds since the epoch, by the store's clock."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, Held]).decode


async def tell(store: JobStore, levels: Mapping[str, Held]) -> None:
    """Whoever asks hears of these levels, by logger, and no others. Raises Unavailable, StoreBroken."""
    await store.remember(KEY, _encode(dict(levels)))


async def held(store: JobStore) -> dict[str, Held]:
    """What was told last, those whose time is over included; nothing where it cannot be read. Raises Unavailable,
    StoreBroken."""
    kept = await store.recall(KEY)
    try:
        return {} if kept is None else _decode(kept)
    except msgspec.DecodeError:
        return {}


async def in_force(store: JobStore) -> dict[str, str]:
    """Logger to level, see `actors.log_level`. Raises Unavailable, StoreBroken."""
    now = store.clock()
    return {logger: one.level for logger, one in (await held(store)).items() if one.until > now}
