"""What every AccountStore and every AuditLog must do. Nothing here knows which one it is."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from aigc.core.accounts import Account, AccountStore, AuditEntry, AuditLog, Role, Token
from aigc.core.errors import Conflict, NotFound
from aigc.core.ids import OwnerId

T0 = 1_800_000_000.0


def account(name: str = "Ada", **fields: Any) -> Account:
    defaults = {"id": OwnerId(f"user_{os.urandom(8).hex()}"), "password": "scrypt$x", "created_at": T0}
    return Account(name=name, **(defaults | fields))


def token(owner: Account, name: str = "laptop", **fields: Any) -> Token:
    defaults = {"digest": os.urandom(32).hex(), "prefix": "abcdefgh", "created_at": T0}
    return Token(account=owner.id, name=name, **(defaults | fields))


async def test_an_account_is_found_by_its_id_and_by_its_name_in_any_case(accounts: AccountStore) -> None:
    ada = account("Ada Lövelace 龍", email="Ada@Example.org", role=Role.ADMIN, is_active=False)
    await accounts.add(ada)
    assert await accounts.get(ada.id) == ada
    assert await accounts.find("ADA LÖVELACE 龍") == ada
    assert await accounts.get(OwnerId("user_none")) is None
    assert await accounts.find("nobody") is None


async def test_no_name_and_no_address_is_two_accounts_also_when_both_come_at_once(accounts: AccountStore) -> None:
    await accounts.add(account("Ada", email="ada@example.org"))
    for other, code in (
        (account("aDA", email="b@example.org"), "name_taken"),
        (account("Bob", email="ADA@example.org"), "email_taken"),
    ):
        with pytest.raises(Conflict) as refused:
            await accounts.add(other)
        assert refused.value.code == code
        assert await accounts.get(other.id) is None
    await accounts.add(account("Bob"))  # the refused one has reserved nothing
    await accounts.add(account("Eve"))  # no address is nobody's
    twins = [account("Twin") for _ in range(8)]
    outcomes = await asyncio.gather(*(accounts.add(one) for one in twins), return_exceptions=True)
    assert sorted(isinstance(outcome, Conflict) for outcome in outcomes) == [False] + [True] * 7
    assert {one.name for one in await accounts.accounts()} == {"Ada", "Bob", "Eve", "Twin"}


async def test_accounts_are_listed_oldest_first_and_change_only_while_they_are_there(accounts: AccountStore) -> None:
    made = [account(f"user-{number}", created_at=T0 + number) for number in range(3)]
    for one in reversed(made):
        await accounts.add(one)
    changed = replace(made[1], password="scrypt$y", role=Role.OPERATOR)
    await accounts.change(changed)
    assert list(await accounts.accounts()) == [made[0], changed, made[2]]
    await accounts.remove(changed.id)
    for late in (accounts.change(made[1]), accounts.remove(made[1].id)):
        with pytest.raises(NotFound):
            await late
    assert list(await accounts.accounts()) == [made[0], made[2]]
    await accounts.add(account("User-1"))  # the name is free again


async def test_a_token_lives_until_it_is_revoked_or_its_account_goes(accounts: AccountStore) -> None:
    ada, bob = account("ada"), account("bob")
    await accounts.add(ada)
    await accounts.add(bob)
    tokens = [token(ada, f"t{number}", created_at=T0 + number, expires_at=T0 + 9) for number in range(3)]
    theirs = token(bob, kind="session", role=Role.USER)
    for one in (*tokens, theirs):
        await accounts.enter(one)
    assert list(await accounts.tokens(ada.id)) == tokens
    assert await accounts.token(tokens[1].digest) == tokens[1]
    await accounts.revoke([tokens[1], tokens[1]])
    assert await accounts.token(tokens[1].digest) is None
    await accounts.remove(ada.id)
    assert list(await accounts.tokens(ada.id)) == []
    assert await accounts.token(tokens[0].digest) is None
    assert list(await accounts.tokens(bob.id)) == [theirs]


async def test_a_last_use_is_remembered_and_brings_no_revoked_token_back(accounts: AccountStore) -> None:
    ada = account()
    await accounts.add(ada)
    kept, gone = token(ada, "kept"), token(ada, "gone")
    await accounts.enter(kept)
    await accounts.enter(gone)
    await accounts.revoke([gone])
    await accounts.used({kept.digest: T0 + 60.5, gone.digest: T0 + 60.5})
    assert [(one.name, one.last_used_at) for one in await accounts.tokens(ada.id)] == [("kept", T0 + 60.5)]
    assert await accounts.token(gone.digest) is None
    await accounts.used({})


async def test_all_who_share_the_store_share_one_secret_and_what_was_added(
    another_account_store: Callable[[], AccountStore],
) -> None:
    one, other = another_account_store(), another_account_store()
    await one.open()
    await other.open()
    secrets = await asyncio.gather(*(store.secret("urls", os.urandom(32)) for store in (one, other, one, other)))
    assert len(set(secrets)) == 1 and len(secrets[0]) == 32
    assert await one.secret("other", b"x" * 32) == b"x" * 32
    ada = account()
    await one.add(ada)
    assert await other.get(ada.id) == ada
    await other.remove(ada.id)
    assert await one.get(ada.id) is None
    await one.close()
    await other.close()


async def test_the_audit_log_tells_its_lines_newest_first_and_from_any_time_on(audit: AuditLog) -> None:
    lines = [AuditEntry(at=T0 + number, action="job.deleted", actor="u", subject=f"ü{number}") for number in range(301)]
    await audit.add(lines[0])
    assert list(await audit.recent(10)) == lines[:1]
    await asyncio.gather(*(audit.add(line) for line in lines[1:300]))
    await audit.add(lines[300])
    assert (await audit.recent(1))[0] == lines[300]
    assert {line.subject for line in await audit.recent(500, before=T0 + 100)} == {f"ü{at}" for at in range(100)}
    everything = await audit.recent(500)
    assert len(everything) == 301 and everything[-1] == lines[0]
