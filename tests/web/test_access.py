"""Who gets what: every route of the application, asked by nobody, by another user, by an operator and by an admin."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog

from aigc.core.accounts import Role
from tests.web.files_kit import png
from tests.web.house_kit import eventually
from tests.web.people_kit import PASSWORDS, SECRET_WORDS, Guarded, cookie_of, guarded
from web import urls
from web.access import AccessSettings
from web.gateway import GatewaySettings
from web.rights import rights_of

SESSION = urls.SESSION
THRONE = {"feature": "text_to_textured_mesh", "inputs": {"text": SECRET_WORDS}}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Guarded]:
    async with guarded(tmp_path) as running:
        yield running


def filled(path: str, job: str, upload: str, account: str) -> str:
    """The address of a thing of ada's, where the route is about one thing."""
    names = {"action": "load", "alias": "x.glb", "prefix": "zzzzzzzz", "filename": "app.log", "path": "system/info"}
    names["id"] = "nothing"
    names["name"] = "icon.svg" if path.startswith("/static") else "mesh.glb" if "outputs" in path else "image"
    if "/jobs/{id}" in path:
        names["id"] = job
    elif "/uploads/{id}" in path or "/file-upload/" in path:
        names["id"] = upload
    elif "/users/admin" in path:
        names["id"] = account
    elif "/models/" in path:
        names["id"] = "shapes"
    elif "/workers/" in path:
        names["id"] = "gpu-0"
    return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], path)


async def test_every_route_gives_each_what_is_theirs_and_no_more(house: Guarded) -> None:
    job, upload, account = await house.finished("ada"), await house.upload("ada"), house.accounts["ada"].id
    secrets = [job, upload, SECRET_WORDS, house.tokens["ada"]]
    routes = {(route.method, route.resource.canonical) for route in house.app.router.routes() if route.resource}
    asked = 0
    for method, path in sorted(routes, key=lambda one: (one[0] == "DELETE", one)):
        if method == "HEAD":
            continue
        rights = rights_of(method, path)
        address = filled(path, job, upload, account)
        is_theirs = "/jobs/{id}" in path or "/uploads/{id}" in path or ("/file-upload/" in path and "{id}" in path)
        for who, role in (("", None), ("bob", Role.USER), ("olga", Role.OPERATOR), ("adam", Role.ADMIN)):
            is_done = role is Role.ADMIN and path.endswith("/shutdown")
            if is_done or (role not in (None, Role.USER) and method == "DELETE"):
                continue  # it would be done
            more: dict[str, Any] = {"headers": house.as_(who), "allow_redirects": False}
            if method in ("POST", "PUT", "PATCH"):
                more["json"] = {"priority": 3} if method == "PATCH" else {}
            async with house.session.request("GET" if method == "*" else method, address, **more) as answer:
                text = (await answer.read()).decode(errors="replace")
                status = answer.status
                challenge = answer.headers.get("WWW-Authenticate", "")
            asked += 1
            said = f"{who or 'nobody'}: {method} {address}: {status} {text[:200]}"
            if rights.need is None:
                assert status not in (401, 403) or path.endswith(("/register", "/login")), said
            elif role is None:
                assert status == 401 and challenge.startswith("Bearer"), said
            elif not role.covers(rights.need):
                assert status == 403, said
            elif role is Role.USER and is_theirs:
                assert status == 404, said
            else:
                assert status not in (401, 403), said
                is_there = not re.search("nothing|zzzz|/preview|app.log", address)
                assert status != 404 or not is_there or role is Role.USER, said
            if role in (None, Role.USER):
                assert not [one for one in secrets if one in text and one not in address], said
    assert asked > 250
    assert (await house.ask("ada", "GET", f"/api/v1/jobs/{job}"))[0] == 200, "and it is all still there"
    assert (await house.ask("ada", "GET", f"/api/v1/uploads/{upload}"))[0] == 200


async def test_lists_uploads_and_inputs_are_ones_own_and_operators_see_whose_they_ask_for(house: Guarded) -> None:
    job = await house.finished("ada")
    upload = await house.upload("ada")
    for path, name in (("/api/v1/jobs", "jobs"), ("/api/v1/system/jobs/history", "jobs"), ("/api/v1/uploads", "files")):
        counts = {who: len((await house.ask(who, "GET", path))[1][name]) for who in ("ada", "bob", "olga")}
        assert counts["ada"] > counts["bob"] == counts["olga"] == 0
        assert len((await house.ask("olga", "GET", f"{path}?owner=*"))[1][name]) == counts["ada"]
        assert (await house.ask("bob", "GET", f"{path}?owner=*"))[0] == 403
    assert (await house.ask("olga", "GET", f"/api/v1/jobs/{job}"))[1]["owner"] == house.accounts["ada"].id
    for given in ({"upload": upload}, {"job": job}):
        wanted = {"feature": "image_to_textured_mesh", "inputs": {"image": given}}
        assert (await house.ask("bob", "POST", "/api/v1/jobs", json=wanted))[0] == 404
        assert (await house.ask("bob", "POST", "/api/v1/jobs", json={**wanted, "feature": "mesh_retopology"}))[0] != 202
    old = {"image_file_id": upload}
    assert (await house.ask("bob", "POST", "/api/v1/mesh-generation/image-to-textured-mesh", json=old))[0] == 404
    # A key is its owner's: the same one of another makes another job.
    made = [await house.ask(who, "POST", "/api/v1/jobs", json=THRONE, headers={"Idempotency-Key": "k"}) for who in ROWS]
    assert len({body["id"] for _, body in made}) == 2
    for body in ({**THRONE, "priority": 9},):
        assert (await house.ask("bob", "POST", "/api/v1/jobs", json=body))[0] == 403
        assert (await house.ask("olga", "POST", "/api/v1/jobs", json=body))[0] == 202


ROWS = ("ada", "bob")


async def test_what_is_pushed_is_ones_own_and_ends_with_the_login(house: Guarded) -> None:
    job = await house.finished("ada")

    async def heard(who: str, *commands: dict[str, Any]) -> tuple[aiohttp.ClientWebSocketResponse, list[Any]]:
        socket = await house.session.ws_connect(urls.EVENTS, headers=house.as_(who))
        replies = []
        for command in commands:
            await socket.send_json(command)
            while True:
                events = await socket.receive_json()
                replies += events
                if events[0]["type"] in ("subscribed", "error"):
                    break
        return socket, replies

    bob, said = await heard("bob", {"type": "subscribe", "all": True, "system": True, "jobs": [job]})
    assert [(one["type"], one["unknown"]) for one in said] == [("subscribed", [job])]
    refused, said = await heard("bob", {"type": "subscribe", "all": True, "owner": "*"})
    assert [(one["type"], one["code"]) for one in said] == [("error", "forbidden")]
    olga, _ = await heard("olga", {"type": "subscribe", "all": True, "owner": "*", "system": True})
    status, made = await house.ask("ada", "POST", "/api/v1/jobs", json=THRONE)
    assert status == 202
    assert (await olga.receive_json())[0]["job_id"] == made["id"]
    house.broker.telemetry()
    (told,) = await bob.receive_json()
    assert told["type"] == "system.telemetry" and told["workers"][0]["leases"] == []
    while (told := (await olga.receive_json())[-1])["type"] != "system.telemetry":
        pass
    assert [lease["id"] for lease in told["workers"][0]["leases"]] == ["j-9"]
    (resident,) = (await house.ask("bob", "GET", "/api/v1/workers"))[1]["workers"][0]["residents"]
    assert resident["jobs"] == []

    await house.people.revoke(await house.people.tokens(house.accounts["bob"].id))
    house.access.keyring.forget(house.accounts["bob"].id)
    await house.access.end_streams()
    closed = await bob.receive()
    assert closed.type is aiohttp.WSMsgType.CLOSE and closed.data == 1008
    assert not olga.closed
    status, _ = await house.ask(
        "adam", "PATCH", f"/api/v1/users/admin/users/{house.accounts['olga'].id}", json={"role": "user"}
    )
    assert status == 200
    while (told := await olga.receive()).type is aiohttp.WSMsgType.TEXT:
        pass
    assert told.data == 1008, "an operator no more hears of everybody no more"
    await refused.close()


async def test_a_url_of_a_file_opens_that_file_for_a_while_and_nothing_else(house: Guarded) -> None:
    job = await house.finished("ada")
    _, view = await house.ask("ada", "GET", f"/api/v1/jobs/{job}")
    _, old = await house.ask("ada", "GET", f"/api/v1/system/jobs/{job}")
    _, info = await house.ask("ada", "GET", f"/api/v1/system/jobs/{job}/info")
    found = [one["url"] for one in view["outputs"]] + [view["inputs"]["image"]["url"]]
    found += [view["urls"]["download"], view["urls"]["thumbnail"]]
    found += [old[name].removeprefix(house.base) for name in ("mesh_url", "thumbnail_url", "input_image_url")]
    found += [*info["mesh_download_urls"].values(), *info["thumbnail_download_urls"].values()]
    with structlog.testing.capture_logs() as lines:
        house.log_every = 1
        for url in found:
            for method in ("GET", "HEAD"):
                async with house.session.request(method, url) as answer:
                    assert answer.status == 200, (method, url)
    assert "signature" not in str(lines)
    url = view["outputs"][0]["url"]
    other = view["outputs"][1]["url"].partition("?")[0]
    path, query = url.split("?")
    for wrong in (
        f"{other}?{query}",
        url.replace("signature=", "signature=A"),
        url.replace("expires=", "expires=9"),
        f"{path}?{query.partition('&')[2]}",
    ):
        status, refusal = await house.call("GET", wrong)
        assert (status, refusal["code"]) == (403, "url_invalid"), wrong
    for method, place in (("GET", f"/api/v1/jobs/{job}?{query}"), ("DELETE", f"/api/v1/jobs/{job}?{query}")):
        assert (await house.call(method, place))[0] == 401
    assert (await house.call("GET", path))[0] == 401
    house.later_s = 2 * 3600.0
    status, refusal = await house.call("GET", url)
    assert (status, refusal["code"]) == (403, "url_expired") and "ask for the job again" in refusal["suggestion"]
    async with house.session.get(url, headers=house.as_("ada")) as answer:
        assert answer.status == 200, "who is logged in needs no signature"


async def test_who_comes_back_hears_of_ones_own_ends_alone(house: Guarded) -> None:
    job = await house.finished("ada")

    async def missed(who: str, **more: str) -> set[str]:
        command = {"type": "subscribe", "all": True, "after": "2020-01-01", **more}
        async with house.session.ws_connect(urls.EVENTS, headers=house.as_(who)) as socket:
            await socket.send_json(command)
            heard: list[Any] = []
            while not any(event["type"] in ("subscribed", "error") for event in heard):
                heard += await socket.receive_json()
        return {event.get("job_id", event["type"]) for event in heard}

    assert await missed("bob") == await missed("olga") == {"subscribed"}
    assert await missed("bob", owner="*") == {"error"}
    assert await missed("ada") == await missed("olga", owner="*") == {job, "subscribed"}


async def test_a_page_acts_by_its_cookie_and_pages_of_others_do_not(house: Guarded) -> None:
    assert (await house.call("GET", SESSION))[1] == {
        "required": True, "registration": False, "user": None, "role": None, "expires_at": None,
    }  # fmt: skip
    async with house.session.post(SESSION, json={"username": "ADA", "password": PASSWORDS["ada"]}) as answer:
        assert answer.status == 200 and (await answer.json())["user"]["username"] == "ada"
        told = answer.headers["Set-Cookie"]
        assert "HttpOnly" in told and "SameSite=Lax" in told and "Path=/" in told and "Secure" not in told
        cookie = {"Cookie": cookie_of(answer)}
    house.session.cookie_jar.clear()
    own = cookie | {"Origin": house.base}
    job = await house.finished("ada")
    assert (await house.call("GET", SESSION, headers=cookie))[1]["role"] == "user"
    for path in (f"/api/v1/jobs/{job}", "/api/v1/uploads"):
        assert (await house.call("GET", path, headers=cookie))[0] == 200
    async with house.session.get(f"/api/v1/jobs/{job}/thumbnail", headers=cookie) as answer:
        assert answer.status == 200, "a picture needs no header"
    for origin in ({}, {"Origin": "http://127.0.0.1:1"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        status, refusal = await house.call("POST", "/api/v1/jobs", json=THRONE, headers=cookie | origin)
        assert (status, refusal["code"]) == (403, "origin_refused")
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await house.session.ws_connect(urls.EVENTS, headers=cookie | origin)
    assert (await house.call("POST", "/api/v1/jobs", json=THRONE, headers=own))[0] == 202
    socket = await house.session.ws_connect(urls.EVENTS, headers=own)
    await socket.send_json({"type": "ping"})
    assert (await socket.receive_json())[0]["type"] == "pong"
    tokens = (await house.ask("ada", "GET", "/api/v1/users/tokens"))[1]["tokens"]
    assert [one["name"] for one in tokens] == ["test"], "a session is no token"
    assert (await house.call("DELETE", SESSION, headers=cookie))[0] == 403
    status, body = await house.call("DELETE", SESSION, headers=own)
    assert (status, body["user"]) == (200, None)
    assert (await socket.receive()).data == 1008
    assert (await house.call("GET", "/api/v1/uploads", headers=cookie))[0] == 401


async def test_an_owner_sends_so_much_a_minute_and_has_so_many_open(tmp_path: Path) -> None:
    limits = AccessSettings(per_minute=4)
    async with guarded(tmp_path, limits, GatewaySettings(handover_s=0.0, owner_bound=2)) as house:

        async def submit(who: str) -> tuple[int, dict[str, Any], Any]:
            async with house.session.post("/api/v1/jobs", json=THRONE, headers=house.as_(who)) as answer:
                return answer.status, await answer.json(), answer.headers

        await submit("ada")
        _, _, headers = await submit("ada")
        assert (headers["RateLimit-Limit"], headers["RateLimit-Remaining"], headers["RateLimit-Reset"]) == (
            "4",
            "2",
            "30",
        )
        status, refusal, headers = await submit("ada")
        assert (status, refusal["code"]) == (429, "too_many_open_jobs") and headers["Retry-After"]
        async with house.session.put("/api/v1/uploads?filename=a.png", data=png(), headers=house.as_("ada")) as answer:
            assert answer.status == 201, "files count too"
        status, refusal, headers = await submit("ada")
        assert (status, refusal["code"], headers["RateLimit-Remaining"]) == (429, "rate_limited", "0")
        assert 10 <= int(headers["Retry-After"]) <= 15
        assert (await submit("bob"))[0] == 202, "others do not suffer"
        assert (await house.ask("ada", "GET", "/api/v1/jobs"))[0] == 200, "looking is free"


async def test_a_store_that_is_away_lets_nobody_in_who_is_not_known(house: Guarded) -> None:
    assert (await house.ask("ada", "GET", "/api/v1/jobs"))[0] == 200
    await house.people.close()
    assert (await house.ask("ada", "GET", "/api/v1/jobs"))[0] == 200, "she was known a moment ago"
    assert (await house.ask("bob", "GET", "/api/v1/jobs"))[0] == 503
    await house.people.open()
    await eventually(lambda: True)


async def test_what_concerns_others_is_written_down_and_admins_read_it(house: Guarded) -> None:
    status, job = await house.ask("ada", "POST", "/api/v1/jobs", json=THRONE)
    assert status == 202
    await house.broker.until(lambda: job["id"] in house.broker.jobs)
    await house.ask("olga", "POST", "/api/v1/models/shapes/load", json={})
    await house.ask("olga", "POST", "/api/v1/workers/gpu-0/drain", json={})
    await house.ask("olga", "POST", "/api/v1/system/reload", json={})
    await house.ask("ada", "POST", f"/api/v1/jobs/{job['id']}/cancel", json={})
    await house.ask("olga", "POST", f"/api/v1/jobs/{job['id']}/cancel", json={})
    status, body = await house.ask("adam", "GET", "/api/v1/audit?limit=4")
    assert [(one["name"], one["action"], one["subject"]) for one in body["entries"]] == [
        ("olga", "job.cancelled", job["id"]),
        ("olga", "configuration.reloaded", "d1"),
        ("olga", "worker.drained", "gpu-0"),
        ("olga", "model.loaded", "shapes"),
    ]
    assert {one["address"] for one in body["entries"]} == {"127.0.0.1"} and all(
        one["request_id"] for one in body["entries"]
    )
    status, older = await house.ask("adam", "GET", f"/api/v1/audit?before={body['next_before']}")
    assert older["next_before"] is None and not {one["action"] for one in older["entries"]} & {"model.loaded"}
    assert (await house.ask("olga", "GET", "/api/v1/audit"))[0] == 403


@pytest.mark.parametrize(
    ("forwarded", "proxies", "found"),
    [
        ("9.9.9.9", (), "127.0.0.1"),
        ("9.9.9.9", ("127.0.0.0/8",), "9.9.9.9"),
        ("1.1.1.1, 9.9.9.9", ("127.0.0.0/8",), "9.9.9.9"),
        ("1.1.1.1, 10.0.0.1", ("127.0.0.0/8", "10.0.0.0/8"), "1.1.1.1"),
        ("rubbish", ("127.0.0.0/8",), "127.0.0.1"),
    ],
)
def test_a_proxys_word_is_taken_for_where_a_client_is_and_a_clients_is_not(
    forwarded: str, proxies: tuple[str, ...], found: str
) -> None:
    from aiohttp.test_utils import make_mocked_request

    from web.access import Access

    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": forwarded}).clone(remote="127.0.0.1")
    assert Access(AccessSettings(proxies=proxies)).address_of(request) == found
