"""How long a token is believed without asking, and what is written of its use."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import cast

import pytest
from msgspec.structs import replace

from aigc.core.accounts import Account, AccountStore, Role, Token
from aigc.core.errors import Unavailable
from aigc.core.ids import OwnerId
from web.keyring import FRESH_S, KEPT, Keyring, digest_of, new_token

ADA = Account(id=OwnerId("user_a"), name="ada", password="", role=Role.OPERATOR, created_at=0.0)


class Memory:
    """A store that counts how often it is asked."""

    def __init__(self) -> None:
        self.text = new_token()
        self.kept: Token | None = Token(
            digest=digest_of(self.text), prefix=self.text[:8], account=ADA.id, name="t", created_at=0.0
        )
        self.account: Account | None = ADA
        self.asked = 0
        self.written: list[Mapping[str, float]] = []
        self.away = False

    async def token(self, digest: str) -> Token | None:
        self.asked += 1
        if self.away:
            raise Unavailable("away")
        return self.kept if self.kept and self.kept.digest == digest else None

    async def get(self, account: OwnerId) -> Account | None:
        return self.account

    async def used(self, at: Mapping[str, float]) -> None:
        self.written.append(at)

    async def revoke(self, tokens: Sequence[Token]) -> None:
        self.kept = None


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store() -> Memory:
    return Memory()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keyring(store: Memory, clock: Clock) -> Keyring:
    return Keyring(cast(AccountStore, store), clock, clock)


async def test_a_token_is_looked_up_once_in_five_seconds_and_a_revoked_one_let_in_no_longer(
    keyring: Keyring, store: Memory, clock: Clock
) -> None:
    for _ in range(100):
        found = await keyring.holder(store.text)
        assert found is not None and (found.name, found.role, found.via) == ("ada", Role.OPERATOR, "token")
    assert store.asked == 1
    await store.revoke([])
    clock.now += FRESH_S
    assert await keyring.holder(store.text) is not None
    clock.now += 0.01
    assert await keyring.holder(store.text) is None
    assert await keyring.holder(store.text) is None
    assert store.asked == 2, "that it lets nobody in is remembered too"


async def test_what_is_forgotten_is_asked_at_once(keyring: Keyring, store: Memory) -> None:
    await keyring.holder(store.text)
    await store.revoke([])
    keyring.forget(OwnerId("user_b"))
    assert await keyring.holder(store.text) is not None
    keyring.forget(ADA.id)
    assert await keyring.holder(store.text) is None


async def test_a_token_ends_at_its_time_and_with_its_account(keyring: Keyring, store: Memory, clock: Clock) -> None:
    assert store.kept is not None
    store.kept = replace(store.kept, expires_at=clock.now + 1)
    assert await keyring.holder(store.text) is not None
    clock.now += 1
    assert await keyring.holder(store.text) is None, "to the moment, whatever is remembered"
    store.kept = replace(store.kept, expires_at=None)
    for gone in (None, replace(ADA, is_active=False)):
        store.account = gone
        clock.now += FRESH_S + 1
        assert await keyring.holder(store.text) is None


async def test_the_last_use_is_written_once_a_minute_and_not_by_the_request(
    keyring: Keyring, store: Memory, clock: Clock
) -> None:
    for _ in range(30):
        await keyring.holder(store.text)
        clock.now += FRESH_S + 1
        await asyncio.sleep(0)
        if store.written and store.kept:
            store.kept = replace(store.kept, last_used_at=next(iter(store.written[-1].values())))
    await keyring.close()
    assert store.asked == 30
    assert 3 <= len(store.written) <= 4  # three minutes
    assert set(store.written[0]) == {digest_of(store.text)}


async def test_an_answer_that_did_not_come_is_no_answer(keyring: Keyring, store: Memory) -> None:
    store.away = True
    with pytest.raises(Unavailable):
        await keyring.holder(store.text)
    store.away = False
    assert await keyring.holder(store.text) is not None


async def test_guesses_fill_no_memory(keyring: Keyring) -> None:
    for number in range(KEPT + 50):
        assert await keyring.holder(str(number)) is None
    assert len(keyring._known) == KEPT
