"""Who logs in by name and password: tries are counted, and those that fail are written down."""

from aiohttp import web
from msgspec import Struct

from aigc.core.accounts import Account
from aigc.core.errors import NotAllowed
from web.access import access_of
from web.accounts import Accounts, TypedName
from web.audit import note


class Credentials(Struct, frozen=True):
    """Who logs in."""

    username: TypedName
    password: str


async def account_of(request: web.Request, given: Credentials) -> Account:
    """The account whose name and password these are.

    Raises:
        NotAllowed: they are nobody's (`wrong_login`); which of the two is wrong is nobody's business.
        Unavailable: there were too many tries (`too_many_logins`), or nobody logs in here.
    """
    access = access_of(request)
    async with access.login_attempt(request, given.username) as succeeded:
        account = await access.accounts.login(given.username, given.password)
        if account is None:
            await note(request, "login.failed", Accounts.named(given.username))
            raise NotAllowed("Invalid username or password", code="wrong_login")  # in the words of existing clients
        await succeeded()
    return account
