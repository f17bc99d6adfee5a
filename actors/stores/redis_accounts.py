"""Accounts and tokens in Redis, shared by all gateways."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from actors.stores.redis_scripts import ACCOUNT, ACCOUNTS, FORMAT, SECRETS, TOKENS
from actors.stores.redis_settings import RedisSettings
from actors.stores.redis_talk import RedisTalk
from actors.stores.redis_wire import Command
from aigc.core.accounts import Account, Token, email_taken, name_taken, unknown
from aigc.core.errors import StoreBroken
from aigc.core.ids import OwnerId

R = TypeVar("R", Account, Token)

_encode = msgspec.msgpack.Encoder().encode


class RedisAccountStore:
    """See `AccountStore`. A server that is away is no obstacle to `open`; calls raise Unavailable until it answers."""

    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings

    async def open(self) -> None:
        """See the port."""
        self._talk = await RedisTalk.begun(self._settings, "accounts")

    async def close(self) -> None:
        """See the port."""
        await self._talk.close()

    async def add(self, account: Account) -> None:
        """See the port."""
        taken = await self._account("add", account)
        if taken == b"name":
            raise name_taken(account)
        if taken == b"email":
            raise email_taken(account)

    async def get(self, account: OwnerId) -> Account | None:
        """See the port."""
        (record,) = await self._talk.ask(("HGET", ACCOUNTS, account.encode()))
        return _decoded(record, Account)

    async def find(self, name: str) -> Account | None:
        """See the port."""
        (identity,) = await self._talk.ask(("HGET", ACCOUNTS + b":names", name.lower().encode()))
        return None if identity is None else await self.get(OwnerId(identity.decode()))

    async def accounts(self) -> Sequence[Account]:
        """See the port."""
        (flat,) = await self._talk.ask(("HGETALL", ACCOUNTS))
        found = [_decoded(record, Account) for record in flat[1::2]]
        return sorted((one for one in found if one), key=lambda one: (one.created_at, one.id))

    async def change(self, account: Account) -> None:
        """See the port."""
        if not await self._account("change", account):
            raise unknown(account.id)

    async def remove(self, account: OwnerId) -> None:
        """See the port."""
        found = await self.get(account)
        if found is None or not await self._account("remove", found):
            raise unknown(account)
        # Without their account these let nobody in any more.
        await self.revoke(await self.tokens(account))

    async def enter(self, token: Token) -> None:
        """See the port."""
        # The list first: a token that stands in no list could not be revoked.
        await self._talk.ask(
            ("HSET", _of(token.account), token.digest, b""), ("HSET", TOKENS, token.digest, _encode(token))
        )

    async def token(self, digest: str) -> Token | None:
        """See the port."""
        return next(iter(await self._tokens([digest.encode()])), None)

    async def tokens(self, account: OwnerId) -> Sequence[Token]:
        """See the port."""
        (flat,) = await self._talk.ask(("HGETALL", _of(account)))
        found = await self._tokens(flat[::2])
        return sorted(found, key=lambda one: (one.created_at, one.digest))

    async def revoke(self, tokens: Sequence[Token]) -> None:
        """See the port."""
        await self._talk.ask(*(command for token in tokens for command in _revoking(token)))

    async def used(self, at: Mapping[str, float]) -> None:
        """See the port."""
        await self._talk.ask(*(("HSET", TOKENS + b":used", digest, repr(when)) for digest, when in at.items()))

    async def secret(self, name: str, fresh: bytes) -> bytes:
        """See the port."""
        key = SECRETS + b":" + name.encode()
        _, kept = await self._talk.ask(("SET", key, fresh, "NX"), ("GET", key))
        return bytes(kept)

    async def _tokens(self, digests: Sequence[bytes]) -> list[Token]:
        """Those that are there."""
        if not digests:
            return []
        records, used = await self._talk.ask(("HMGET", TOKENS, *digests), ("HMGET", TOKENS + b":used", *digests))
        found = []
        for record, at in zip(records, used, strict=True):
            if (token := _decoded(record, Token)) is not None:
                found.append(token if at is None else msgspec.structs.replace(token, last_used_at=float(at)))
        return found

    async def _account(self, verb: str, account: Account) -> object:
        names = (account.name.lower(), account.email.lower())
        (reply,) = await self._talk.ask(ACCOUNT.call(FORMAT, verb, account.id, *names, _encode(account)))
        return reply


def _of(account: OwnerId) -> bytes:
    return TOKENS + b":of:" + account.encode()


def _revoking(token: Token) -> Iterator[Command]:
    yield "HDEL", TOKENS, token.digest
    yield "HDEL", TOKENS + b":used", token.digest
    yield "HDEL", _of(token.account), token.digest


def _decoded(record: bytes | None, kind: type[R]) -> R | None:
    if record is None:
        return None
    try:
        return msgspec.msgpack.decode(record, type=kind)
    except msgspec.DecodeError as error:
        raise StoreBroken(
            f"the store holds an account or token that cannot be read ({error})",
            suggestion="put back a backup, or run the version that wrote it",
        ) from error
