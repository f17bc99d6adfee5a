"""A first visit: nobody has read anything, and leaves with a mesh that moves."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.gltf import gltf_issues
from tests.house.kit import Server


def test_a_newcomer_makes_textures_rigs_and_downloads_a_mesh_without_leaving_the_page(
    server: Server, page: Page
) -> None:
    following = page.get_by_role("group", name="Use as input for")
    make = page.get_by_role("button", name="Make it")

    page.get_by_text("An idea").click()
    page.get_by_label("I want").select_option("text_to_raw_mesh")
    page.get_by_label("Description").fill("a robot")
    make.click()

    following.get_by_role("button", name="Paint by text").click()
    page.get_by_label("Description").fill("a golden robot with black hands")
    make.click()
    expect(page.locator("#shown header")).to_contain_text("Paint by text")

    following.get_by_role("button", name="Rigging").click()
    make.click()
    expect(page.locator("#shown header")).to_contain_text("Rigging")

    with page.expect_download() as coming:
        page.get_by_role("link", name="Download GLB").click()
    rigged = Path(coming.value.path()).read_bytes()
    assert gltf_issues(rigged) == []
