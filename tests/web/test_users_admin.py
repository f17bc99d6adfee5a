"""What admins do with everybody's accounts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.people_kit import Guarded, guarded

USERS = "/api/v1/users"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Guarded]:
    async with guarded(tmp_path) as running:
        yield running


async def test_admins_see_change_and_remove_accounts_but_not_their_own(house: Guarded) -> None:
    ada, adam = house.accounts["ada"].id, house.accounts["adam"].id
    status, page = await house.ask("adam", "GET", f"{USERS}/admin/users?limit=2&offset=1")
    assert status == 200 and [one["username"] for one in page["users"]] == ["bob", "olga"] and page["count"] == 2
    assert page["pagination"] == {"limit": 2, "offset": 1, "total": 4, "has_more": True}
    assert (await house.ask("adam", "GET", f"{USERS}/admin/users/{ada}"))[1]["user"]["username"] == "ada"
    assert (await house.ask("adam", "GET", f"{USERS}/admin/users/user_none"))[0] == 404
    one = f"{USERS}/admin/users/{ada}"
    assert (await house.ask("adam", "PATCH", one, json={"role": "operator"}))[1]["user"]["role"] == "operator"
    assert (await house.ask("ada", "GET", "/api/v1/jobs?owner=*"))[0] == 200, "heard at once"
    assert (await house.ask("adam", "PATCH", one, json={"is_active": False}))[0] == 200
    assert (await house.ask("ada", "GET", "/api/v1/jobs"))[0] == 401
    for method in ("PATCH", "DELETE"):
        body = {"json": {"role": "user"}} if method == "PATCH" else {}
        assert (await house.ask("adam", method, f"{USERS}/admin/users/{adam}", **body))[0] == 400
    assert (await house.ask("adam", "DELETE", one))[1]["success"] is True
    assert (await house.ask("adam", "DELETE", one))[0] == 404
    new = {"username": "carl", "password": "secret", "role": "operator"}
    assert (await house.ask("adam", "POST", f"{USERS}/admin/users", json=new))[1]["user"]["role"] == "operator"
    owners = (await house.ask("olga", "GET", "/api/v1/owners"))[1]["owners"]
    assert [one["name"] for one in owners] == ["bob", "olga", "adam", "carl"]
