from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from actors.stores.sqlite_accounts import SqliteAccountStore
from aigc.core.errors import NotAllowed
from tests.web.house_kit import House
from web.access import ACCESS, Access, AccessSettings
from web.own_pages import own_pages_only


@own_pages_only
async def answering(request: web.Request) -> web.Response:
    """For operators."""
    return web.Response()


def asking(access: Access | None = None, **headers: str) -> web.Request:
    app = web.Application()
    app[ACCESS] = access or Access(AccessSettings(public_url="http://here.example:7842"))
    return make_mocked_request("GET", "/x", headers={"Host": "here.example:7842", **headers}, app=app)


async def test_programs_and_the_server_s_own_page_may_ask() -> None:
    assert answering.__doc__ == "For operators."
    assert (await answering(asking())).status == 200
    assert (await answering(asking(Origin="http://here.example:7842"))).status == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://here.example", "null", "http://here.example:7842.x", "http://["]
)
async def test_pages_of_other_origins_may_not(origin: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        await answering(asking(Origin=origin))
    assert refused.value.code == "origin_refused"


async def test_where_one_has_to_log_in_a_page_needs_what_anybody_needs(tmp_path: Path) -> None:
    guarded = Access(store=SqliteAccountStore(tmp_path / "accounts.db"))
    assert (await answering(asking(guarded, Origin="https://studio.example"))).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "system/queue"), ("POST", "system/queue/cancel"), ("GET", "system/configuration"),
        ("POST", "system/reload"), ("POST", "workers/gpu-0/drain"), ("POST", "models/shapes/load"),
    ],
)  # fmt: skip
async def test_what_only_operators_use_answers_no_foreign_page_while_nobody_has_to_log_in(
    house: House, method: str, path: str
) -> None:
    status, problem = await house.call(method, f"/api/v1/{path}", headers={"Origin": "https://evil.example"})
    assert (status, problem["code"]) == (403, "origin_refused")


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1:7842", True), ("localhost", True), ("[::1]:7842", True), ("me.localhost:1", True),
        ("studio.example", True), ("evil.example:7842", False), ("[", False),
    ],
)  # fmt: skip
async def test_a_name_that_was_made_to_lead_to_this_machine_does_not_make_a_page_our_own(
    host: str, is_ours: bool
) -> None:
    access = Access(AccessSettings(public_url="https://studio.example"))
    for headers in ({"Host": host}, {"Host": host, "Origin": f"http://{host}"}):
        request = asking(access, **headers)
        if is_ours:
            assert (await answering(request)).status == 200
        else:
            with pytest.raises(NotAllowed):
                await answering(request)
