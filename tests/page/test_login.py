"""Accounts in the page: who comes in, what each role sees, tokens, and what an admin does, in a real browser."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from config.settings import load
from config.wiring import runtime_folder
from tests.house.kit import UP, House, Server
from tests.page.conftest import Watch
from tests.page.test_access import AXE, CUT_OFF, violations

PEOPLE = {"ada": "admin", "anna": "user"}


@pytest.fixture(scope="module")
def guarded(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks who is there, and knows an admin and an artist."""
    with house(tmp_path_factory.mktemp("guarded"), settings={"accounts": {"enabled": True}}) as running:
        for name, role in PEOPLE.items():
            add(running, name, role)
        yield running


def add(server: Server, name: str, role: str) -> None:
    """As an operator does it on the server's machine."""
    environment = dict(os.environ)
    if server.mode == UP:
        settings = load(server.settings_file, flags={"storage.data_dir": str(server.data)}).settings
        socket = f"unix://{runtime_folder(settings)}/redis.sock"
        environment |= {"P3D_REDIS__ENABLED": "true", "P3D_REDIS__URL": socket}
    command = [sys.executable, "-m", "aigc", "users", "add", name, "--role", role]
    command += ["--config", str(server.settings_file), "--data", str(server.data)]
    subprocess.run(command, input=f"secret of {name}\n", text=True, env=environment, check=True, timeout=60)


def log_in(context: BrowserContext, server: Server, name: str, place: str = "") -> Page:
    """The page at that place, with that person logged in."""
    context.route("**/model-viewer.min.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page = context.new_page()
    page.goto(f"{server.url}/{place}")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(f"secret of {name}")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#link")).to_have_text("live")
    return page


def asked(server: Server, token: str) -> int:
    """The status that a program with that token gets."""
    request = urllib.request.Request(f"{server.url}/api/v1/jobs", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_an_artist_logs_in_makes_a_mesh_sees_no_operators_side_and_logs_out(
    guarded: Server, context: BrowserContext, watch: Watch
) -> None:
    watch.forgiven = re.compile("401|WebSocket")
    page = context.new_page()
    page.goto(guarded.url)
    page.evaluate(AXE.read_text())
    expect(page.get_by_role("dialog", name="Log in")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("a guess")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Invalid username or password")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_visible()  # nothing gets past it
    page.close()

    page = log_in(context, guarded, "anna", "#server")
    expect(page.get_by_role("link", name="Make")).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("link", name="Server")).to_be_hidden()
    page.get_by_text("An idea").click()
    page.get_by_label("Description").fill("a stool that is anna's alone")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#news")).to_have_text("a stool that is anna's alone: completed")
    with page.expect_download() as coming:
        page.get_by_role("link", name=re.compile("^Download")).first.click()
    assert coming.value.path().read_bytes()[:4] == b"glTF"
    page.get_by_text("anna", exact=True).click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("dialog", name="Log in")).to_be_visible()
    assert "stool" not in page.content()
    assert page.request.get(f"{guarded.url}/api/v1/jobs").status == 401


def test_a_token_is_shown_once_lets_a_program_in_and_is_revoked(guarded: Server, context: BrowserContext) -> None:
    page = log_in(context, guarded, "anna", "#account")
    page.get_by_label("Name").fill("my script")
    page.get_by_role("button", name="Make a token").click()
    token = page.locator(".fresh code").inner_text()
    assert asked(guarded, token) == 200
    expect(page.locator(".tokens li")).to_contain_text("my script")
    page.get_by_role("button", name="Put away").click()
    assert token not in page.content()
    revoke = page.get_by_role("button", name="Revoke my script")
    revoke.click()
    expect(revoke).to_have_text("Revoke for ever")
    revoke.click()
    expect(page.locator(".tokens li")).to_have_count(0)
    assert asked(guarded, token) == 401
    page.get_by_label("Old password").fill("a guess")
    page.get_by_label("New password").fill("another secret")
    page.evaluate(AXE.read_text())
    assert violations(page) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.locator("#account :is(button, h2, input), header *").evaluate_all(CUT_OFF) == []


def test_an_admin_sees_whose_jobs_wait_ends_them_and_closes_the_account_whose_page_then_asks_who_is_there(
    guarded: Server, context: BrowserContext, browser: Any, watch: Watch
) -> None:
    watch.forgiven = re.compile("401|WebSocket")
    admin = log_in(context, guarded, "ada", "#server/accounts")
    form = admin.get_by_role("form", name="A new account")
    form.get_by_label("Name").fill("emil")
    form.get_by_label("Password").fill("secret of emil")
    form.get_by_role("button", name="Make an account").click()
    row = admin.get_by_role("list", name="Accounts").get_by_role("listitem").filter(has_text="emil")
    expect(row).to_contain_text("user")

    theirs = browser.new_context()
    watch.follow(theirs)
    page = log_in(theirs, guarded, "emil")
    job = {"feature": "text_to_raw_mesh", "model": "noop", "params": {"sleep_s": 1000, "steps": 10_000}}
    for number in range(3):
        job["inputs"] = {"text": {"text": f"work {number}"}}
        sent = page.evaluate(
            "(body) => fetch('/api/v1/jobs', {method: 'POST', body, headers: {'Content-Type': 'application/json'}})"
            ".then((answer) => answer.status)",
            json.dumps(job),
        )
        assert sent == 202

    admin.get_by_role("link", name=re.compile("^Queue")).click()
    expect(admin.locator(".runs > li").first).to_contain_text("emil")
    whose = admin.get_by_label("Whose")
    # The page must know of all three, or it would end those alone that it knows.
    whose.select_option(whose.locator("option", has_text="emil (3)").get_attribute("value"))
    admin.get_by_role("button", name="Cancel all of emil").click()
    end = admin.get_by_role("button", name="End them")
    expect(end).to_be_visible()
    if (too := admin.get_by_role("checkbox", name=re.compile("that run"))).count():  # unless a worker has all of them
        too.check()
    end.click()
    expect(admin.get_by_text("Nothing runs.")).to_be_visible()

    admin.get_by_role("link", name="Accounts").click()
    admin.get_by_label("Role of emil").select_option("operator")
    expect(row.locator(".badge")).to_have_text("operator")
    admin.get_by_role("button", name="Close the account emil").click()
    expect(row.locator(".badge")).to_have_text("closed")
    expect(page.get_by_role("dialog", name="Log in")).to_be_visible()
    theirs.close()
    admin.get_by_role("button", name="Remove emil").click()
    admin.get_by_role("button", name="Remove it").click()
    expect(row).to_have_count(0)
    expect(admin.locator(".audit")).to_contain_text("login succeeded emil")
    admin.evaluate(AXE.read_text())
    assert violations(admin) == []
