"""Routes that no page of another origin may use, also where nobody has to log in."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from aigc.core.errors import NotAllowed
from web.access import access_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def own_pages_only(handler: Handler) -> Handler:
    """The handler, which answers no page of another origin where nobody has to log in: any page that an operator visits
    could ask a server on the same machine. Where one has to, `Access.is_own` says what a page may."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        is_foreign = origin is not None and urlsplit(origin).netloc != request.host
        if is_foreign and not access_of(request).is_required:
            raise NotAllowed(
                f"pages of {str(origin)[:200]} may not ask for this",
                suggestion="use the server's own page, or a program",
                code="origin_refused",
            )
        return await handler(request)

    guarded.__doc__ = handler.__doc__
    return guarded
