"""What an artist does with what was made before: finds it, and makes it again from a script."""

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from tests.house.kit import REPOSITORY, SAMPLES, Server

HOSTILE = 'it\'s "red" & `id` $HOME \\ é'


def test_jobs_are_found_by_words_state_and_kind_far_below_what_is_shown(server: Server, page: Page) -> None:
    jobs = [server.submit("noop", text="the first pebble")]
    jobs += [server.submit("noop", text=f"a pebble number {number}") for number in range(60)]
    failed = server.submit("noop", text="a pebble that broke", fail="input")
    for job in (failed, jobs[0], jobs[-1]):
        server.client.wait(job["id"])
    page.reload()
    rows, shown = page.locator("#jobs > li"), page.locator("#jobs > li:visible")
    expect(rows).to_have_count(50)
    page.get_by_label("Search the jobs").fill("FIRST pebble noop")
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("the first pebble")
    expect(rows).to_have_count(51)  # the server looked for it, and sent nothing else
    page.get_by_label("Search the jobs").fill("no such thing")
    expect(page.locator("#shelf-empty")).to_have_text("No job is like that.")
    page.get_by_label("Search the jobs").fill("pebble")
    page.get_by_label("State").select_option("Failed")
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("a pebble that broke")
    page.get_by_label("State").select_option("In any state")
    page.get_by_label("What was made").select_option("Rigging")
    expect(shown).to_have_count(0)


def copied(page: Page, language: str) -> str:
    page.get_by_text("The same from a script").click()
    page.get_by_role("button", name=language, exact=True).click()
    page.get_by_role("button", name=f"Copy as {language}").click()
    expect(page.locator(".code [role=status]")).to_have_text("Copied")
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_the_copied_commands_make_the_same_job(
    server: Server, context: BrowserContext, page: Page, tmp_path: Path
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    params = {"mask_type": "bbox", "mask_center": [0, 0.3, 0], "mask_size": [0.4, 0.3, 0.4], "seed": 7}
    files = {"mesh": SAMPLES / "rabbit.glb"}
    sent = server.client.submit("text_mesh_editing", text=f"paint it red {HOSTILE}", files=files, params=params)
    plain = server.client.wait(server.submit("noop", text=HOSTILE, bytes=3000)["id"])
    made = {"curl": server.client.wait(sent["id"]), "Python": plain}
    programs = {"curl": ["bash", "-euo", "pipefail", "-c"], "Python": [sys.executable, "-c"]}
    for language, job in made.items():
        page.goto(f"{server.url}/#job={job['id']}")
        expect(page.locator(f"#jobs [data-id='{job['id']}']")).to_have_class("is-completed current")
        command = [*programs[language], copied(page, language)]
        folder = tmp_path / language
        folder.mkdir()
        done = subprocess.run(
            command, cwd=folder, env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "HOME": "/"},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        again = server.client.jobs(limit=1)["jobs"][0]
        assert again["id"] != job["id"]
        for same in ("feature", "model", "params"):
            assert again[same] == job[same]
        assert again["inputs"]["text"] == job["inputs"]["text"]
        if language == "curl":
            assert again["inputs"]["mesh"]["bytes"] == (SAMPLES / "rabbit.glb").stat().st_size
        assert (folder / job["outputs"][0]["name"]).read_bytes()[:4] == b"glTF"
