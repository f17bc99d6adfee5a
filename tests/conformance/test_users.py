"""Accounts as existing clients know them, and their web client where it has to log in: section 1.6, rows 47 to 50.

In the mode that the replaced server had accounts in; tests/house/test_accounts.py has both.
"""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from aigc.client import Client
from tests.conformance.kit import PNG, Replaced
from tests.conformance.models.answering import MESHES
from tests.conformance.studio import Studio, Told
from tests.house.kit import UP, mainly

USER = {"user_id", "username", "email", "role", "is_active", "created_at"}


@pytest.fixture(scope="module", params=mainly(UP))
def guarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replaced]:
    """A server where one has to log in, and anybody may register."""
    accounts = {"enabled": True, "registration": "open"}
    with Replaced(tmp_path_factory.mktemp("users"), request.param, accounts=accounts) as running:
        assert isinstance(running, Replaced)
        yield running


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_the_web_client_logs_in_sees_its_own_and_opens_results_without_a_header(guarded: Replaced) -> None:
    studio = Studio(guarded.url)
    assert studio.must_log_in()
    me = studio.log_in("register", username="ada", email="ada@example.org", password="a secret")
    assert (me["username"], me["role"]) == ("ada", "user")
    assert studio.start() == []
    studio.look()
    picture = studio.upload("image", "photo.png", PNG)
    job = studio.submit("mesh-generation/image-to-raw-mesh", image_file_id=picture)
    Client(guarded.url, token=studio.token, timeout_s=70).wait(job)
    task = studio.poll(job)
    assert task is not None
    assert studio.open(task["mesh"]) == studio.open(task["direct"]) == MESHES["glb"]  # rule 5: signed
    assert studio.open(task["input"]) == PNG
    assert studio.open(task["thumbnail"])[:4] == b"\x89PNG"
    (row,) = studio.start()
    assert studio.open(row["mesh"]) == MESHES["glb"]

    # W-S3, W-S5: no login, a wrong one and another's see nothing of it.
    other = Studio(guarded.url)
    other.log_in("register", username="bob", email="bob@example.org", password="a secret")
    assert other.start() == []
    for path in (f"system/jobs/{job}", f"system/jobs/{job}/download", f"file-upload/metadata/{picture}"):
        for token, status in (("", 401), ("wrong", 401), (other.token, 404)):
            assert guarded.wire("GET", path, **(bearer(token) if token else {})).status == status, path
    with pytest.raises(Told):
        other.ask("DELETE", f"system/jobs/{job}")
    again = Studio(guarded.url)
    again.log_in("login", username="ada", password="a secret")
    assert [one["id"] for one in again.start()] == [job]


def test_rows_47_to_50_have_the_shapes_of_section_1_6(guarded: Replaced) -> None:
    wire = guarded.wire
    new = {"username": "carl", "email": "carl@example.org", "password": "a secret"}
    made = wire.post("users/register", new)
    assert set(made) == {"user", "token", "token_name", "message"}
    assert set(made["user"]) == USER
    for body, status in (
        (new, 400), ({**new, "username": "ab"}, 400), ({**new, "username": "dora", "password": "short"}, 400),
        ({**new, "username": "dora", "email": "none"}, 422),
    ):  # fmt: skip
        assert wire("POST", "users/register", body).status == status, body
    logged = wire.post("users/login", {"username": "carl", "password": "a secret"})
    assert set(logged) == {"user", "token", "token_name", "message"}
    assert wire("POST", "users/login", {"username": "carl", "password": "wrong"}).status == 401
    mine = bearer(logged["token"])
    assert wire.get("users/me", **mine) == {"success": True, "user": made["user"]}

    token = wire.post("users/tokens", {"token_name": "blender"}, **mine)
    assert set(token) >= {"success", "message", "token", "token_info"}
    listed = wire.get("users/tokens", **mine)
    assert listed["total_count"] == len(listed["tokens"]) == 3
    one = listed["tokens"][-1]
    assert set(one) >= {"token_prefix", "name", "created_at", "expires_at", "last_used_at", "is_active"}
    assert (one["token_prefix"].endswith("..."), token["token"] in str(listed)) == (True, False)  # W-S8
    assert wire("DELETE", f"users/tokens/{token['token'][:8]}", **mine).body["success"] is True
    assert wire("DELETE", f"users/tokens/{token['token'][:8]}", **mine).status == 404
    assert wire("GET", "users/me", **bearer(token["token"])).status == 401

    changed = {"old_password": "a secret", "new_password": "another secret"}
    assert wire("PUT", "users/me/password", {**changed, "old_password": "wrong"}, **mine).status == 400
    told = wire("PUT", "users/me/password", changed, **mine)
    assert set(told.body) == {"success", "message"}

    for method, path in (("GET", "users/admin/users"), ("POST", "system/shutdown"), ("GET", "system/logs")):
        assert wire(method, path, **mine).status == 403, path
    admin = bearer(admin_of(guarded))
    page = wire.get("users/admin/users?limit=100&offset=0", **admin)
    assert set(page) == {"success", "users", "count", "pagination"}
    assert page["count"] == len(page["users"])
    carl = made["user"]["user_id"]
    assert wire.get(f"users/admin/users/{carl}", **admin)["user"]["username"] == "carl"
    assert wire.get("system/logs", **admin)["logs"]
    own = wire.get("users/me", **admin)["user"]["user_id"]
    assert wire("DELETE", f"users/admin/users/{own}", **admin).status == 400
    assert wire("DELETE", f"users/admin/users/{carl}", **admin).body["success"] is True
    for method in ("GET", "DELETE"):
        assert wire(method, f"users/admin/users/{carl}", **admin).status == 404


def test_row_5_the_status_of_authentication_is_true(guarded: Replaced) -> None:
    told = guarded.wire.get("system/auth-status")
    assert (told["user_auth_enabled"], told["mode"], set(told["features"].values())) == (True, "authenticated", {True})


def admin_of(server: Replaced) -> str:
    """A token of the first admin, whom the operator makes on the server's machine."""

    def aigc(*arguments: str, said: str = "") -> str:
        where: list[Any] = ["--config", server.settings_file, "--data", server.data]
        command = [sys.executable, "-m", "aigc", "users", *arguments, *where]
        return subprocess.run(command, input=said, capture_output=True, text=True, timeout=60, check=True).stdout

    aigc("add", "root", "--role", "admin", said="a long password\n")
    return aigc("tokens", "root", "--new", "test").strip()
