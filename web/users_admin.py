"""What admins do with everybody's accounts, over HTTP, in the words of existing clients."""

import msgspec
from aiohttp import web
from msgspec import Struct

from aigc.core.accounts import Account, Role
from aigc.core.errors import InputInvalid, NotFound
from aigc.core.ids import OwnerId
from web.access import access_of
from web.accounts import CREDENTIALS_BYTES
from web.audit import note
from web.requests import Body, asker_of, fresh, number, reply
from web.urls import API
from web.users import USERS, Registration, changed, old_errors, user_view


class AccountChange(Struct, frozen=True):
    """What an admin changes."""

    role: Role | None = None
    is_active: bool | None = None
    password: str | None = None


def routes() -> list[web.RouteDef]:
    """The routes of everybody's accounts."""
    admin, everybody = Admin(), f"{USERS}/admin/users"
    return [
        web.get(everybody, old_errors(admin.index)),
        web.post(everybody, old_errors(admin.add)),
        web.get(f"{everybody}/{{id}}", old_errors(admin.show)),
        web.patch(f"{everybody}/{{id}}", old_errors(admin.change)),
        web.delete(f"{everybody}/{{id}}", old_errors(admin.remove)),
        web.get(f"{API}/owners", admin.owners),
    ]


class Admin:
    """Handlers of everybody's accounts."""

    def __init__(self) -> None:
        self._registration = Body(Registration, CREDENTIALS_BYTES)
        self._change = Body(AccountChange, CREDENTIALS_BYTES)

    async def index(self, request: web.Request) -> web.Response:
        """All accounts, oldest first; `?limit=&offset=`."""
        found = await access_of(request).accounts.store.accounts()
        limit, offset = int(number(request, "limit", 100, 1, 1000)), int(number(request, "offset", 0, 0, 1 << 31))
        page = found[offset : offset + limit]
        pagination = {
            "limit": limit,
            "offset": offset,
            "total": len(found),
            "has_more": offset + len(page) < len(found),
        }
        users = [user_view(one) for one in page]
        return fresh({"success": True, "users": users, "count": len(users), "pagination": pagination})

    async def add(self, request: web.Request) -> web.Response:
        """A new account, also where strangers may make none."""
        wanted = await self._registration.read(request)
        accounts = access_of(request).accounts
        made = await accounts.create(wanted.username, wanted.password, email=wanted.email, role=wanted.role)
        await note(request, "account.made", made.id, f"{made.name}, {made.role}")
        return fresh({"success": True, "user": user_view(made)})

    async def show(self, request: web.Request) -> web.Response:
        """One account."""
        return fresh({"success": True, "user": user_view(await self._named(request))})

    async def change(self, request: web.Request) -> web.Response:
        """Another role, another password, or no way in any more."""
        account, asker = await self._named(request), asker_of(request)
        wanted = await self._change.read(request)
        if account.id == asker.owner and (wanted.is_active is False or wanted.role not in (None, account.role)):
            raise InputInvalid("an admin cannot shut out or demote themselves", suggestion="ask another admin")
        after = msgspec.structs.replace(
            account,
            role=wanted.role or account.role,
            is_active=account.is_active if wanted.is_active is None else wanted.is_active,
        )
        store = access_of(request).accounts
        if after != account:
            await store.store.change(after)
        if wanted.password is not None:
            await store.set_password(after, wanted.password)
        words = [f"role {after.role}", "active" if after.is_active else "shut out"]
        await changed(
            request, account, "account.changed", ", ".join([*words, *["password"][: wanted.password is not None]])
        )
        return fresh({"success": True, "user": user_view(after)})

    async def remove(self, request: web.Request) -> web.Response:
        """The account and its tokens are gone; its jobs stay until they expire, for operators to see."""
        account = await self._named(request)
        if account.id == asker_of(request).owner:
            raise InputInvalid("You cannot delete your own account", suggestion="ask another admin")
        await access_of(request).accounts.store.remove(account.id)
        await changed(request, account, "account.removed", account.name)
        return reply({"success": True, "message": f"User {account.name} deleted"})

    async def owners(self, request: web.Request) -> web.Response:
        """Names of those whose jobs there may be, for operators."""
        access = access_of(request)
        found = await access.accounts.store.accounts() if access.is_required else []
        return fresh({"owners": [{"id": one.id, "name": one.name, "role": one.role} for one in found]})

    async def _named(self, request: web.Request) -> Account:
        identity = request.match_info["id"]
        found = await access_of(request).accounts.store.get(OwnerId(identity))
        if found is None:
            raise NotFound(f"there is no account {identity[:80]!r}")
        return found
