"""The audit log as a stream in Redis, to which all gateways add."""

from collections.abc import Sequence

import msgspec

from actors.stores.redis_scripts import AUDIT
from actors.stores.redis_settings import RedisSettings
from actors.stores.redis_talk import RedisTalk
from aigc.core.accounts import AuditEntry

LINES = 100_000
"""About so many are kept; the oldest leave."""
PIECE = 200
"""Lines that are read at once."""

_encode = msgspec.json.Encoder().encode
_entry = msgspec.json.Decoder(AuditEntry).decode


class RedisAuditLog:
    """See `AuditLog`. A server that is away is no obstacle to `open`."""

    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings

    async def open(self) -> None:
        """See the port."""
        self._talk = await RedisTalk.begun(self._settings, "audit")

    async def close(self) -> None:
        """See the port."""
        await self._talk.close()

    async def add(self, entry: AuditEntry) -> None:
        """See the port."""
        await self._talk.ask(("XADD", AUDIT, "MAXLEN", "~", LINES, "*", "entry", _encode(entry)))

    async def recent(self, limit: int, before: float | None = None) -> Sequence[AuditEntry]:
        """See the port."""
        found: list[AuditEntry] = []
        end = b"+"
        while len(found) < limit:
            (lines,) = await self._talk.ask(("XREVRANGE", AUDIT, end, "-", "COUNT", PIECE))
            for identity, (_, line) in lines:
                end = b"(" + identity
                entry = _entry(line)
                if before is None or entry.at < before:
                    found.append(entry)
            if len(lines) < PIECE:
                break
        return found[:limit]
