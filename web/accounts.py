"""What is done with accounts, whoever asks for it: a page, an existing client, or the command line."""

import re
import secrets
import unicodedata
from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from aigc.core.accounts import Account, AccountStore, Role, Token
from aigc.core.errors import InputInvalid
from aigc.core.ids import OwnerId
from web.keyring import PREFIX_CHARACTERS, digest_of, new_token
from web.passwords import CHARACTERS_MAX, Passwords
from web.problem import FieldError, FieldsInvalid

CREDENTIALS_BYTES = 16 << 10
"""A body with which somebody comes in may be so long."""
TypedName = Annotated[str, Meta(max_length=256)]
"""A name as somebody types it: to compose its characters can take the square of their number."""
NAME_MIN, NAME_MAX = 3, 64
PASSWORD_MIN = 6
"""As existing clients allow."""
TOKENS_MAX = 100
"""Of one account; the oldest goes when another one comes."""
DAY_S = 86400.0

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{1,63}")


class Accounts:
    """Makes accounts and tokens.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, store: AccountStore, passwords: Passwords, clock: Callable[[], float]) -> None:
        self.store = store
        self._passwords = passwords
        self._clock = clock

    async def create(self, name: str, password: str, *, email: str = "", role: Role = Role.USER) -> Account:
        """A new account.

        Raises:
            InputInvalid: the name or the password is too short, or of what it cannot be.
            FieldsInvalid: the address is none.
            Conflict: name or address is taken.
        """
        name = self.named(name)
        if not NAME_MIN <= len(name) <= NAME_MAX or not name.isprintable() or "/" in name:
            raise InputInvalid(f"a name has {NAME_MIN} to {NAME_MAX} characters that can be seen, and no slash")
        if email and not _EMAIL.fullmatch(email):
            raise FieldsInvalid([FieldError("/email", f"{email[:60]!r} is not an e-mail address")])
        account = Account(
            id=OwnerId(f"user_{secrets.token_hex(8)}"),
            name=name,
            email=email,
            password=await self._hashed(password),
            role=role,
            created_at=self._clock(),
        )
        await self.store.add(account)
        return account

    @staticmethod
    def named(name: str) -> str:
        """A name as it is kept, so that one that looks the same is the same."""
        return unicodedata.normalize("NFKC", name).strip()

    async def login(self, name: str, password: str) -> Account | None:
        """The account, if the password is its own; takes the same time if there is none of that name."""
        account = await self.store.find(self.named(name))
        is_right = await self._passwords.matches(password, account.password if account else None)
        return account if account and is_right and account.is_active else None

    async def mint(
        self,
        account: Account,
        name: str,
        *,
        session: bool = False,
        role: Role = Role.ADMIN,
        for_s: float | None = None,
    ) -> tuple[str, Token]:
        """A new token of that account, to be shown now and never again, and what is kept of it."""
        text, now = new_token(), self._clock()
        token = Token(
            digest=digest_of(text),
            prefix=text[:PREFIX_CHARACTERS],
            account=account.id,
            name=name,
            kind="session" if session else "token",
            role=role,
            created_at=now,
            expires_at=None if for_s is None else now + for_s,
        )
        await self.store.enter(token)
        standing = await self.store.tokens(account.id)
        over = [one for one in standing if one.expires_at is not None and one.expires_at <= now]
        alive = [one for one in standing if one not in over]
        await self.store.revoke([*over, *alive[: max(0, len(alive) - TOKENS_MAX)]])
        return text, token

    async def set_password(self, account: Account, password: str, keep: Token | None = None) -> None:
        """From now on that is the password. What was let in by the former one, but for `keep`, is let in no more.

        Tokens that were made one by one stay.
        """
        await self.store.change(msgspec.structs.replace(account, password=await self._hashed(password)))
        tokens = await self.store.tokens(account.id)
        by_password = [one for one in tokens if one.kind == "session" or one.name == LOGIN]
        await self.store.revoke([one for one in by_password if keep is None or one.digest != keep.digest])

    async def is_password(self, account: Account, password: str) -> bool:
        """True if it is the account's."""
        return await self._passwords.matches(password, account.password)

    async def _hashed(self, password: str) -> str:
        if not PASSWORD_MIN <= len(password) <= CHARACTERS_MAX:
            raise InputInvalid(f"a password has {PASSWORD_MIN} to {CHARACTERS_MAX} characters")
        return await self._passwords.hashed(password)


LOGIN = "login"
"""Name of the tokens that existing clients get when they log in."""
