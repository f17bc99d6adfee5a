"""What an artist does with the page, in a real browser against a real server."""

import base64
import json
import re
import struct
import urllib.error
import urllib.request
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from aigc.mesh.gltf import write_glb
from aigc.mesh.types import Mesh
from tests.house.kit import SAMPLES, Gate, House, Server
from tests.mesh.segment_kit import table
from tests.page.conftest import Watch, visit

DROP = """([name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  return transfer;
}"""


def drop(page: Page, target: str, file: Path, kind: str) -> None:
    """The file is dragged over the page and let go."""
    content = base64.b64encode(file.read_bytes()).decode()
    transfer = page.evaluate_handle(DROP, [file.name, kind, content])
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event(target, event, {"dataTransfer": transfer})


def row(page: Page, name: str) -> Locator:
    """The job of that name in the list."""
    return page.locator("#jobs > li").filter(has_text=name)


def downloaded(page: Page) -> bytes:
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download GLB").click()
    return Path(coming.value.path()).read_bytes()


def triangles(glb: bytes) -> int:
    """Triangles of all indexed meshes in a GLB file."""
    size = struct.unpack_from("<I", glb, 12)[0]
    document = json.loads(glb[20 : 20 + size])
    parts = [part for mesh in document["meshes"] for part in mesh["primitives"]]
    return sum(document["accessors"][part["indices"]]["count"] for part in parts) // 3


def test_a_dropped_picture_becomes_a_mesh_that_can_be_turned_and_downloaded(
    server: Server, context: BrowserContext, gate: Gate
) -> None:
    server.submit("stepping", text="what must be done before", gate=gate.path)
    page = visit(context, server, viewer=True)
    drop(page, "#stage", SAMPLES / "robot.png", "image/png")
    expect(page.locator("#drop")).to_be_hidden()
    expect(page.locator(".zone .name")).to_contain_text("robot.png")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#stage").get_by_role("progressbar")).to_be_visible()
    expect(page.locator("#stage .wait img")).to_be_visible()
    gate.open()
    expect(page.locator("model-viewer")).to_have_js_property("loaded", True)
    glb = downloaded(page)
    assert glb[:4] == b"glTF"
    expect(page.locator(".numbers div").filter(has_text="Triangles").locator("dd").first).to_have_text(
        f"{triangles(glb):,}"
    )
    turn = page.get_by_role("button", name="Turn")
    expect(turn).to_have_attribute("aria-pressed", "false")  # the system asks for less motion
    turn.click()
    expect(page.locator("model-viewer")).to_have_js_property("autoRotate", True)
    expect(page).to_have_title("robot.png – aigc")
    tools, model = (page.locator(f".view {part}").bounding_box() for part in (".tools", ".turntable"))
    assert tools is not None and model is not None
    assert tools["y"] + tools["height"] <= model["y"], "nothing covers the head"
    page.get_by_text("An idea").click()
    expect(page.locator("#earlier")).to_contain_text("Made before: robot.png")
    page.reload()
    expect(page.locator("#shown h2")).to_have_text("robot.png")


def test_a_prompt_becomes_a_mesh_and_that_the_input_of_the_next_job(server: Server, page: Page) -> None:
    page.get_by_text("An idea").click()
    page.get_by_label("I want").select_option("text_to_textured_mesh")
    page.get_by_label("Description").fill("a yellow stool")
    page.get_by_label("Description").press("Control+Enter")
    page.get_by_role("group", name="Use as input for").get_by_role("button", name="Retopology").click()
    expect(page.get_by_role("radio", name="A mesh")).to_be_checked()
    expect(page.locator(".zone .name")).to_contain_text("a yellow stool")
    expect(page.get_by_label("I want")).to_have_value("mesh_retopology")
    page.locator("#settings > summary").click()
    page.get_by_label("Model", exact=True).select_option("quadric")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#shown header")).to_contain_text("Retopology with quadric")
    expect(row(page, "a yellow stool")).to_have_count(2)
    newest = server.client.jobs(limit=1)["jobs"][0]
    assert newest["inputs"]["mesh"]["filename"].endswith(".glb")
    assert newest["params"]["output_format"] == "glb", "the page asks for what it can show"
    server.client.cancel(newest["id"])


def test_a_running_job_is_cancelled_from_the_page(server: Server, page: Page) -> None:
    job = server.submit("noop", text="a mistake", sleep_s=1000, steps=10_000)
    row(page, "a mistake").locator(".open").click()
    expect(page.locator("#stage .state")).to_contain_text("Shaping")
    page.locator("#stage").get_by_role("button", name="Cancel").click()
    expect(page.locator("#stage .lead")).to_have_text("Cancelled")
    expect(row(page, "a mistake").locator(".state")).to_have_text("cancelled")
    assert server.client.job(job["id"])["status"] == "cancelled"


def test_a_job_that_was_sent_elsewhere_appears_and_finishes_before_ones_eyes(
    server: Server, page: Page, gate: Gate
) -> None:
    job = server.submit("stepping", text="from a script", gate=gate.path)
    expect(row(page, "from a script").get_by_role("progressbar")).to_be_visible()
    gate.open()
    expect(row(page, "from a script").locator(".state")).to_contain_text("Text to mesh")
    assert server.client.job(job["id"])["status"] == "completed"
    row(page, "from a script").locator(".open").click()
    server.client.delete(job["id"])
    expect(page.locator("#stage .lead")).to_have_text("It was deleted.")
    expect(row(page, "from a script")).to_have_count(0)


def test_a_waiting_job_tells_its_place_and_why_it_waits(
    server: Server, page: Page, queued: list[dict[str, Any]]
) -> None:
    last = row(page, "patient 3").first  # the newest of that name
    expect(last.locator(".state")).to_contain_text(re.compile(r"\d before it, .*ready in about \d"))
    last.locator(".open").click()
    expect(page.locator("#stage .state")).to_contain_text("eady in about")
    expect(page.locator("#stage .why")).to_contain_text(re.compile(r"\d jobs before it"))
    expect(page.locator("#ahead")).to_contain_text(re.compile(r"\d jobs wait"))
    server.client.cancel(queued[-1]["id"])
    expect(page.locator("#stage .lead")).to_have_text("Cancelled")


def test_stages_messages_and_previews_are_shown_while_it_runs(server: Server, page: Page, gate: Gate) -> None:
    plan = [[0.4, "decoding", "carving the face"]]
    job = server.submit("stepping", text="a bust", plan=plan, preview=True, gate=gate.path)
    row(page, "a bust").locator(".open").click()
    expect(page.locator("#stage .state")).to_contain_text("Shaping 90 %")
    preview = page.get_by_role("img", name="How it looks so far")
    expect(preview).to_have_js_property("naturalWidth", 1)
    expect(page).to_have_title("90 % a bust – aigc")
    server.client.cancel(job["id"])
    expect(page.locator("#stage .lead")).to_have_text("Cancelled")


def test_the_page_survives_a_killed_server_and_shows_the_job_finish(
    house: House, context: BrowserContext, watch: Watch, gate: Gate, tmp_path: Path
) -> None:
    watch.forgiven = re.compile(r"WebSocket connection to|Failed to load resource")
    with house(tmp_path) as server:
        page = visit(context, server)
        server.submit("stepping", text="a lasting thing", gate=gate.path)
        row(page, "a lasting thing").locator(".open").click()
        expect(page.locator("#stage .state")).to_contain_text("Shaping")
        port = int(server.url.rsplit(":", 1)[1])
        server.kill()
        expect(page.locator("#link")).to_contain_text("no answer")
        server.start(port=port)
        gate.open()
        expect(page.locator("#link")).to_have_text("live")
        expect(page.get_by_role("link", name="Download GLB")).to_be_visible()
        assert downloaded(page)[:4] == b"glTF"


def test_an_upload_of_garbage_is_refused_in_the_servers_own_words(server: Server, page: Page, watch: Watch) -> None:
    watch.forgiven = re.compile(r"Failed to load resource.*/uploads")
    address = f"{server.url}/api/v1/uploads?filename=cat.png"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(address, b"no picture", method="PUT"))
    with refused.value as answer:
        said = json.load(answer)["detail"]
    page.get_by_label("Picture", exact=True).set_input_files(
        {"name": "cat.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    expect(page.locator("#complaint")).to_contain_text(said[1:])
    expect(page.locator(".zone").first).to_contain_text("Drop a file")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#complaint")).to_have_text("Picture is missing: drop a file, or choose one.")
    expect(page.get_by_label("Picture", exact=True)).to_be_focused()


def test_a_point_is_three_numbers_beside_each_other(server: Server, page: Page, watch: Watch) -> None:
    watch.forgiven = re.compile(r"Failed to load resource.*/jobs")
    page.get_by_text("A mesh", exact=True).click()
    page.get_by_label("I want").select_option("text_mesh_editing")
    page.get_by_label("Mesh", exact=True).set_input_files(SAMPLES / "rabbit.glb")
    page.get_by_label("Description").fill("enlarge the ears")
    expect(page.get_by_label("Where, as a mesh around it")).to_be_attached()
    page.get_by_label("Region to edit").select_option('"ellipsoid"')
    for name, values in (("Middle of the region", ("0", "0.3", "")), ("Size of the region", ("0.2", "0.1", "0.2"))):
        for letter, value in zip("xyz", values, strict=True):
            page.get_by_label(f"{name} {letter}").fill(value)
    page.get_by_role("button", name="Make it").click()
    expect(page.locator(".numbers-beside .error")).to_have_count(1)
    expect(page.get_by_label("Middle of the region x")).to_be_focused()
    labels = page.locator("#parameters label, #parameters legend").all_text_contents()
    seed = labels.index("Seed")
    assert labels.index("Region to edit") < seed < labels.index("Soft border"), (
        "what changes the result comes first, what few set last"
    )
    page.get_by_label("Middle of the region z").fill("0.05")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#shown header")).to_contain_text("Edit by text with region-edit")
    newest = server.client.jobs(limit=1)["jobs"][0]
    assert newest["params"]["mask_center"] == [0, 0.3, 0.05]
    assert (newest["params"]["mask_type"], newest["params"]["mask_size"]) == ("ellipsoid", [0.2, 0.1, 0.2])
    server.client.cancel(newest["id"])


def test_a_setting_out_of_range_is_told_beside_its_field(page: Page, watch: Watch) -> None:
    watch.forgiven = re.compile(r"Failed to load resource.*/jobs")
    page.get_by_text("An idea").click()
    page.get_by_label("I want").select_option("text_to_textured_mesh")
    page.get_by_label("Description").fill("a chair")
    page.locator("#settings > summary").click()
    page.get_by_label("Triangles").fill("1")
    page.locator("#settings > summary").click()
    page.get_by_role("button", name="Make it").click()
    field = page.get_by_label("Triangles")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".error")).to_have_text("1 is less than the minimum of 500")


def test_a_failed_job_shows_the_reason_the_advice_and_the_log_and_is_tried_again(server: Server, page: Page) -> None:
    server.client.wait(server.submit("dying", text="a house of cards", way="segfault")["id"])
    row(page, "a house of cards").locator(".open").click()
    expect(page.locator("#stage .message")).to_contain_text("SIGSEGV")
    expect(page.locator("#stage .log").last).to_contain_text("these are my last words")
    page.get_by_role("button", name="Try again").click()
    expect(row(page, "a house of cards")).to_have_count(2)


def test_deleting_asks_once_more_and_then_the_job_is_gone(server: Server, page: Page) -> None:
    job = server.client.wait(server.submit("noop", text="a regret")["id"])
    row(page, "a regret").locator(".open").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for ever").click()
    expect(row(page, "a regret")).to_have_count(0)
    expect(page.locator("#empty")).to_be_visible()
    assert job["id"] not in [known["id"] for known in server.client.jobs(limit=500)["jobs"]]


def test_another_seed_makes_another_job(server: Server, page: Page) -> None:
    sent = server.client.submit("text_to_textured_mesh", model="shape-grammar", text="a stool again")
    done = server.client.wait(sent["id"])
    page.goto(f"{server.url}/#job={done['id']}")
    page.get_by_role("button", name="Another seed").click()
    expect(row(page, "a stool again")).to_have_count(2)
    page.get_by_text("Settings used").click()
    seed = page.locator(".used .numbers div").filter(has_text="Seed").locator("dd")
    expect(seed).not_to_have_text(str(done["params"]["seed"]))


def test_a_result_of_many_files_names_each_and_tells_what_was_done(server: Server, page: Page, tmp_path: Path) -> None:
    points, faces, _ = table(0.4)
    mesh = tmp_path / "table.glb"
    mesh.write_bytes(write_glb(Mesh(points, faces)))
    job = server.client.wait(server.client.submit("mesh_segmentation", files={"mesh": mesh})["id"])
    page.goto(f"{server.url}/#job={job['id']}")
    page.get_by_text("8 files").click()
    for name in ("mesh.glb", "part_00.glb", "part_04.glb", "segmentation.json", "thumbnail.png"):
        expect(page.locator(f".files a[download='{name}']")).to_be_visible()
    page.get_by_role("button", name="Use Part 04 as input").click()
    expect(page.locator(".zone .name")).to_contain_text("table.glb, Part 04")
    expect(page.get_by_role("img", name="Drawing: Thumbnail.png")).to_be_visible()
    expect(page.get_by_role("button", name="Make again")).to_be_visible()  # segmentation takes no seed
    page.get_by_text("What it did").click()
    expect(page.locator(".used").first).to_contain_text("Number of parts5")
    expect(page.locator(".used").first).not_to_contain_text("{")


def test_a_file_that_cannot_be_turned_is_shown_as_a_picture_with_the_words_below_it(
    server: Server, context: BrowserContext
) -> None:
    job = server.client.run("mesh_retopology", mesh=SAMPLES / "rabbit.glb", model="quadric", output_format="obj").job
    page = visit(context, server, f"#job={job.id}")
    picture, words, facts = page.locator(".rendering"), page.locator(".still"), page.locator("#shown .facts")
    expect(picture).to_have_js_property("complete", True)
    expect(words).to_contain_text("this is a file in OBJ")
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        above = [place.bounding_box() for place in (picture, words, facts)]
        for upper, lower in pairwise(above):
            assert upper is not None and lower is not None
            assert upper["height"] > 20 and upper["y"] + upper["height"] <= lower["y"] + 1, (width, above)


def test_a_prompt_is_never_taken_for_markup(server: Server, page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)> & <b>bold</b>"
    server.client.wait(server.submit("noop", text=hostile)["id"])
    expect(row(page, hostile).locator(".title")).to_have_text(hostile)
    row(page, hostile).locator(".open").click()
    expect(page.locator("#shown h2")).to_have_text(hostile)
    expect(page.locator("#shown b")).to_have_count(0)
