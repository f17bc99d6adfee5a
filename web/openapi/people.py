"""Accounts, sessions and the audit log, route by route; and how one says who one is."""

from __future__ import annotations

from typing import Any

from web.login import Credentials
from web.openapi.operation import Answer, Operation, Query
from web.openapi.shapes import Count, Instant, _Answer
from web.rights import rights_of
from web.users import PasswordChange, Registration, TokenRequest
from web.users_admin import AccountChange

TAG = "Accounts"
ABOUT = "Who may come in; 503 where nobody has to log in."


class User(_Answer):
    """An account."""

    user_id: str
    username: str
    email: str
    role: str
    is_active: bool
    created_at: Instant


class Session(_Answer):
    """Whether somebody has to log in, and who has."""

    required: bool
    registration: bool
    user: User | None
    role: str | None
    expires_at: Instant | None


class LetIn(_Answer):
    """A token, shown this once."""

    user: User
    token: str
    token_name: str
    message: str


class TheUser(_Answer):
    """One account."""

    success: bool
    user: User


class TokenInfo(_Answer):
    """What is kept of a token."""

    token_prefix: str
    name: str
    role: str
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None
    is_active: bool


class NewToken(_Answer):
    """A token, shown this once, and what is kept of it."""

    success: bool
    message: str
    token: str
    token_info: TokenInfo


class Tokens(_Answer):
    """Tokens of who asks."""

    success: bool
    tokens: list[TokenInfo]
    total_count: Count


class Done(_Answer):
    """It is done."""

    success: bool
    message: str


class Pagination(_Answer):
    """Which part of a list."""

    limit: Count
    offset: Count
    total: Count
    has_more: bool


class Users(_Answer):
    """Accounts, oldest first."""

    success: bool
    users: list[User]
    count: Count
    pagination: Pagination


class Owner(_Answer):
    """Whose an id is."""

    id: str
    name: str
    role: str


class Owners(_Answer):
    """Names of accounts."""

    owners: list[Owner]


class AuditLine(_Answer):
    """Who did what, when and from where."""

    at: Instant
    action: str
    actor: str
    name: str
    subject: str
    detail: str
    address: str
    request_id: str


class Audit(_Answer):
    """Lines of the audit log, newest first."""

    entries: list[AuditLine]
    next_before: float | None


_NUMBER = {"type": "number"}
_OFFSET = Query("offset", _NUMBER, "Accounts to skip.")
_LIMIT = Query("limit", _NUMBER, "At most so many.")
_SESSION = {200: Answer("Who is logged in now.", Session)}
_LET_IN = {200: Answer("Come in.", LetIn)}
_USER = {200: Answer("The account.", TheUser)}
_DONE = {200: Answer("It is done.", Done)}
_LOGIN_ERRORS = (401, 403, 415, 422, 429, 503)
_USERS = "/api/v1/users"
_ONE = f"{_USERS}/admin/users/{{id}}"

OPERATIONS: dict[str, Operation] = {
    "GET /api/v1/session": Operation("getSession", TAG, _SESSION),
    "POST /api/v1/session": Operation("beginSession", TAG, _SESSION, body=Credentials, errors=_LOGIN_ERRORS),
    "DELETE /api/v1/session": Operation("endSession", TAG, _SESSION, errors=(403,)),
    f"POST {_USERS}/register": Operation(
        "register", TAG, _LET_IN, body=Registration, errors=(400, 403, 415, 422, 429, 503)
    ),
    f"POST {_USERS}/login": Operation("login", TAG, _LET_IN, body=Credentials, errors=_LOGIN_ERRORS),
    f"GET {_USERS}/me": Operation("getMe", TAG, _USER, errors=(503,)),
    f"PUT {_USERS}/me/password": Operation(
        "changePassword", TAG, _DONE, body=PasswordChange, errors=(400, 415, 422, 429, 503)
    ),
    f"GET {_USERS}/tokens": Operation("listTokens", TAG, {200: Answer("The tokens.", Tokens)}, errors=(503,)),
    f"POST {_USERS}/tokens": Operation(
        "makeToken", TAG, {200: Answer("The token.", NewToken)}, body=TokenRequest, errors=(415, 422, 503)
    ),
    f"DELETE {_USERS}/tokens/{{prefix}}": Operation("revokeToken", TAG, _DONE, errors=(400, 404, 503)),
    f"GET {_USERS}/admin/users": Operation(
        "listAccounts", TAG, {200: Answer("The accounts.", Users)}, (_LIMIT, _OFFSET), errors=(422, 503)
    ),
    f"POST {_USERS}/admin/users": Operation("addAccount", TAG, _USER, body=Registration, errors=(400, 415, 422, 503)),
    f"GET {_ONE}": Operation("getAccount", TAG, _USER, errors=(404, 503)),
    f"PATCH {_ONE}": Operation("changeAccount", TAG, _USER, body=AccountChange, errors=(400, 404, 415, 422, 503)),
    f"DELETE {_ONE}": Operation("removeAccount", TAG, _DONE, errors=(400, 404, 503)),
    "GET /api/v1/owners": Operation("listOwners", TAG, {200: Answer("Names by id.", Owners)}),
    "GET /api/v1/audit": Operation(
        "getAudit",
        TAG,
        {200: Answer("Lines, newest first.", Audit)},
        (_LIMIT, Query("before", _NUMBER, "`next_before` of the page before.")),
        errors=(422, 503),
    ),
}
"""`METHOD path` -> what is to be known of it."""

SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "session": {"type": "apiKey", "in": "cookie", "name": "aigc_session"},
    "signedUrl": {
        "type": "apiKey",
        "in": "query",
        "name": "signature",
        "description": "With `expires`, as it stands in the URLs that the API gives.",
    },
}


def security_of(method: str, path: str) -> list[dict[str, list[str]]]:
    """Which of the schemes opens a route; none where it is for anybody."""
    rights = rights_of(method.upper(), path)
    names = [name for name in SCHEMES if name != "signedUrl" or rights.signable]
    return [] if rights.need is None else [{name: []} for name in names]
