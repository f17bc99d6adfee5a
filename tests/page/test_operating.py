"""The operator's view, in a real browser against a real server."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.house.kit import Server
from tests.page.conftest import Watch, visit
from tests.page.test_access import AXE, CUT_OFF, violations


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


@pytest.fixture
def tidy(server: Server) -> Iterator[None]:
    """Whatever the test does to workers and models is undone."""
    yield
    for worker in server.client.workers()["workers"]:
        server.client.resume(worker["id"])
    for action in ("unpin", "unload"):
        server.client.control(action, "other")


def test_the_queue_is_shown_by_reason_and_feature_and_who_leads(
    server: Server, context: BrowserContext, queued: list[dict[str, Any]]
) -> None:
    page = visit(context, server, "#server")
    panel = page.locator("#waiting .counts")
    expect(panel.filter(has_text="Why").locator("li")).to_have_text("4waits for its turn other")
    expect(panel.filter(has_text="For what").locator("li")).to_have_text("4Text to raw mesh")
    expect(panel).to_have_count(2)
    expect(page.locator("#brokers li")).to_contain_text("leads, generation")
    expect(page.locator(".leases li")).to_contain_text(re.compile("a very slow cathedral noop, .*, runs for"))


def test_models_are_loaded_pinned_and_unloaded_and_a_button_keeps_the_focus_meanwhile(
    server: Server, context: BrowserContext, tidy: None
) -> None:
    page = visit(context, server, "#server")
    page.get_by_label(re.compile("Model to load")).select_option("other")
    page.get_by_role("button", name="Load", exact=True).press("Enter")
    row = page.locator(".residents li").filter(has_text="other").filter(has=page.get_by_role("button"))
    expect(row).to_contain_text("idle")
    expect(page.locator(".answer")).to_contain_text("other loads, in about")
    pin = row.get_by_role("button", name="Pin other on")
    pin.press("Enter")
    expect(row).to_contain_text("pinned")
    freeing = row.get_by_role("button", name="Pin other on")
    expect(freeing).to_have_text("Unpin")
    expect(freeing).to_have_attribute("aria-pressed", "true")
    expect(freeing).to_be_focused()
    freeing.press("Enter")
    expect(row).not_to_contain_text("pinned")
    row.get_by_role("button", name="Unload other from").click()
    expect(row).to_have_count(0)


def test_a_worker_is_drained_and_resumed_and_a_refusal_is_said(
    server: Server, context: BrowserContext, watch: Watch, tidy: None
) -> None:
    watch.forgiven = re.compile("409")
    page = visit(context, server, "#server")
    device = page.locator(".device")
    device.get_by_role("button", name="Drain").click()
    expect(device.locator(".badge")).to_have_text("draining")
    expect(device.locator(".answer")).to_have_text("takes no more jobs")
    expect(device.get_by_role("button", name="Load", exact=True)).to_be_disabled()
    server.client.resume("worker-0")
    expect(device.locator(".badge")).to_have_count(0)
    server.client.drain("worker-0")
    device.get_by_role("button", name="Resume").click()
    expect(device.locator(".answer")).to_have_text("takes jobs again")
    page.route("**/load", lambda route: route.fulfill(status=409, json={"detail": "worker-0 has no room"}))
    page.get_by_role("button", name="Load", exact=True).click()
    expect(device.locator(".answer.error")).to_have_text("worker-0 has no room")


def test_axe_finds_no_violation_on_a_busy_server_wide_or_narrow_light_or_dark(
    server: Server, context: BrowserContext, queued: list[dict[str, Any]]
) -> None:
    page = visit(context, server, "#server")
    expect(page.locator(".leases li")).to_have_count(1)
    expect(page.locator("#waiting .counts")).to_have_count(2)
    page.evaluate(AXE.read_text())
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    found += violations(page, runOnly=["color-contrast"])
    page.set_viewport_size({"width": 390, "height": 844})
    assert found + violations(page) == []


def test_on_a_phone_the_queue_is_read_without_scrolling_sideways(
    server: Server, context: BrowserContext, queued: list[dict[str, Any]]
) -> None:
    page = visit(context, server, "#server")
    page.set_viewport_size({"width": 320, "height": 700})
    rows = page.get_by_role("region", name="Running and waiting").get_by_role("row")
    expect(rows).to_have_count(len(queued) + 1)
    expect(rows.nth(1).get_by_role("rowheader")).to_be_visible()
    assert page.locator("#open").evaluate("(node) => node.scrollWidth <= node.clientWidth")
    assert page.locator("#server :is(button, a, h3, select, td)").evaluate_all(CUT_OFF) == []


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
