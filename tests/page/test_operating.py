"""The operator's view, in a real browser against a real server."""

import re
from typing import Any

from playwright.sync_api import BrowserContext, expect

from tests.house.kit import Server
from tests.page.conftest import visit


def test_the_server_view_shows_the_device_what_it_holds_and_why_jobs_wait(
    server: Server, context: BrowserContext, queued: list[dict[str, Any]]
) -> None:
    page = visit(context, server, "#server")
    device = page.locator(".device")
    expect(device.get_by_role("heading")).not_to_be_empty()
    expect(device.get_by_role("img", name=re.compile("Memory: .* reserved for models"))).to_be_visible()
    expect(device.locator(".residents li").filter(has_text="noop")).to_contain_text("running")
    expect(page.locator(".tile").filter(has_text="Running")).not_to_contain_text("0")
    rows = page.locator("#open-jobs tr")
    expect(rows.filter(has_text="a very slow cathedral")).to_contain_text("worker-0")
    expect(rows.filter(has_text="every device that can take it is busy")).to_have_count(1)
    expect(rows.filter(has_text="patient 3")).to_contain_text(re.compile(r"\d jobs before it"))
    for job in reversed(queued):
        page.get_by_role("button", name=f"Cancel {job['inputs']['text']['text']}").click()
    expect(page.locator("#open-note")).to_have_text("Nothing runs, nothing waits.")
    assert server.client.wait(queued[0]["id"])["status"] == "cancelled"


def test_a_failed_job_is_shown_with_its_evidence_which_stays_open_while_others_fail(
    server: Server, context: BrowserContext
) -> None:
    server.client.wait(server.submit("dying", text="the first", way="exit0")["id"])
    page = visit(context, server, "#server")
    story = page.locator("#failed > details").filter(has_text="dying").first
    story.locator("summary").first.click()
    log = story.locator(".log").last
    expect(log).to_contain_text("these are my last words")
    log.focus()
    before = page.locator("#failed > details").count()
    server.client.wait(server.submit("raising", text="the second", at=0, error="input")["id"])
    expect(page.locator("#failed > details")).to_have_count(before + 1)
    expect(page.locator("#failed > details[open]")).to_have_count(1)
    expect(page.locator("#failed .log:focus")).to_have_count(1)
