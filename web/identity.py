"""Who asks: an account by one of its tokens, a page's session, a signed URL; or nobody, where nobody has to log in."""

from typing import Literal

from msgspec import Struct

from aigc.core.accounts import Account, Role, Token
from aigc.core.ids import OwnerId


class Identity(Struct, frozen=True):
    """Who asks, and what that lets them do."""

    role: Role
    via: Literal["open", "nobody", "token", "session", "url"]
    """How it is known: `open` where nobody has to log in, `nobody` where somebody has to and did not."""
    account: Account | None = None
    token: Token | None = None

    @property
    def owner(self) -> OwnerId:
        """Whose what they make becomes."""
        return self.account.id if self.account else OwnerId("")

    @property
    def name(self) -> str:
        """As people know them; empty for nobody."""
        return self.account.name if self.account else ""

    @property
    def viewer(self) -> OwnerId | None:
        """Whose things they may see and change; None: everybody's. A signed URL is for one thing, whoever's it is."""
        if self.via == "nobody":
            return OwnerId("-")
        return None if self.via in ("open", "url") or self.role.covers(Role.OPERATOR) else self.owner


OPEN = Identity(Role.ADMIN, "open")
"""Everybody, where nobody has to log in."""
NOBODY = Identity(Role.USER, "nobody")
"""Who did not say who they are, where only what is for anybody is shown."""
BY_URL = Identity(Role.USER, "url")
"""Whoever has a signed URL; its route is the only one that it opens."""


def identity_of(account: Account, token: Token) -> Identity:
    """Who has that token of that account: no more than both may."""
    role = account.role if token.role.covers(account.role) else token.role
    return Identity(role, token.kind, account, token)
