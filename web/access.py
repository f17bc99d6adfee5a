"""The door: who asks, whether they may, and how often."""

import asyncio
import ipaddress
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import web
from msgspec import Struct
from multidict import istr

from aigc.core.accounts import AccountStore, AuditLog
from aigc.core.buckets import Bucket, SharedBuckets
from aigc.core.errors import NotAllowed, Unavailable
from web.accounts import Accounts
from web.identity import BY_URL, NOBODY, Identity
from web.keyring import Keyring
from web.origins import Origins, Use
from web.passwords import LOG2_N, Passwords
from web.rates import Rates
from web.requests import asker_of, visit_of
from web.rights import Rights, rights_of
from web.signing import EXPIRES, SIGNATURE, Signer
from web.stream_logins import StreamLogins
from web.tries import buckets

COOKIE = "aigc_session"
KEY_BYTES = 32
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
REALM = 'Bearer realm="aigc"'

_AUTHORIZATION, _API_KEY, _ORIGIN = istr("Authorization"), istr("X-API-Key"), istr("Origin")

log = structlog.get_logger(__name__)


class AccessSettings(Struct, frozen=True, kw_only=True):
    """Who may come in."""

    registration: bool = False
    """Strangers may make an account."""
    token_s: float = 365 * 86400.0
    """How long a token is valid that says nothing else."""
    session_s: float = 7 * 86400.0
    per_minute: float = 0.0
    """Jobs and files that one account may send in a minute; 0: as many as it likes."""
    origins: Origins = Origins()
    """Which pages may do what."""
    proxies: tuple[str, ...] = ()
    """Networks of those whose word is taken for where a client is."""
    password_cost: int = LOG2_N


class Access:
    """Knows who asks. Without a store of accounts nobody has to log in, and everybody may everything.

    Args:
        store, audit: opened and closed by this; None: there are none.
        signer: gets its key when the store has told it.
        clock: seconds since the epoch.
        shared: buckets that all gateways take from; None: each has its own. Opened and closed by this.
    """

    def __init__(
        self,
        settings: AccessSettings | None = None,
        store: AccountStore | None = None,
        audit: AuditLog | None = None,
        signer: Signer | None = None,
        clock: Callable[[], float] = time.time,
        shared: SharedBuckets | None = None,
    ) -> None:
        self.settings = settings or AccessSettings()
        self._shared = shared
        self.audit = audit
        self._store = store
        self._signer = signer or Signer(3600, clock)
        self._clock = clock
        self._accounts = Accounts(store, Passwords(self.settings.password_cost), clock) if store else None
        self._keyring = Keyring(store, clock) if store else None
        self._rates, self._tries = Rates(shared), Rates(shared, keys=30_000)
        self._proxies = [ipaddress.ip_network(one, strict=False) for one in self.settings.proxies]
        self._rights: dict[web.AbstractRoute, Rights] = {}
        self._streams = StreamLogins(self._keyring) if self._keyring else None
        self._rechecking: asyncio.Task[None] | None = None

    @property
    def is_required(self) -> bool:
        """Somebody has to log in."""
        return self._accounts is not None

    @property
    def accounts(self) -> Accounts:
        """Makes accounts and tokens. Raises Unavailable where nobody logs in."""
        if self._accounts is None:
            raise Unavailable(
                "this server has no accounts; nobody has to log in",
                retry_after_s=3600,
                suggestion="its operator can set accounts.enabled: true",
                code="accounts_disabled",
            )
        return self._accounts

    @property
    def keyring(self) -> Keyring:
        """Who has which token. Raises as `accounts`."""
        _ = self.accounts
        assert self._keyring is not None
        return self._keyring

    async def start(self) -> None:
        """The stores are open. A server of theirs that is away is no obstacle; requests are refused until it is there.

        Raises StoreBroken.
        """
        if self.audit is not None:
            await self.audit.open()
        if self._store is not None:
            await self._store.open()
            if self._shared is not None:
                await self._shared.open()
            with suppress(Unavailable):
                await self._learn_key()
                if not await self._store.accounts():
                    log.warning("accounts.none", do="make the first one: aigc users add NAME --role admin")
        if self._streams is not None:
            self._rechecking = asyncio.get_running_loop().create_task(self._streams.run(), name="streams' logins")

    async def close(self) -> None:
        """Everything is written."""
        if self._rechecking is not None:
            self._rechecking.cancel()
        if self._keyring is not None:
            await self._keyring.close()
        if self._store is not None:
            await self._store.close()
            if self._shared is not None:
                await self._shared.close()
        if self.audit is not None:
            await self.audit.close()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._clock()

    # Requests

    async def admit(self, request: web.Request) -> None:
        """Return if this request may go on; it then knows who asks.

        Raises:
            NotAllowed: who asks is not known (`unauthenticated`), or may not, or its page may not (`origin_refused`).
            Unavailable: it cannot be known now, or asks too often (`rate_limited`).
        """
        rights = self._rights_of(request.match_info.route)
        if self._accounts is None:
            if rights is not None and rights.own_pages:
                self._check_page(request)
            return
        visit_of(request).asker = NOBODY
        if rights is None:
            return  # there is no such address, and whoever asks may hear that
        if not self._signer.is_ready:
            await self._learn_key()
        asker = await self._asker(request, rights)
        if asker is not None:
            visit_of(request).asker = asker
        if rights.need is None or asker is BY_URL:
            return
        if asker is None:
            raise unauthenticated()
        if not asker.role.covers(rights.need):
            raise NotAllowed(
                f"this needs the role {rights.need.value}, and {asker.name} has {asker.role.value}",
                suggestion="ask an admin of this server",
            )
        if rights.metered and self.settings.per_minute:
            await self._meter(request, asker, self.settings.per_minute)

    def _rights_of(self, route: web.AbstractRoute) -> Rights | None:
        found = self._rights.get(route)
        if found is None and route.resource is not None:
            found = self._rights[route] = rights_of(route.method, route.resource.canonical)
        return found

    async def _asker(self, request: web.Request, rights: Rights) -> Identity | None:
        refusal: NotAllowed | None = None
        if rights.signable and SIGNATURE in request.query:
            try:
                query = request.query
                self._signer.check(request.rel_url.raw_path, query.get(EXPIRES, ""), query[SIGNATURE])
            except NotAllowed as error:
                refusal = error
            else:
                return BY_URL
        token = _token_of(request)
        if token:
            found = await self.keyring.holder(token)
        else:
            found = await self._by_cookie(request, rights)
        if found is None and refusal is not None:
            raise refusal
        return found

    async def _by_cookie(self, request: web.Request, rights: Rights) -> Identity | None:
        token = request.cookies.get(COOKIE)
        found = await self.keyring.holder(token) if token else None
        if found is None or rights.need is None:
            return found
        # Whatever page a browser shows, it sends the cookie along: only our own page may act with it.
        if (request.method not in SAFE or "Upgrade" in request.headers) and not self.is_own_page(request):
            raise NotAllowed(
                "only this server's own page may do that with a session's cookie",
                suggestion="send a token instead (Authorization: Bearer ...), or have the page's origin named in "
                "security.cors_origins",
                code="origin_refused",
            )
        return found

    def is_own_page(self, request: web.Request) -> bool:
        """A browser says that a page sent this request which may act with the session's cookie."""
        return self.settings.origins.may(Use.COOKIE, request.headers.get(_ORIGIN), request.host)

    def _check_page(self, request: web.Request) -> None:
        origin, origins = request.headers.get(_ORIGIN), self.settings.origins
        if not origins.may(Use.OPERATE, origin, request.host):
            raise NotAllowed(
                f"pages of {(origin or '')[:200]} may not ask for this",
                suggestion="use the server's own page, or a program",
                code="origin_refused",
            )
        if not origins.knows(request.host, _here(request)):
            raise NotAllowed(
                f"this server is not known as {request.host[:200]!r}",
                suggestion="ask it by its address, or set server.public_url",
                code="host_refused",
            )

    async def _meter(self, request: web.Request, asker: Identity, per_minute: float) -> None:
        bucket = Bucket(f"sends\n{asker.owner}", per_minute, max(1, int(per_minute)))
        verdict = visit_of(request).rate = await self._rates.take([bucket])
        if not verdict.allowed:
            raise Unavailable(
                f"you have sent as many jobs and files as one may ({per_minute:g} a minute)",
                retry_after_s=verdict.retry_after_s,
                suggestion="wait for Retry-After, or send fewer",
                code="rate_limited",
            )

    def address_of(self, request: web.Request) -> str:
        """Where the client is; a proxy's word is taken if it is one of ours."""
        found = request.remote or ""
        for named in [found, *reversed(request.headers.get("X-Forwarded-For", "").split(","))]:
            try:
                address = ipaddress.ip_address(named.strip())
            except ValueError:
                break
            found = str(address)
            if not any(address in proxy for proxy in self._proxies):
                break
        return found

    # Logging in

    @asynccontextmanager
    async def login_attempt(self, request: web.Request, name: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """One try to log in, which counts unless what is yielded is called.

        Raises Unavailable (`too_many_logins`) where there were too many.
        """
        name = Accounts.named(name)
        is_known = name != "" and asker_of(request).name.lower() == name.lower()
        taken = buckets(name, self.address_of(request), is_known=is_known)
        verdict = visit_of(request).rate = await self._tries.take(taken)
        if not verdict.allowed:
            raise Unavailable(
                "too many tries to log in",
                retry_after_s=verdict.retry_after_s,
                suggestion="wait for Retry-After",
                code="too_many_logins",
            )
        yield partial(self._tries.give_back, taken)

    # Streams

    def streaming(self, asker: Identity, end: Callable[[], None]) -> AbstractContextManager[None]:
        """While a stream is open: `end` is called when its login has ended."""
        return nullcontext() if self._streams is None else self._streams.open(asker, end)

    async def end_streams(self) -> None:
        """Streams whose login has ended are closed."""
        if self._streams is not None:
            await self._streams.look()

    async def _learn_key(self) -> None:
        if self._store is not None:
            self._signer.use(await self._store.secret("urls", os.urandom(KEY_BYTES)))


ACCESS = web.AppKey("access", Access)


def access_of(request: web.Request) -> Access:
    """The door that this request came through."""
    return request.app[ACCESS]


def unauthenticated() -> NotAllowed:
    """Nobody knows who asks."""
    return NotAllowed(
        "log in first, or send a token that is valid",
        suggestion="Authorization: Bearer TOKEN; POST /api/v1/users/login gives one, as do `aigc users tokens`",
        code="unauthenticated",
    )


def challenge(response: web.StreamResponse) -> None:
    """An answer that asks who is there says how to tell it."""
    if response.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = REALM


def _here(request: web.Request) -> str:
    """The address of ours that the client connected to; empty where it is none, as that of a Unix socket."""
    name = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return str(name[0]) if isinstance(name, tuple) else ""


def _token_of(request: web.Request) -> str:
    """The token that a program sends; empty for none."""
    scheme, _, token = request.headers.get(_AUTHORIZATION, "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else request.headers.get(_API_KEY, "")
