"""Who may come in: accounts, their tokens, what they did, and the stores that keep these, as protocols.

Each protocol has one contract suite that every implementation passes.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Literal, Protocol

from msgspec import Struct

from aigc.core.errors import Conflict, NotFound
from aigc.core.ids import OwnerId


class Role(StrEnum):
    """What an account may do; each may all that the ones before it may."""

    USER = "user"
    """Its own jobs and files."""
    OPERATOR = "operator"
    """The server, and everybody's jobs."""
    ADMIN = "admin"
    """Accounts, and the audit log."""

    @property
    def rank(self) -> int:
        """Higher may more."""
        return tuple(Role).index(self)

    def covers(self, needed: "Role") -> bool:
        """True if this role may do what `needed` may."""
        return self.rank >= needed.rank


class Account(Struct, frozen=True, kw_only=True):
    """Somebody who can log in."""

    id: OwnerId
    """`user_` and 16 hexadecimal digits; whose jobs are whose."""
    name: str
    email: str = ""
    password: str
    """Salted and hashed; see `web.passwords`."""
    role: Role = Role.USER
    is_active: bool = True
    """One that is not cannot come in, and keeps what is its own."""
    created_at: float
    """Seconds since the epoch."""


class Token(Struct, frozen=True, kw_only=True):
    """What lets a program or a page in; the token itself was shown once and is not kept."""

    digest: str
    """SHA-256 of the token, in hexadecimal digits."""
    prefix: str
    """The token's first characters, by which people know it."""
    account: OwnerId
    name: str
    kind: Literal["token", "session"] = "token"
    """A session is a page's, in a cookie; it is not listed."""
    role: Role = Role.ADMIN
    """It may no more than this, whatever its account may."""
    created_at: float
    """Seconds since the epoch, like the other two."""
    expires_at: float | None = None
    last_used_at: float | None = None
    """To the minute."""


def name_taken(account: Account) -> Conflict:
    """Somebody else has that name."""
    return Conflict(f"the name {account.name} is taken", suggestion="choose another one", code="name_taken")


def email_taken(account: Account) -> Conflict:
    """Somebody has an account with that address."""
    return Conflict(f"{account.email} has an account already", suggestion="log in", code="email_taken")


def unknown(account: OwnerId) -> NotFound:
    """Nobody has that id."""
    return NotFound(f"there is no account {account[:80]!r}", suggestion="aigc users list shows them")


class AuditEntry(Struct, frozen=True, kw_only=True):
    """Who did what, when and from where."""

    at: float
    """Seconds since the epoch."""
    action: str
    """`login.succeeded`, `model.loaded`, `account.removed`: what it was about, and what was done."""
    actor: str = ""
    """The account's id; empty where nobody had logged in."""
    name: str = ""
    """As whom the actor was known then, or claimed to be."""
    subject: str = ""
    """What it was done to: the id of a job, model, worker or account."""
    detail: str = ""
    address: str = ""
    request_id: str = ""


class AccountStore(Protocol):
    """Accounts and tokens, durable. Names and addresses are unique whatever the case of their letters.

    Raises, in any method: `Unavailable` (try again), `StoreBroken` (somebody must repair it).
    """

    async def open(self) -> None:
        """Ready for use; creates what is missing. Raises StoreBroken with what to do."""

    async def close(self) -> None:
        """Nothing may be called after."""

    async def add(self, account: Account) -> None:
        """A new account. Raises Conflict if its name or its address is taken; nothing was written then."""

    async def get(self, account: OwnerId) -> Account | None:
        """The account of that id."""

    async def find(self, name: str) -> Account | None:
        """The account of that name."""

    async def accounts(self) -> Sequence[Account]:
        """All accounts, oldest first."""

    async def change(self, account: Account) -> None:
        """Replaces the account of this id; its name and address stay as they are. Raises NotFound."""

    async def remove(self, account: OwnerId) -> None:
        """The account and its tokens are gone. Raises NotFound."""

    async def enter(self, token: Token) -> None:
        """From now on this token lets its account in."""

    async def token(self, digest: str) -> Token | None:
        """The token of that digest; whether it has expired is the caller's to see."""

    async def tokens(self, account: OwnerId) -> Sequence[Token]:
        """The account's tokens and sessions, oldest first."""

    async def revoke(self, tokens: Sequence[Token]) -> None:
        """They let nobody in any more; those that are gone already do no harm."""

    async def used(self, at: Mapping[str, float]) -> None:
        """When tokens were used last, by digest, in seconds since the epoch. Brings no revoked one back."""

    async def secret(self, name: str, fresh: bytes) -> bytes:
        """The secret of that name: `fresh` for the first who ever asks, the same for all who come later."""


class AuditLog(Protocol):
    """Lines that are added and never changed. Raises as `AccountStore` does."""

    async def open(self) -> None:
        """Ready for use."""

    async def close(self) -> None:
        """Every line is written."""

    async def add(self, entry: AuditEntry) -> None:
        """The line stands."""

    async def recent(self, limit: int, before: float | None = None) -> Sequence[AuditEntry]:
        """Newest first; only those from before that time. Old lines leave when there are too many."""
