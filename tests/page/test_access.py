"""Who can use the page: with a keyboard, a screen reader, any screen; and what it never does."""

import json
import re
import struct
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.house.kit import REPOSITORY, Server
from tests.page.conftest import Watch, visit

AXE = REPOSITORY / "tests" / "node_modules" / "axe-core" / "axe.min.js"
STATIC = REPOSITORY / "web" / "static"
CUT_OFF = """(nodes) => nodes
  .filter((node) => node.checkVisibility() && node.getBoundingClientRect().right > innerWidth)
  .map((node) => node.outerHTML)"""
RUN_AXE = "(options) => axe.run(document, {resultTypes: ['violations'], ...options}).then((found) => found.violations)"


@pytest.fixture(scope="module")
def places(server: Server) -> dict[str, str]:
    """Where each state of the page is to be seen."""
    client = server.client
    made = client.wait(client.submit("text_to_textured_mesh", model="shape-grammar", text="a small table")["id"])
    failed = client.wait(server.submit("raising", text="a failure", at=0, error="input")["id"])
    return {"empty": "", "made": f"#job={made['id']}", "failed": f"#job={failed['id']}"}


def violations(page: Page, **options: list[str]) -> list[str]:
    found: list[dict[str, Any]] = page.evaluate(RUN_AXE, options)
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]


def test_axe_finds_no_violation_in_any_state_light_or_dark(
    server: Server, places: dict[str, str], context: BrowserContext
) -> None:
    found = {}
    for state, place in places.items():
        page = visit(context, server, place, viewer=state == "made")
        if state == "made":
            expect(page.locator("model-viewer")).to_have_js_property("loaded", True)
            page.locator(".code summary").dispatch_event("click")  # a click waits for frames, and the viewer makes few
        if state == "empty":
            page.locator("#settings > summary").click()
            page.locator(".more summary").click()
        if state == "failed":
            page.get_by_role("button", name="Keyboard shortcuts").click()
        page.evaluate(AXE.read_text())
        found[state] = violations(page)
        page.emulate_media(color_scheme="dark")
        found[state] += violations(page, runOnly=["color-contrast"])  # the rest is not a matter of colour
        page.close()
    assert found == {state: [] for state in places}


@pytest.mark.parametrize("state", ["empty", "failed"])
def test_no_width_needs_sideways_scrolling(
    server: Server, places: dict[str, str], context: BrowserContext, state: str
) -> None:
    page = visit(context, server, places[state])
    for width in (320, 390, 760, 1024, 1440, 3840):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        cut = page.locator("h1, h2, nav a, button, summary, label").evaluate_all(CUT_OFF)
        assert cut == [], width


def press_until(page: Page, key: str, selector: str) -> None:
    """The focus is on what the selector says, after at most 60 presses."""
    for _ in range(60):
        page.keyboard.press(key)
        if page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"{key} never reaches {selector}")


def test_a_mesh_is_made_and_downloaded_without_a_mouse(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the work area")).to_be_focused()
    page.keyboard.press("Enter")
    press_until(page, "Tab", "[name=kind]")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="An idea")).to_be_checked()
    press_until(page, "Tab", "#prompt")
    page.keyboard.type("a green bench")
    press_until(page, "Tab", "#go")
    assert page.locator("#go").evaluate("(node) => getComputedStyle(node).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#news")).to_have_text("a green bench: completed")
    press_until(page, "Tab", ".button.main")
    with page.expect_download() as coming:
        page.keyboard.press("Enter")
    assert Path(coming.value.path()).read_bytes()[:4] == b"glTF"


def compressed_glb() -> bytes:
    """A GLB whose one mesh can be read only by a Draco decoder."""
    document = {
        "asset": {"version": "2.0"},
        "extensionsUsed": ["KHR_draco_mesh_compression"],
        "extensionsRequired": ["KHR_draco_mesh_compression"],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{
            "attributes": {"POSITION": 0},
            "extensions": {"KHR_draco_mesh_compression": {"bufferView": 0, "attributes": {"POSITION": 0}}},
        }]}],
        "accessors": [{"componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0]}],
        "bufferViews": [{"buffer": 0, "byteLength": 8}],
        "buffers": [{"byteLength": 8}],
    }  # fmt: skip
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    size = 12 + 8 + len(text) + 16
    return struct.pack("<4sIII4s", b"glTF", 2, size, len(text), b"JSON") + text + struct.pack("<I4s8x", 8, b"BIN\0")


def test_even_a_compressed_mesh_makes_the_viewer_ask_no_other_host(
    server: Server, places: dict[str, str], context: BrowserContext, watch: Watch
) -> None:
    watch.forgiven = re.compile(r".")  # the viewer complains about the decoder that is not there

    def answer(route: Route) -> None:
        route.fulfill(body=compressed_glb(), content_type="model/gltf-binary")

    context.route("**/outputs/*.glb", answer)
    page = visit(context, server, places["made"], viewer=True)
    expect(page.locator("#stage .wait")).to_contain_text("can be downloaded")
    assert any("/static/vendor/decoders/" in line for line in watch.complaints), "the decoder was never asked for"
    assert watch.outside == []


def test_the_page_has_no_inline_script_and_its_policy_forbids_any(page: Page) -> None:
    markup = (STATIC / "index.html").read_text()
    assert re.findall(r"<script(?![^>]* src=\"/static/)", markup) == []
    assert re.findall(r"\son\w+=|javascript:|https?://", markup) == []
    answer = page.request.get(page.url.split("#")[0], headers={"Accept": "text/html"})
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "default-src 'self'" in policy
