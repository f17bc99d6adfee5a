"""A browser, a server, and a page that is watched for what it must never do."""

import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.house.kit import SERVE, Gate, House, Server, mainly

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--use-angle=swiftshader"]
PATIENCE_MS = 80_000
"""Longest wait for one thing on a busy machine; nothing waits so long where it works."""

NOTE_VIOLATIONS = """
self.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  self.violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
});
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for a module and not for the session: while it lives, Playwright holds the thread's event loop."""
    if not (Path(CHROMIUM).exists() or shutil.which("chromium")):
        pytest.skip("NO CHROMIUM: THE PAGE IS NOT TESTED; run sh tests/install.sh")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=shutil.which("chromium") or CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module", params=mainly(SERVE))
def mode(request: pytest.FixtureRequest) -> str:
    """How everything is started; the page hears the same from both."""
    started: str = request.param
    return started


@pytest.fixture(scope="module")
def house(mode: str) -> House:
    """Servers of one mode, with the bundled models and the misbehaving ones."""
    return partial(Server, mode=mode, bundled=True)


@pytest.fixture(scope="module")
def server(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """For all tests that leave it whole."""
    with house(tmp_path_factory.mktemp("page")) as running:
        yield running


@pytest.fixture
def queued(server: Server) -> Iterator[list[dict[str, Any]]]:
    """A job that runs until the test is over, and four that wait for it."""
    jobs = [server.submit("noop", text="a very slow cathedral", sleep_s=1000, steps=10_000)]
    server.until(jobs[0]["id"], "processing")
    jobs += [server.submit("other", text=f"patient {number}") for number in range(4)]
    yield jobs
    for job in reversed(jobs):
        server.client.cancel(job["id"])
    server.client.wait(jobs[0]["id"])


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """Behind it jobs run until it is opened, at the latest when the test is over."""
    made = Gate(tmp_path)
    yield made
    made.open()


class Watch:
    """What a page did that it must not do: ask other hosts, complain, break its own policy."""

    def __init__(self) -> None:
        self.outside: list[str] = []
        self.complaints: list[str] = []
        self.forgiven = re.compile(r"(?!)")
        """Complaints that a test provokes."""

    def follow(self, context: BrowserContext) -> None:
        """From now on everything that the context's pages do is noted."""
        context.add_init_script(NOTE_VIOLATIONS)
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob") and url.hostname != "127.0.0.1":
            self.outside.append(request.url)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location.get('url')})")

    def verdict(self) -> list[str]:
        """Everything bad that was noted and not provoked."""
        return self.outside + [line for line in self.complaints if not self.forgiven.search(line)]


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def context(browser: Browser, watch: Watch) -> Iterator[BrowserContext]:
    """A fresh browser profile; every test that uses one also proves that nothing bad happened in it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    watch.follow(context)
    yield context
    for page in context.pages:
        watch.complaints += page.evaluate("self.violations ?? []")
    context.close()
    assert watch.verdict() == []


@pytest.fixture
def page(context: BrowserContext, server: Server) -> Page:
    """The page of the shared server, connected."""
    return visit(context, server)


def visit(context: BrowserContext, server: Server, place: str = "", *, viewer: bool = False) -> Page:
    """A page that shows `place` and hears of every event; without the viewer, whose software drawing costs 8 s."""
    page = context.new_page()
    if viewer:
        page.set_viewport_size({"width": 800, "height": 600})  # few pixels, for they are drawn in software
    else:
        page.route("**/model-viewer.min.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(f"{server.url}/{place}")
    expect(page.locator("#link")).to_have_text("live")
    expect(page.locator("#kinds input")).to_have_count(3)
    return page
