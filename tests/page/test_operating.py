"""The operator's view, in a real browser against a real server."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.house.kit import UP, Server, mainly
from tests.page.conftest import Watch, visit
from tests.page.test_access import AXE, CUT_OFF, violations


@pytest.fixture(scope="module", params=mainly(UP))
def mode(request: pytest.FixtureRequest) -> str:
    """Here the one that has more to show."""
    started: str = request.param
    return started


def test_the_devices_show_what_they_hold_and_what_is_worked_on(
    server: Server, context: BrowserContext, queued: list[dict[str, Any]]
) -> None:
    page = visit(context, server, "#server")
    device = page.locator(".device")
    expect(device.get_by_role("heading")).to_have_text("worker-0")
    expect(
        device.get_by_role("img", name=re.compile("Memory: .* reserved for models; .*noop .*, running"))
    ).to_be_visible()
    expect(device.locator(".sum")).to_contain_text("reserved")
    expect(device.locator(".residents li").filter(has_text="noop")).to_contain_text("running")
    expect(device.locator(".leases li")).to_contain_text(re.compile("a very slow cathedral noop, .*, runs for"))
    expect(page.locator(".tile").filter(has_text="Running")).not_to_contain_text("0")


def many(count: int) -> list[dict[str, Any]]:
    """Workers as a server of so many GPUs tells of them."""
    gib = 1 << 30

    def worker(number: int) -> dict[str, Any]:
        held = {
            "residency": f"model-{number % 9}", "state": ("running", "idle", "loading")[number % 3], "bytes": 20 * gib,
            "pid": number + 1, "pinned": number % 4 == 0, "idle_s": 9.0, "jobs_done": 3, "load_s": 1.0, "jobs": [],
        }  # fmt: skip
        device = {
            "id": f"GPU-{number}", "kind": "cuda", "name": "Great GPU", "total": 80 * gib, "usable": 76 * gib,
            "used": 23 * gib, "reserved": 20 * gib, "free": 56 * gib, "strangers": 3 * gib, "utilisation": 0.87,
            "temperature_c": 91.0, "power_w": 312.4, "healthy": True, "note": "",
        }  # fmt: skip
        return {
            "id": f"box:{number}", "boot": "b", "host": "box", "version": "1", "liveness": "alive", "lost_s": 0.0,
            "draining": False, "quarantined": "", "slots": 1, "credit": 2, "device": device, "residents": [held],
            "leases": [],
        }  # fmt: skip

    return [worker(number) for number in range(count)]


def test_sixty_four_devices_are_legible_on_a_phone_and_on_a_wall(server: Server, context: BrowserContext) -> None:
    told = server.client.system() | {"workers": many(64)}
    context.route("**/system/status", lambda route: route.fulfill(json=told))
    context.route_web_socket("**/api/v1/events", lambda socket: None)
    page = visit(context, server, "#server")
    expect(page.locator(".device")).to_have_count(64)
    device = page.get_by_role("article", name="box:8", exact=True)
    expect(device.locator(".gauges")).to_have_text("Busy87 %Temperature91 °CPower312 W")
    held = "model-8 20.0 GiB, pinned, loading; free for models 56.0 GiB; kept free 1.0 GiB; other programs 3.0 GiB"
    said = f"GPU memory: 20.0 GiB of 80.0 GiB reserved for models; {held}"
    expect(device.get_by_role("img")).to_have_attribute("aria-label", said)
    for width in (320, 1440, 3840):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".device :is(h3, .memory, .gauges dd, summary)").evaluate_all(CUT_OFF) == []
        assert page.locator(".memory").evaluate_all("(maps) => Math.min(...maps.map((map) => map.clientWidth))") > 200


def test_the_queue_tells_why_each_waits_and_moves_and_ends_it(
    server: Server, context: BrowserContext, queued: list[dict[str, Any]]
) -> None:
    page = visit(context, server, "#server/queue")
    running = page.locator(".runs > li")
    expect(running.filter(has_text="a very slow cathedral")).to_contain_text("worker-0")
    rows = page.locator(".waits .rows > [role=row]")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("every device that can take it is busy")
    expect(rows.filter(has_text="patient 3")).to_contain_text(re.compile(r"\d jobs before it"))
    expect(page.locator(".reasons li")).to_have_text("4 × waits for its turn other")

    page.get_by_role("button", name="Move up patient 3").press("Enter")
    expect(rows.first).to_contain_text("patient 3")
    expect(page.get_by_label("Priority of patient 3")).to_have_value("6")
    page.get_by_label("Find in the queue").fill("PATIENT 2")
    expect(rows).to_have_count(1)
    expect(page.locator(".heading")).to_contain_text("1 job")
    page.get_by_label("Find in the queue").fill("")
    expect(rows).to_have_count(4)
    page.get_by_role("button", name="Cancel patient 0").click()
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="Cancel all").click()
    page.get_by_label("and 1 that run").check()
    page.get_by_role("button", name="End them").click()
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    expect(page.get_by_text("Nothing runs.")).to_be_visible()
    assert server.client.wait(queued[0]["id"])["status"] == "cancelled"


def test_ten_thousand_that_wait_are_asked_for_and_drawn_only_where_one_looks(
    server: Server, context: BrowserContext
) -> None:
    asked: list[int] = []

    def answer(route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        first, count = int(query["offset"][0]), int(query["limit"][0])
        asked.append(first)
        jobs = [
            {
                "id": f"id-{number}", "name": f"job {number}", "feature": "auto_rig", "model": "m", "owner": "",
                "priority": 5, "created_at": "2026-01-01T00:00:00Z", "attempt": 0,
                "queue": {"position": number, "estimated_start_s": 9.0, "estimated_done_s": 9.0, "reason": "waits"},
            }
            for number in range(first, min(10_000, first + count))
        ]  # fmt: skip
        route.fulfill(json={"total": 10_000, "offset": first, "jobs": jobs})

    context.route("**/system/queue?*", answer)
    page = visit(context, server, "#server/queue")
    expect(page.get_by_text("10,000 jobs")).to_be_visible()
    waiting = page.get_by_role("table", name="Jobs that wait")
    waiting.focus()
    page.keyboard.press("End")
    last = page.get_by_role("row").filter(has_text="job 9999")
    expect(last).to_be_in_viewport()
    expect(last).to_have_attribute("aria-rowindex", "10000")
    assert page.locator(".waits .rows > *").count() < 60
    assert max(asked) == 9_900 and len(set(asked)) < 10


@pytest.fixture
def tidy(server: Server) -> Iterator[None]:
    """Whatever the test does to workers and models is undone."""
    yield
    for worker in server.client.workers()["workers"]:
        server.client.resume(worker["id"])
    for action in ("unpin", "unload"):
        server.client.control(action, "other")


def test_the_processes_are_told_with_their_roles_and_whether_they_agree(
    server: Server, context: BrowserContext, tidy: None
) -> None:
    page = visit(context, server, "#server/processes")
    expect(page.get_by_role("list", name="Brokers").get_by_role("listitem")).to_contain_text("leads, generation")
    expect(page.get_by_role("list", name="Gateways").get_by_role("listitem")).to_contain_text("agrees with the broker")
    worker = page.get_by_role("list", name="Workers").get_by_role("listitem").first
    expect(worker).to_contain_text("worker-0")
    page.get_by_role("button", name="Drain worker-0").click()
    expect(worker).to_contain_text("drained")
    page.get_by_role("button", name="Resume worker-0").click()
    expect(worker).not_to_contain_text("drained")


def test_workers_and_brokers_that_have_other_settings_are_told_with_what_differs(
    server: Server, context: BrowserContext
) -> None:
    said = "limits.queue is 7 here and 10000 at the broker"

    def answer(route: Route) -> None:
        told = route.fetch().json()
        told["brokers"].append({"owner": "far/7/b", "leads": False, "generation": None, "seen_s": 0.3})
        told["differing"] = [
            {"id": id_, "process": f"process {id_}", "differences": [said]}
            for id_ in (told["workers"][0]["id"], "far/7/b")
        ]
        route.fulfill(json=told)

    context.route("**/api/v1/system/status", answer)
    page = visit(context, server, "#server/processes")
    waiting = page.get_by_role("list", name="Brokers").get_by_role("listitem").filter(has_text="far/7/b")
    expect(waiting).to_contain_text("stands by, differs")
    expect(waiting).to_contain_text(said)
    worker = page.get_by_role("list", name="Workers").get_by_role("listitem").first
    expect(worker).to_contain_text("idle, differs")
    expect(worker).to_contain_text(said)
    expect(page.get_by_role("list", name="Brokers").get_by_role("listitem").first).not_to_contain_text("differs")
    page.goto(f"{server.url}/#server/configuration")
    expect(page.locator("#server")).to_contain_text(f"process far/7/b: {said}")


def test_the_configuration_is_shown_without_secrets_and_a_reload_is_refused_with_every_reason(
    server: Server, context: BrowserContext, watch: Watch
) -> None:
    watch.forgiven = re.compile("422")
    page = visit(context, server, "#server/configuration")
    expect(page.locator(".agreement")).to_contain_text("This gateway and the broker agree on all")
    page.get_by_label("Find a setting").fill("memory_gb")
    setting = page.locator(".settings-in-force > div")
    expect(setting).to_have_count(1)
    expect(setting).to_have_text(re.compile(r"worker\.memory_gb8.*system\.yaml:\d+:\d+$"))
    page.get_by_role("button", name="Reload the catalogue").click()
    expect(page.get_by_text("In force: catalogue")).to_be_visible()
    models = server.folder / "models.yaml"
    sound = models.read_text()
    try:
        models.write_text(sound.replace("memory_gb: 0.05", "memory_gb: little", 1))
        page.get_by_role("button", name="Reload the catalogue").click()
        expect(page.locator(".complaints li")).to_contain_text(re.compile(r"models\.yaml:\d+:\d+ .*memory_gb"))
        expect(page.locator(".answer.error")).to_contain_text("what was in force still is")
    finally:
        models.write_text(sound)


def test_the_models_are_listed_with_where_they_are_and_ordered_into_memory(
    server: Server, context: BrowserContext, tidy: None
) -> None:
    page = visit(context, server, "#server/models")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=re.compile("^other")))
    page.get_by_role("button", name="load other", exact=True).click()
    expect(row).to_contain_text("worker-0: idle")
    page.get_by_role("button", name="pin other", exact=True).click()
    expect(row).to_contain_text("worker-0: pinned, idle")
    expect(page.get_by_text("aigc models install").first).to_be_visible()


def test_models_are_loaded_pinned_and_unloaded_and_a_button_keeps_the_focus_meanwhile(
    server: Server, context: BrowserContext, tidy: None
) -> None:
    page = visit(context, server, "#server")
    page.get_by_label(re.compile("Model to load")).select_option("other")
    page.get_by_role("button", name="Load", exact=True).press("Enter")
    row = page.locator(".residents li").filter(has_text="other").filter(has=page.get_by_role("button"))
    expect(row).to_contain_text("idle")
    expect(page.locator(".device .answer")).to_contain_text("other loads, in about")
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
    expect(device.locator(".badge")).to_have_text("drained")  # nothing ran
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


@pytest.fixture
def failure(server: Server) -> None:
    server.client.wait(server.submit("raising", text="a failure", at=0, error="input")["id"])


VIEWS = ("", "/queue", "/failed", "/models", "/processes", "/log", "/configuration")


def test_every_view_is_for_everybody_wide_or_narrow_light_or_dark(
    failure: None, context: BrowserContext, server: Server, queued: list[dict[str, Any]]
) -> None:
    page = visit(context, server, "#server/queue")
    expect(page.locator(".waits .rows > [role=row]")).to_have_count(4)
    page.evaluate(AXE.read_text())
    found = []
    for view in VIEWS:
        page.evaluate("(hash) => { location.hash = hash; }", f"#server{view}")
        expect(page.get_by_role("navigation", name="Parts of the server").locator("[aria-current]")).to_have_attribute(
            "href", f"#server{view}"
        )
        if view == "/failed":
            page.locator("#server .failed summary").first.click()
        if view == "/log":
            page.get_by_label("Find in the log").fill("worker.started")
            expect(page.locator(".log-lines li")).to_contain_text("worker=worker-0")
        page.set_viewport_size({"width": 1440, "height": 900})
        found += violations(page)
        page.emulate_media(color_scheme="dark")
        found += violations(page, runOnly=["color-contrast"])
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, view
        assert page.locator("#server :is(button, a, h3, select, dd, p)").evaluate_all(CUT_OFF) == [], view
        page.emulate_media(color_scheme="light")
    assert found == []


def test_a_failed_job_is_shown_with_its_evidence_which_stays_open_while_others_fail(
    server: Server, context: BrowserContext
) -> None:
    job = server.client.wait(server.submit("dying", text="the first", way="exit0")["id"])
    page = visit(context, server, "#server/failed")
    story = page.locator(".failed > details").filter(has_text="the first").first
    story.locator("summary").first.click()
    expect(story.locator(".attempt").first).to_contain_text("on worker-0")
    log = story.locator(".log").last
    expect(log).to_contain_text("these are my last words")
    log.focus()
    before = page.locator(".failed > details").count()
    server.client.wait(server.submit("raising", text="the second", at=0, error="input")["id"])
    expect(page.locator(".failed > details")).to_have_count(before + 1)
    expect(page.locator(".failed > details[open]")).to_have_count(1)
    expect(page.locator(".failed .log:focus")).to_have_count(1)
    with page.expect_download() as coming:
        story.get_by_role("link", name="Download the evidence").click()
    evidence = json.loads(Path(coming.value.path()).read_text())["job"]
    assert (evidence["id"], evidence["failures"][0]["worker"]) == (job["id"], "worker-0")
    story.get_by_role("button", name="Try again").click()
    expect(story.get_by_role("link", name="Show the new job")).to_be_visible()
    server.client.wait(server.client.jobs(limit=1)["jobs"][0]["id"])
