"""How a page logs in: a session in a cookie that no script can read, so that pictures and streams need no header."""

from typing import Any

from aiohttp import web

from aigc.core.errors import NotAllowed
from web import urls
from web.access import COOKIE, access_of
from web.accounts import CREDENTIALS_BYTES
from web.audit import note
from web.identity import NOBODY, Identity, identity_of
from web.login import Credentials, account_of
from web.requests import Body, asker_of, fresh
from web.users import user_view
from web.views import rfc3339

_CREDENTIALS = Body(Credentials, CREDENTIALS_BYTES)


def routes() -> list[web.RouteDef]:
    """The routes of a page's session."""
    return [web.get(urls.SESSION, show), web.post(urls.SESSION, begin), web.delete(urls.SESSION, end)]


async def show(request: web.Request) -> web.Response:
    """Whether somebody has to log in, and who has."""
    return _answer(request, asker_of(request))


async def begin(request: web.Request) -> web.Response:
    """Log in: the answer sets the cookie."""
    access = access_of(request)
    account = await account_of(request, await _CREDENTIALS.read(request))
    session_s = access.settings.session_s
    text, token = await access.accounts.mint(account, "page", session=True, for_s=session_s)
    asker = identity_of(account, token)
    await note(request, "login.succeeded", account.name, asker=asker)
    response = _answer(request, asker)
    is_secure = request.scheme == "https" or access.settings.origins.public_url.startswith("https:")
    response.set_cookie(COOKIE, text, max_age=int(session_s), path="/", httponly=True, samesite="Lax", secure=is_secure)
    return response


async def end(request: web.Request) -> web.Response:
    """Log out: the session lets nobody in any more."""
    asker, access = asker_of(request), access_of(request)
    if asker.via == "session" and asker.token is not None:
        if not access.is_own_page(request):
            raise NotAllowed("only this server's own page may do that", code="origin_refused")
        await access.accounts.store.revoke([asker.token])
        access.keyring.forget(asker.owner)
        await access.end_streams()
        asker = NOBODY
    response = _answer(request, asker)
    response.del_cookie(COOKIE, path="/")
    return response


def _answer(request: web.Request, asker: Identity) -> web.Response:
    access = access_of(request)
    is_somebody = asker.via in ("token", "session", "open")
    body: dict[str, Any] = {
        "required": access.is_required,
        "registration": access.is_required and access.settings.registration,
        "user": user_view(asker.account) if asker.account else None,
        "role": asker.role.value if is_somebody else None,
        "expires_at": rfc3339(asker.token.expires_at) if asker.token else None,
    }
    return fresh(body)
