"""Who has which token, remembered for some seconds, so that a request's check asks no store."""

import asyncio
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

import structlog

from aigc.core.accounts import AccountStore
from aigc.core.errors import AigcError
from aigc.core.ids import OwnerId
from web.identity import Identity, identity_of

FRESH_S = 5.0
"""So long the store is not asked again: a token that was revoked elsewhere is let in no longer than that."""
USED_S = 60.0
"""The last use of a token is written at most once in so long."""
KEPT = 10_000
PREFIX_CHARACTERS = 8

log = structlog.get_logger(__name__)


def new_token() -> str:
    """43 characters that nobody can guess."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What is kept of a token. It is random, so a fast hash hides it as well as a slow one would."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Keyring:
    """Looks tokens up by their digests.

    Args:
        wall: seconds since the epoch.
        clock: seconds on a clock that does not jump.
    """

    def __init__(
        self, store: AccountStore, wall: Callable[[], float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._wall = wall
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Identity | None]] = OrderedDict()
        self._used: dict[str, float] = {}
        self._writing: asyncio.Task[None] | None = None

    async def holder(self, token: str) -> Identity | None:
        """Who has this token; None if nobody has, or has it no more. Raises Unavailable if it cannot be known."""
        return await self.holder_of(digest_of(token))

    async def holder_of(self, digest: str) -> Identity | None:
        """The same for the token of that digest."""
        now = self._clock()
        known = self._known.get(digest)
        if known is None or now - known[0] > FRESH_S:
            known = now, await self._asked(digest)
            self._known[digest] = known
            self._known.move_to_end(digest)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        found = known[1]
        if found is not None and found.token is not None and found.token.expires_at is not None:
            return found if found.token.expires_at > self._wall() else None
        return found

    def forget(self, account: OwnerId) -> None:
        """What was known of this account is asked anew."""
        for digest, (_, found) in list(self._known.items()):
            if found is not None and found.owner == account:
                del self._known[digest]

    async def close(self) -> None:
        """Last uses are written."""
        if self._writing is not None:
            await asyncio.wait({self._writing})

    async def _asked(self, digest: str) -> Identity | None:
        token = await self._store.token(digest)
        account = None if token is None else await self._store.get(token.account)
        if token is None or account is None or not account.is_active:
            return None
        if (token.last_used_at or 0.0) < self._wall() - USED_S:
            self._used[digest] = self._wall()
            if self._writing is None or self._writing.done():
                self._writing = asyncio.get_running_loop().create_task(self._write(), name="token uses")
        return identity_of(account, token)

    async def _write(self) -> None:
        while self._used:
            used, self._used = self._used, {}
            try:
                await self._store.used(used)
            except AigcError as error:
                log.warning("tokens.unwritten", reason=str(error), do="the last use of some tokens is not known")
