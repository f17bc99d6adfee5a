"""Accounts and sessions over HTTP, in the shapes that existing clients know."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.web.house_kit import House
from tests.web.people_kit import PASSWORDS, Guarded, guarded
from web.access import AccessSettings
from web.accounts import DAY_S
from web.openapi import people
from web.rates import Rates

USERS = "/api/v1/users"
USER_KEYS = {"user_id", "username", "email", "role", "is_active", "created_at"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Guarded]:
    async with guarded(tmp_path, AccessSettings(registration=True)) as running:
        yield running


async def test_one_registers_logs_in_and_is_known(house: Guarded) -> None:
    new = {"username": "Zoë", "email": "zoe@example.org", "password": "secret"}
    status, made = await house.call("POST", f"{USERS}/register", json=new)
    assert status == 200 and set(made) == {"user", "token", "token_name", "message"}
    assert set(made["user"]) == USER_KEYS and made["user"]["role"] == "user" and len(made["token"]) == 43
    assert made["user"]["user_id"].startswith("user_") and len(made["user"]["user_id"]) == 21
    for header in ({"Authorization": f"Bearer {made['token']}"}, {"X-API-Key": made["token"]}):
        status, me = await house.call("GET", f"{USERS}/me", headers=header)
        assert (status, me) == (200, {"success": True, "user": made["user"]})
    for name in ("zoë", "ZOË", "Zoe\u0308"):
        status, again = await house.call("POST", f"{USERS}/login", json={"username": name, "password": "secret"})
        assert status == 200 and again["user"] == made["user"] and again["token"] != made["token"]
    for body, expected in (
        (new, 400),
        ({**new, "username": "zoE\u0308", "email": "other@example.org"}, 400),
        ({**new, "username": "other"}, 400),
        ({**new, "username": "ab"}, 400),
        ({**new, "username": "a\u202eb/c"}, 400),
        ({**new, "username": "short", "email": "", "password": "12345"}, 400),
        ({**new, "username": "mailer", "email": "no address"}, 422),
        ({"username": "nobody"}, 422),
    ):
        status, refusal = await house.call("POST", f"{USERS}/register", json=body)
        assert status == expected and refusal["detail"], body
        house.access._tries = Rates()
    for body in ({"username": "zoë", "password": "wrong!"}, {"username": "nobody", "password": "secret"}):
        status, refusal = await house.call("POST", f"{USERS}/login", json=body)
        assert (status, refusal["detail"]) == (401, "Invalid username or password")


@pytest.mark.parametrize("path", [f"{USERS}/login", f"{USERS}/register", "/api/v1/session"])
async def test_strangers_are_refused_before_what_they_send_costs_much(house: Guarded, path: str) -> None:
    quadratic = {"username": "a" + "\u0300\u0316" * 200, "password": "secret"}
    status, refusal = await house.call("POST", path, json=quadratic)
    assert status == 422 and "username" in str(refusal), refusal
    status, refusal = await house.call("POST", path, json={"username": "ada", "password": "x" * (17 << 10)})
    assert 400 <= status < 500 and "larger than 16 KiB" in str(refusal)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    status, refusal = await house.call("POST", path, data=b"{}", headers=headers)
    assert 400 <= status < 500 and "Content-Encoding" in str(refusal)


async def test_guessing_passwords_is_slowed_down_and_does_not_lock_the_owner_out_elsewhere(house: Guarded) -> None:
    wrong = {"username": "ada", "password": "a guess"}
    answers = [await house.call("POST", f"{USERS}/login", json=wrong) for _ in range(6)]
    assert [status for status, _ in answers] == [401] * 5 + [429]
    assert answers[-1][1]["code"] == "too_many_logins" and answers[-1][1]["retry_after_s"] > 5
    right = {"username": "ada", "password": PASSWORDS["ada"]}
    assert (await house.call("POST", f"{USERS}/login", json=right))[0] == 429, "not even with the right one"
    assert (await house.call("POST", "/api/v1/session", json=right))[0] == 429, "nor by the other way"
    for _ in range(8):
        assert (await house.call("POST", f"{USERS}/login", json=right | {"username": "bob"}))[0] in (401, 429)
    assert (await house.ask("ada", "GET", f"{USERS}/me"))[0] == 200, "who is in stays in"


async def test_tokens_are_shown_once_listed_by_their_beginning_and_revoked(house: Guarded) -> None:
    body = {"token_name": "blender", "expires_in_days": 2}
    status, made = await house.ask("ada", "POST", f"{USERS}/tokens", json=body)
    assert status == 200 and made["token_info"]["token_prefix"] == made["token"][:8] + "..."
    status, listed = await house.ask("ada", "GET", f"{USERS}/tokens")
    assert listed["total_count"] == 2 and made["token"] not in str(listed)
    assert set(listed["tokens"][1]) >= {
        "token_prefix", "name", "created_at", "expires_at", "last_used_at", "is_active",
    }  # fmt: skip
    assert listed["tokens"][0]["last_used_at"] and listed["tokens"][1]["last_used_at"] is None
    assert made["token"] not in (house._folder / "accounts.db-wal").read_bytes().decode("latin1")
    header = {"X-API-Key": made["token"]}
    assert (await house.call("GET", f"{USERS}/me", headers=header))[0] == 200
    house.later_s = 2 * DAY_S + 1
    assert (await house.call("GET", f"{USERS}/me", headers=header))[0] == 401
    house.later_s = 0.0
    assert (await house.ask("bob", "DELETE", f"{USERS}/tokens/{made['token'][:8]}"))[0] == 404
    assert (await house.ask("ada", "DELETE", f"{USERS}/tokens/{made['token'][:3]}"))[0] == 404, "too short to be sure"
    assert (await house.ask("ada", "DELETE", f"{USERS}/tokens/{made['token'][:8]}..."))[0] == 200
    assert (await house.call("GET", f"{USERS}/me", headers=header))[0] == 401, "at once"
    assert (await house.ask("ada", "DELETE", f"{USERS}/tokens/{made['token'][:8]}"))[0] == 404
    # A token of a lesser role does not grow another one of a greater.
    _, lesser = await house.ask("adam", "POST", f"{USERS}/tokens", json={"token_name": "t", "role": "user"})
    header = {"X-API-Key": lesser["token"]}
    assert (await house.call("GET", f"{USERS}/admin/users", headers=header))[0] == 403
    _, child = await house.call("POST", f"{USERS}/tokens", json={"token_name": "u", "role": "admin"}, headers=header)
    assert child["token_info"]["role"] == "user"


async def test_another_password_ends_what_the_former_one_let_in(house: Guarded) -> None:
    login = {"username": "ada", "password": PASSWORDS["ada"]}
    tokens = [(await house.call("POST", f"{USERS}/login", json=login))[1]["token"] for _ in range(2)]
    mine, other = ({"Authorization": f"Bearer {token}"} for token in tokens)
    change = {"old_password": "wrong", "new_password": "another one"}
    assert (await house.call("PUT", f"{USERS}/me/password", json=change, headers=mine))[0] == 400
    change["old_password"] = PASSWORDS["ada"]
    assert (await house.call("PUT", f"{USERS}/me/password", json=change, headers=mine))[0] == 200
    assert (await house.call("GET", f"{USERS}/me", headers=mine))[0] == 200
    assert (await house.call("GET", f"{USERS}/me", headers=other))[0] == 401
    assert (await house.ask("ada", "GET", f"{USERS}/me"))[0] == 200, "a token that was made by itself stays"
    assert (await house.call("POST", f"{USERS}/login", json=login))[0] == 401
    assert (await house.call("POST", f"{USERS}/login", json={**login, "password": "another one"}))[0] == 200


async def test_strangers_make_no_account_where_it_is_not_said(tmp_path: Path) -> None:
    async with guarded(tmp_path) as house:
        new = {"username": "stranger", "email": "s@example.org", "password": "secret"}
        status, refusal = await house.call("POST", f"{USERS}/register", json=new)
        assert (status, refusal["code"]) == (403, "registration_closed") and "accounts.registration" in str(refusal)


async def test_without_accounts_their_routes_say_so_and_everybody_may_everything(tmp_path: Path) -> None:
    async with House(tmp_path).running() as house:
        for method, path in (("POST", "login"), ("GET", "me"), ("GET", "tokens"), ("GET", "admin/users")):
            status, body = await house.call(method, f"{USERS}/{path}", **({"json": {}} if method == "POST" else {}))
            assert (status, body["code"]) == (503, "accounts_disabled") and "accounts.enabled" in body["suggestion"]
        status, session = await house.call("GET", "/api/v1/session")
        assert (session["required"], session["role"], session["user"]) == (False, "admin", None)
        assert (await house.call("GET", "/api/v1/audit"))[1]["entries"] == []
        told = (await house.call("GET", "/api/v1/system/auth-status"))[1]
        assert (told["user_auth_enabled"], told["mode"]) == (False, "simple")


async def test_the_description_says_what_is_answered_and_who_may_ask(house: Guarded) -> None:
    found = (await house.call("GET", "/openapi.json"))[1]
    OpenAPIV31SpecValidator(found).validate()
    assert found["paths"]["/health"]["get"]["security"] == []
    assert {"bearer": []} in found["paths"]["/api/v1/jobs"]["post"]["security"]
    assert {"signedUrl": []} in found["paths"]["/api/v1/jobs/{id}/thumbnail"]["get"]["security"]
    assert {"signedUrl": []} not in found["paths"]["/api/v1/jobs/{id}"]["get"]["security"]
    new = {"username": "eve", "password": "secret"}
    for shape, answer in (
        (people.Session, await house.ask("ada", "GET", "/api/v1/session")),
        (people.Session, await house.call("GET", "/api/v1/session")),
        (people.LetIn, await house.call("POST", f"{USERS}/register", json=new)),
        (people.TheUser, await house.ask("ada", "GET", f"{USERS}/me")),
        (people.NewToken, await house.ask("ada", "POST", f"{USERS}/tokens", json={"token_name": "t"})),
        (people.Tokens, await house.ask("ada", "GET", f"{USERS}/tokens")),
        (people.Users, await house.ask("adam", "GET", f"{USERS}/admin/users")),
        (people.Owners, await house.ask("adam", "GET", "/api/v1/owners")),
        (people.Audit, await house.ask("adam", "GET", "/api/v1/audit?limit=1")),
    ):
        assert answer[0] == 200
        msgspec.convert(answer[1], shape)
