"""What an artist does before the work and after it: gives files, sets what matters, looks closely."""

import base64
import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.house.kit import SAMPLES, Server
from tests.page.conftest import Watch, visit

GIVE = """([event, files]) => {
  const transfer = new DataTransfer();
  for (const [name, type, content] of files) {
    transfer.items.add(new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name, { type }));
  }
  const init = { bubbles: true, cancelable: true };
  if (event === "paste") document.body.dispatchEvent(new ClipboardEvent("paste", { ...init, clipboardData: transfer }));
  else document.getElementById("stage").dispatchEvent(new DragEvent("drop", { ...init, dataTransfer: transfer }));
}"""


def give(page: Page, event: str, *names: str) -> None:
    """Files are dropped over the stage, or pasted."""

    def kind(name: str) -> str:
        return "image/png" if name.endswith("png") else ""

    files = [(name, kind(name), base64.b64encode((SAMPLES / name).read_bytes()).decode()) for name in names]
    page.evaluate(GIVE, [event, files])


def test_several_pictures_are_several_jobs_and_a_mesh_with_a_picture_is_painted(server: Server, page: Page) -> None:
    give(page, "drop", "robot.png", "teapot.png", "penguin.png")
    expect(page.locator(".one img")).to_have_count(3)
    page.get_by_role("button", name="Remove teapot.png").click()
    page.get_by_role("button", name="Make all 2").click()
    expect(page.locator("#jobs > li")).to_have_count(2)
    jobs = server.client.jobs(limit=2)["jobs"]
    for job in jobs:
        server.client.cancel(job["id"])
    assert {job["inputs"]["image"]["filename"] for job in jobs} == {"robot.png", "penguin.png"}
    assert len({job["params"]["seed"] for job in jobs}) == 2
    give(page, "drop", "rabbit.glb", "robot.png")
    expect(page.get_by_label("I want")).to_have_value("image_mesh_painting")
    expect(page.locator(".zone[data-input=mesh]")).to_contain_text("rabbit.glb")
    expect(page.locator(".zone[data-input=image]")).to_contain_text("robot.png")
    best = page.locator("#feature optgroup").first.locator("option")
    expect(best).to_have_text(["Paint by picture", "Edit by pictures"])
    give(page, "paste", "penguin.png")
    expect(page.locator(".zone[data-input=image]")).to_contain_text("penguin.png")
    expect(page.locator(".zone[data-input=mesh]")).to_contain_text("rabbit.glb")


def test_no_file_is_lost_by_another_or_by_a_look_at_another_feature(page: Page) -> None:
    zone = {
        name: page.locator(f".zone[data-input={name}]") for name in ("image", "mesh", "source_image", "target_image")
    }
    give(page, "drop", "robot.png", "teapot.png")
    give(page, "drop", "rabbit.glb")
    expect(page.get_by_label("I want")).to_have_value("image_mesh_editing")
    for name, file in (("mesh", "rabbit.glb"), ("source_image", "robot.png"), ("target_image", "teapot.png")):
        expect(zone[name]).to_contain_text(file)
    page.get_by_label("I want").select_option("mesh_retopology")
    give(page, "drop", "penguin.png")
    expect(page.get_by_label("I want")).to_have_value("image_mesh_painting")
    expect(zone["image"]).to_contain_text("penguin.png")
    expect(zone["mesh"]).to_contain_text("rabbit.glb")
    page.get_by_text("A picture", exact=True).click()
    expect(zone["image"]).to_contain_text("penguin.png")
    expect(page.locator("#mesh-note")).to_be_hidden()
    page.get_by_text("A mesh", exact=True).click()
    expect(zone["mesh"]).to_contain_text("rabbit.glb")


def test_a_setting_is_drawn_along_its_range_and_reset_and_the_seed_rolls_unless_it_is_locked(
    server: Server, page: Page
) -> None:
    page.get_by_text("An idea").click()
    page.get_by_label("I want").select_option("text_to_textured_mesh")
    page.get_by_label("Description").fill("a stool to roll")
    page.locator("#settings > summary").click()
    faces, seed = page.get_by_label("Triangles"), page.get_by_label("Seed", exact=True)
    reset = faces.locator("xpath=..").locator(".reset")
    expect(reset).to_be_hidden()
    faces.locator("xpath=..").locator(".slider").fill("1000")
    expect(faces).to_have_value("100000")
    reset.click()
    expect(faces).to_have_value("16000")
    expect(faces).to_be_focused()
    sent = []
    for is_locked in (False, True, True):
        if is_locked and seed.get_attribute("value") != "7":
            seed.fill("7")
        before = seed.input_value()
        with page.expect_response("**/api/v1/jobs") as answered:
            page.get_by_role("button", name="Make it").click()
        job: dict[str, Any] = answered.value.json()
        sent.append(job["params"]["seed"])
        assert str(sent[-1]) == before
        expect(page.locator("#go")).to_have_attribute("aria-disabled", "false")
        server.client.cancel(job["id"])
        if not is_locked:
            expect(seed).not_to_have_value(before)
    assert sent[1:] == [7, 7]
    expect(page.get_by_role("button", name="Lock the seed")).to_have_attribute("aria-pressed", "true")


def test_a_region_is_set_on_the_mesh_and_the_result_is_compared_and_shown_as_wires(
    server: Server, context: BrowserContext
) -> None:
    page = visit(context, server, viewer=True)
    page.get_by_text("A mesh", exact=True).click()
    page.get_by_label("I want").select_option("text_mesh_editing")
    page.get_by_label("Mesh", exact=True).set_input_files(SAMPLES / "rabbit.glb")
    page.get_by_label("Description").fill("paint it red")
    page.get_by_label("Region to edit").select_option('"bbox"')
    expect(page.locator(".bench")).to_contain_text("0.22 × 0.4 × 0.339 m")
    expect(page.locator(".region polygon")).to_have_count(6)
    height = page.get_by_label("Size of the region y")
    expect(height).to_have_value("0.2")
    grip = page.locator(".region .grip.y").last.bounding_box()
    assert grip is not None
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] - 40, steps=3)
    page.mouse.up()
    expect(height).not_to_have_value("0.2")
    center = float(page.get_by_label("Middle of the region y").input_value())
    assert center - float(height.input_value()) / 2 == pytest.approx(0.1, abs=0.002), "the other side stays"
    page.get_by_label("Region to edit").select_option('"ellipsoid"')
    expect(page.locator(".region polygon.ring")).to_have_count(3)
    radius = float(page.get_by_label("Size of the region y").input_value())
    page.get_by_label("Region to edit").select_option('"bbox"')
    assert float(height.input_value()) == pytest.approx(2 * radius), "the box around the ellipsoid"
    page.get_by_role("button", name="Make it").click()
    before = page.get_by_role("button", name="Before", exact=True)
    before.dispatch_event("click")  # a click waits for still frames, and the viewer makes few
    expect(page.locator("model-viewer.before")).to_have_js_property("loaded", True)
    page.get_by_label("Share of the picture that shows the mesh before").fill("20")
    assert page.locator(".view").evaluate("(view) => view.style.getPropertyValue('--cut')") == "20%"
    wires = page.get_by_role("button", name="Wireframe")
    expect(wires).to_be_visible()  # once there is a mesh to show them of
    page.locator(".button.main").focus()
    page.keyboard.press("w")
    expect(wires).to_have_attribute("aria-pressed", "true")
    edges = """(viewer) => { let count = 0;
      viewer[Object.getOwnPropertySymbols(viewer).find(({description}) => description === "scene")].target
        .traverse((node) => { count += node.material?.wireframe ? 1 : 0; });
      return count; }"""
    after = page.locator("model-viewer:not(.before)")
    assert after.evaluate(edges) == 1
    wires.dispatch_event("click")
    assert after.evaluate(edges) == 0
    newest = server.client.jobs(limit=1)["jobs"][0]
    assert newest["params"]["mask_size"][1] == float(height.input_value())


def test_an_expired_result_says_so_and_is_made_again(server: Server, context: BrowserContext, watch: Watch) -> None:
    watch.forgiven = re.compile(r"404")
    job = server.client.wait(server.submit("noop", text="a thing of the past")["id"])
    context.route("**/outputs/*.glb", lambda route: route.fulfill(status=404, body="{}"))
    page = visit(context, server, f"#job={job['id']}", viewer=True)
    expect(page.locator("#stage .lead")).to_contain_text("The file is gone")
    page.locator("#shown h2").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Make it again")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(f"#jobs [data-id='{job['id']}'] .state")).to_have_text("its files are gone")
    page.keyboard.press("r")
    expect(page.locator("#jobs > li").filter(has_text="a thing of the past")).to_have_count(2)


def test_a_job_that_was_refused_goes_back_into_the_form_to_be_changed(server: Server, page: Page) -> None:
    params = {"mask_type": "bbox", "mask_center": [9, 0.3, 0], "mask_size": [0.4, 0.3, 0.4], "seed": 11}
    files = {"mesh": SAMPLES / "rabbit.glb"}
    sent = server.client.submit("text_mesh_editing", text="paint it green", files=files, params=params)
    server.client.wait(sent["id"])
    page.goto(f"{server.url}/#job={sent['id']}")
    expect(page.locator("#shown .wait")).to_contain_text("lace the mask there")
    page.get_by_role("button", name="Change it").click()
    expect(page.locator(".zone[data-input=mesh]")).to_contain_text("rabbit.glb")
    expect(page.get_by_label("Description")).to_have_value("paint it green")
    page.get_by_label("Middle of the region x").fill("0")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#jobs > li").filter(has_text="paint it green")).to_have_count(2)
    newest = server.client.jobs(limit=1)["jobs"][0]
    server.client.cancel(newest["id"])
    assert newest["params"] == {**sent["params"], "mask_center": [0, 0.3, 0]}


def test_a_job_whose_answer_was_lost_is_sent_again_and_made_once(
    server: Server, context: BrowserContext, page: Page, watch: Watch
) -> None:
    watch.forgiven = re.compile(r"Failed to load resource: net::")
    lost: list[str] = []

    def lose_first(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().headers["location"])  # it arrives, its answer does not
            route.abort()
        else:
            route.continue_()

    context.route("**/api/v1/jobs", lose_first)
    page.get_by_text("An idea").click()
    page.get_by_label("I want").select_option("text_to_textured_mesh")
    page.get_by_label("Description").fill("a stool that is lost")
    page.get_by_role("button", name="Make it").click()
    expect(page).to_have_url(re.compile("#job="))
    assert lost[0].endswith(page.url.rpartition("=")[2])
    expect(page.locator("#jobs > li").filter(has_text="a stool that is lost")).to_have_count(1)
    server.client.cancel(page.url.rpartition("=")[2])
