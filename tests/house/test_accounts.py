"""Accounts in a whole server, as its operator makes them and its users meet them; with two gateways where it can be."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aigc.client import Client, Refused
from tests.house.kit import UP, House, Server, eventually, mainly

pytestmark = pytest.mark.parametrize("mode", mainly(UP), indirect=True)
"""What is looked at here is the same code in both modes, with more between its parts in this one."""

OPEN_JOBS = 3


@pytest.fixture(scope="module")
def server(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    told = {"accounts": {"enabled": True}, "server": {"workers": 2}, "limits": {"open_jobs": OPEN_JOBS}}
    with house(tmp_path_factory.mktemp("accounts"), settings=told) as running:
        yield running


def aigc(server: Server, *arguments: str, said: str = "") -> str:
    """What a command of the operator's prints, on the server's machine."""
    where = ("--config", str(server.settings_file), "--data", str(server.data))
    command = [sys.executable, "-m", "aigc", *arguments, *where]
    done = subprocess.run(command, input=said, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def token(server: Server, name: str, role: str = "user") -> str:
    """Of a new account."""
    aigc(server, "users", "add", name, "--role", role, said="a password\n")
    return aigc(server, "users", "tokens", name, "--new", "test")


def client(server: Server, token: str) -> Client:
    return Client(server.url, token=token, timeout_s=70, retry_s=0)


def refused(call: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as answer:
        call()
    return answer.value.status, answer.value.code


def fetched(url: str) -> int:
    """How many bytes anybody gets there."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        return len(answer.read())


def test_accounts_hold_for_all_gateways_and_over_a_restart(server: Server) -> None:
    hers = token(server, "ada")
    ada, bob = client(server, hers), client(server, token(server, "bob"))
    admins = token(server, "adam", "admin")
    adam = client(server, admins)
    assert refused(client(server, "").jobs)[0] == 401
    job = ada.wait(ada.submit("text_to_raw_mesh", model="noop", text="x")["id"])
    assert job["status"] == "completed"
    assert refused(lambda: bob.job(job["id"]))[0] == 404 and bob.jobs()["jobs"] == []
    url = server.url + job["outputs"][0]["url"]
    assert {fetched(url) for _ in range(6)} == {job["outputs"][0]["bytes"]}

    def submit(_: int) -> str:
        try:
            sleeping = {"sleep_s": 600, "steps": 6000}
            return str(bob.submit("text_to_raw_mesh", model="noop", text="x", params=sleeping)["id"])
        except Refused as error:
            return error.code

    with ThreadPoolExecutor(8) as crowd:
        outcomes = list(crowd.map(submit, range(8)))
    assert outcomes.count("too_many_open_jobs") == 8 - OPEN_JOBS, "however many gateways are asked at once"
    for one in outcomes:
        if one != "too_many_open_jobs":
            adam.cancel(one)

    server.kill()
    server.start()
    adam, late = client(server, admins), client(server, hers)
    assert fetched(server.url + job["outputs"][0]["url"]) == job["outputs"][0]["bytes"]
    assert adam.job(job["id"])["owner"] == job["owner"]
    aigc(server, "users", "tokens", "ada", "--revoke", hers[:8])
    eventually(lambda: _is_out(late))
    told = [json.loads(line) for line in aigc(server, "audit", "--json").splitlines()]
    made = ["account.made", "token.made"] * 3
    assert [one["action"] for one in told if one["action"] != "job.cancelled"] == [*made, "token.revoked"]
    cancelled = [one for one in told if one["action"] == "job.cancelled"]
    assert len(cancelled) == OPEN_JOBS and {one["name"] for one in cancelled} == {"adam"}


def _is_out(client: Client) -> bool:
    try:
        client.jobs()
    except Refused as error:
        return error.status == 401
    return False
