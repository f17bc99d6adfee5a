"""What those who may lead say of themselves in the store, since nobody else hears one that stands by."""

import msgspec

from aigc.core.ports import JobStore

KEY = "candidates"
"""Name under which the store has it: owner to the settings that every process must share."""

Said = dict[str, dict[str, str]]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Said).decode


async def said(store: JobStore) -> Said:
    """What each candidate has said; nothing where it cannot be read. Raises Unavailable, StoreBroken."""
    kept = await store.recall(KEY)
    try:
        return {} if kept is None else _decode(kept)
    except msgspec.DecodeError:
        return {}


async def introduce(store: JobStore, owner: str, agreed: dict[str, str]) -> None:
    """The store has what `owner` says, and nothing of those who are gone. To be called again and again: two who do so
    at once may take each other's word away. Raises Unavailable, StoreBroken."""
    found = await said(store)
    if found.get(owner, {}) != agreed:
        there = {broker.owner for broker in await store.brokers()}
        kept = {name: words for name, words in found.items() if name in there}
        await store.remember(KEY, _encode({**kept, owner: agreed}))
