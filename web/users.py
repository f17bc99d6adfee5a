"""One's own account over HTTP, in the words of existing clients: register, log in, password, tokens."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from aiohttp import web
from msgspec import Meta, Struct

from aigc.core.accounts import Account, Role, Token
from aigc.core.errors import Conflict, InputInvalid, NotAllowed, NotFound
from web.access import access_of, unauthenticated
from web.accounts import CREDENTIALS_BYTES, DAY_S, LOGIN, TypedName
from web.audit import note
from web.compat_errors import legacy
from web.identity import Identity, identity_of
from web.keyring import digest_of
from web.login import Credentials, account_of
from web.requests import Body, asker_of, fresh, reply
from web.urls import API
from web.views import rfc3339

USERS = f"{API}/users"
PREFIX_MIN = 4
"""Of a token's prefix, to be sure which is meant."""

Days = Annotated[float, Meta(gt=0, le=3650)]


class Registration(Struct, frozen=True):
    """A new account; `role` is for admins to give."""

    username: TypedName
    password: str
    email: str = ""
    role: Role = Role.USER


class PasswordChange(Struct, frozen=True):
    """Another password."""

    old_password: str
    new_password: str


class TokenRequest(Struct, frozen=True):
    """A new token."""

    token_name: Annotated[str, Meta(min_length=1, max_length=100)]
    expires_in_days: Days | None = None
    role: Role = Role.ADMIN
    """It may no more than this."""


def routes() -> list[web.RouteDef]:
    """The routes of one's own account."""
    users = Users()
    one = f"{USERS}/tokens/{{prefix}}"
    return [
        web.post(f"{USERS}/register", old_errors(users.register)),
        web.post(f"{USERS}/login", old_errors(users.login)),
        web.get(f"{USERS}/me", old_errors(users.me)),
        web.put(f"{USERS}/me/password", old_errors(users.change_password)),
        web.get(f"{USERS}/tokens", old_errors(users.tokens)),
        web.post(f"{USERS}/tokens", old_errors(users.mint)),
        web.delete(one, old_errors(users.revoke)),
    ]


def old_errors(handler: Callable[[web.Request], Awaitable[web.Response]]) -> Any:
    """With the errors of the replaced API, for which a name that is taken was bad input."""

    async def wrapped(request: web.Request) -> web.Response:
        _ = access_of(request).accounts  # raises where there are none
        try:
            return await handler(request)
        except Conflict as error:
            raise InputInvalid(error.message, suggestion=error.suggestion, code=error.code) from None

    wrapped.__doc__ = handler.__doc__
    return legacy(wrapped)


class Users:
    """Handlers of one's own account."""

    def __init__(self) -> None:
        self._registration = Body(Registration, CREDENTIALS_BYTES)
        self._credentials = Body(Credentials, CREDENTIALS_BYTES)
        self._password = Body(PasswordChange, CREDENTIALS_BYTES)
        self._token = Body(TokenRequest, CREDENTIALS_BYTES)

    async def register(self, request: web.Request) -> web.Response:
        """A new account and its first token, where strangers may make one."""
        access = access_of(request)
        wanted = await self._registration.read(request)
        if not access.settings.registration:
            raise NotAllowed(
                "nobody can register here; an admin makes accounts",
                suggestion="its operator can set accounts.registration: open",
                code="registration_closed",
            )
        async with access.login_attempt(request, f"register {wanted.username}"):
            account = await access.accounts.create(wanted.username, wanted.password, email=wanted.email)
        return await self._let_in(request, account, "account.registered", "User registered successfully")

    async def login(self, request: web.Request) -> web.Response:
        """A token for name and password."""
        account = await account_of(request, await self._credentials.read(request))
        return await self._let_in(request, account, "login.succeeded", "Login successful")

    async def _let_in(self, request: web.Request, account: Account, action: str, message: str) -> web.Response:
        access = access_of(request)
        text, token = await access.accounts.mint(account, LOGIN, for_s=access.settings.token_s)
        await note(request, action, account.name, asker=identity_of(account, token))
        body = {"user": user_view(account), "token": text, "token_name": token.name, "message": message}
        return fresh(body)

    async def me(self, request: web.Request) -> web.Response:
        """Who asks."""
        return fresh({"success": True, "user": user_view(_account(request))})

    async def change_password(self, request: web.Request) -> web.Response:
        """Another password; sessions and tokens that the former one gave are over, but for the one that asks."""
        access, asker, account = access_of(request), asker_of(request), _account(request)
        wanted = await self._password.read(request)
        async with access.login_attempt(request, account.name) as succeeded:
            if not await access.accounts.is_password(account, wanted.old_password):
                raise InputInvalid("the old password is wrong")
            await succeeded()
        await access.accounts.set_password(account, wanted.new_password, keep=asker.token)
        await changed(request, account, "password.changed")
        return reply({"success": True, "message": "Password changed successfully"})

    async def tokens(self, request: web.Request) -> web.Response:
        """The tokens of who asks, oldest first; no more of each than its first characters."""
        access, account = access_of(request), _account(request)
        found = [one for one in await access.accounts.store.tokens(account.id) if one.kind == "token"]
        now = access.now()
        return fresh({"success": True, "tokens": [_token(one, now) for one in found], "total_count": len(found)})

    async def mint(self, request: web.Request) -> web.Response:
        """A new token, shown this once."""
        access, asker, account = access_of(request), asker_of(request), _account(request)
        wanted = await self._token.read(request)
        for_s = access.settings.token_s if wanted.expires_in_days is None else wanted.expires_in_days * DAY_S
        role = wanted.role if asker.role.covers(wanted.role) else asker.role
        text, token = await access.accounts.mint(account, wanted.token_name, role=role, for_s=for_s)
        await note(request, "token.made", token.prefix, token.name)
        info = _token(token, access.now())
        return fresh({"success": True, "message": "Token created", "token": text, "token_info": info})

    async def revoke(self, request: web.Request) -> web.Response:
        """One token of who asks lets nobody in any more; named by its first characters, or all of them."""
        access, account = access_of(request), _account(request)
        given = request.match_info["prefix"].removesuffix("...")
        digest = digest_of(given)
        found = [
            one
            for one in await access.accounts.store.tokens(account.id)
            if one.kind == "token"
            and (one.digest == digest or (len(given) >= PREFIX_MIN and one.prefix.startswith(given)))
        ]
        if not found:
            raise NotFound("there is no such token", suggestion="GET /api/v1/users/tokens lists them")
        if len(found) > 1:
            raise InputInvalid(f"{len(found)} tokens begin so", suggestion="give more of its characters")
        await access.accounts.store.revoke(found)
        await changed(request, account, "token.revoked", f"{found[0].prefix} {found[0].name}")
        return reply({"success": True, "message": "Token revoked"})


async def changed(request: web.Request, account: Account, action: str, detail: str = "") -> None:
    """An account was changed, which is written down: what it might before is asked anew, also of open streams."""
    access = access_of(request)
    access.keyring.forget(account.id)
    await asyncio.gather(note(request, action, account.id, detail), access.end_streams())


def user_view(account: Account) -> dict[str, Any]:
    """An account as clients see it."""
    return {
        "user_id": account.id,
        "username": account.name,
        "email": account.email,
        "role": account.role,
        "is_active": account.is_active,
        "created_at": rfc3339(account.created_at),
    }


def _token(token: Token, now: float) -> dict[str, Any]:
    return {
        "token_prefix": f"{token.prefix}...",
        "name": token.name,
        "role": token.role,
        "created_at": rfc3339(token.created_at),
        "expires_at": rfc3339(token.expires_at),
        "last_used_at": rfc3339(token.last_used_at),
        "is_active": token.expires_at is None or token.expires_at > now,
    }


def _account(request: web.Request) -> Account:
    asker: Identity = asker_of(request)
    if asker.account is None:
        raise unauthenticated()
    return asker.account
