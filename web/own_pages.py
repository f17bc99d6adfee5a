"""Routes that no page of another origin may use, also where nobody has to log in."""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from aigc.core.errors import NotAllowed
from web.access import Access, access_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def own_pages_only(handler: Handler) -> Handler:
    """The handler, which answers no page of another origin where nobody has to log in: any page that an operator visits
    could ask a server on the same machine. Where one has to, `Access.is_own` says what a page may."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        access = access_of(request)
        if not access.is_required:
            _check(request, access)
        return await handler(request)

    guarded.__doc__ = handler.__doc__
    return guarded


def _check(request: web.Request, access: Access) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and not access.is_own(request):
        raise NotAllowed(
            f"pages of {origin[:200]} may not ask for this",
            suggestion="use the server's own page, or a program",
            code="origin_refused",
        )
    # A page of another origin whose name suddenly leads to this machine looks like our own, but for that name.
    if _is_loopback(_here(request)) and not _is_name_of_ours(request.host, access):
        raise NotAllowed(
            f"this server is not known as {request.host[:200]!r}",
            suggestion="ask it by its address, or set server.public_url",
            code="host_refused",
        )


def _here(request: web.Request) -> str:
    """The address of ours that the client connected to; empty where it is none, as that of a Unix socket."""
    name = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return str(name[0]) if isinstance(name, tuple) else ""


def _is_name_of_ours(host: str, access: Access) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    known = {urlsplit(url).hostname for url in (access.settings.public_url, *access.settings.origins) if url}
    return name == "localhost" or name.endswith(".localhost") or name in known or _is_address(name)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(text: str) -> bool:
    return _is_address(text) and ip_address(text).is_loopback
