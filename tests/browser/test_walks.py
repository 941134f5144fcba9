"""The main job in a real browser: from an upload to the proven answer, with scripts and without."""

# ruff: noqa: F811  # fixtures are imported by name

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import chromium, site  # noqa: F401
from tests.casework import HANG
from tests.running import Site

pytestmark = pytest.mark.browser

PATIENCE = 30_000  # milliseconds for a case to be read
TOPOLOGY = """\
\tGPU0\tGPU1\tGPU2\tGPU3\tCPU Affinity\tNUMA Affinity
GPU0\t X \tPHB\tSYS\tSYS\t0-31\t0
GPU1\tPHB\t X \tSYS\tSYS\t0-31\t0
GPU2\tSYS\tSYS\t X \tPHB\t32-63\t1
GPU3\tSYS\tSYS\tPHB\t X \t32-63\t1
"""


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    log, topology = tmp_path / "launch.log", tmp_path / "topo.txt"
    log.write_text(HANG, encoding="utf-8")
    topology.write_text(TOPOLOGY, encoding="utf-8")
    return [log, topology]


@pytest.fixture
def page(chromium: Browser, site: Site) -> Iterator[Page]:
    """A page whose console must stay silent."""
    context = chromium.new_context(
        base_url=f"http://127.0.0.1:{site.port}", locale="en-US", viewport={"width": 1280, "height": 900}
    )
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    assert complaints == []
    context.close()


@pytest.fixture
def plain(chromium: Browser, site: Site) -> Iterator[Page]:
    """The same without JavaScript, in Chinese, on a telephone."""
    context = chromium.new_context(
        base_url=f"http://127.0.0.1:{site.port}",
        locale="zh-CN",
        java_script_enabled=False,
        viewport={"width": 390, "height": 800},
    )
    yield context.new_page()
    context.close()


def test_from_files_to_the_report_its_lines_and_its_remedy(page: Page, files: list[Path]):
    page.goto("/diagnose/")
    page.locator('input[type="file"]').set_input_files(files)
    expect(page.locator(".chosen li")).to_have_count(2)
    page.get_by_role("button", name="Remove topo.txt").click()
    expect(page.locator(".chosen li")).to_have_text(re.compile(r"^launch\.log"))
    page.locator('input[type="file"]').set_input_files(files)
    page.locator("form.send").get_by_role("button", name="Diagnose").click()

    page.wait_for_url(re.compile("/cases/"))
    expect(page.locator("#case.report h1")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#case[hx-trigger]")).to_have_count(0)
    expect(page.locator(".phases li.stuck")).to_contain_text("NCCL")
    expect(page.locator(".topology svg")).to_be_visible()

    page.locator(".verdict").get_by_role("link", name="Copy as Markdown").wait_for()
    page.locator('.cited a[href*="/texts/0/"]').first.click()
    marked = page.locator("li:target")
    expect(marked).to_contain_text("nccl==2.21.5")
    assert "marked" in (marked.get_attribute("class") or "")

    page.go_back()
    page.get_by_label("for", exact=True).select_option("docker")
    page.wait_for_url(re.compile("install_method=docker"))
    expect(page.locator("pre[data-copy]").first).to_contain_text("NCCL_P2P_DISABLE=1")


def test_a_pasted_log_on_the_front_page_becomes_a_case_and_can_be_deleted(page: Page):
    page.goto("/")
    page.locator("textarea").fill(HANG)
    expect(page.get_by_role("button", name="Search")).to_be_hidden()
    page.locator("form.box").get_by_role("button", name="Diagnose").click()
    expect(page.locator("#case.report")).to_be_visible(timeout=PATIENCE)
    address = page.url

    page.locator(".delete summary").click()
    page.get_by_role("button", name="Delete this case").click()

    expect(page.get_by_role("heading", name="This case is gone")).to_be_visible()
    answer = page.context.request.get(address)
    assert answer.status == 410


def test_typing_on_the_front_page_finds_articles(page: Page):
    page.goto("/")
    page.locator("textarea").press_sequentially("NCCL_P2P_DISABLE")

    expect(page.locator("#found .results a").first).to_be_visible()
    page.locator("textarea").press("Enter")
    page.wait_for_url(re.compile(r"/search/\?.*NCCL_P2P_DISABLE"))


def test_without_a_network_the_page_says_so_and_keeps_what_was_typed(page: Page):
    page.goto("/diagnose/")
    page.locator("textarea").fill(HANG)
    page.context.set_offline(True)
    expect(page.locator(".away")).to_contain_text("There is no network")

    page.locator("form.send").get_by_role("button", name="Diagnose").click()
    page.context.set_offline(False)

    expect(page.locator(".away")).to_be_hidden()
    assert page.url.endswith("/diagnose/")
    expect(page.locator("textarea")).to_have_value(HANG)


def test_the_theme_is_switched_and_kept_without_a_cookie(page: Page):
    page.goto("/")
    page.get_by_role("button", name="Switch between light and dark").click()
    chosen = page.locator("html").get_attribute("data-theme")

    page.goto("/kb/")

    assert chosen in ("light", "dark")
    assert page.locator("html").get_attribute("data-theme") == chosen
    assert "theme" not in {cookie["name"] for cookie in page.context.cookies()}


def test_the_keyboard_alone_reaches_the_content(page: Page):
    page.goto("/kb/p2p-iommu-acs/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()

    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "content"


def test_the_upload_works_without_javascript(plain: Page, files: list[Path]):
    plain.goto("/diagnose/")
    plain.locator('input[type="file"]').set_input_files(files)
    plain.locator('form.send button[type="submit"]').click()
    plain.wait_for_url(re.compile("/cases/"))

    expect(plain.locator("#case.report h1")).to_be_visible(timeout=PATIENCE)  # the page reloads itself
    expect(plain.locator(".phases li.stuck")).to_contain_text("卡住")
    plain.locator("#install_method").select_option("docker")
    plain.locator(".pick button").click()
    expect(plain.locator("pre[data-copy]").first).to_contain_text("NCCL_P2P_DISABLE=1")


def test_the_guide_ends_in_a_report_without_javascript(plain: Page):
    plain.goto("/guides/stuck-in-starting/")
    for _ in range(12):
        if not plain.locator(".answers a").count():
            break
        plain.locator(".answers a").first.click()

    expect(plain.locator(".verdict h1")).to_be_visible()
    expect(plain.locator(".known li")).not_to_have_count(0)


def test_nothing_is_wider_than_a_small_telephone(chromium: Browser, site: Site):
    context = chromium.new_context(base_url=f"http://127.0.0.1:{site.port}", viewport={"width": 320, "height": 700})
    opened = context.new_page()
    case = f"/cases/{json.loads(site.send((HANG + TOPOLOGY).encode(), '?wait=30').text)['id']}/"
    too_wide = []
    for address in (
        "/",
        "/kb/",
        "/kb/p2p-iommu-acs/",
        "/diagnose/",
        "/guides/",
        "/guides/stuck-in-starting/",
        "/search/?q=shm",
        "/what-if/",
        "/accuracy/",
        "/redaction/",
        "/embedding/",
        *(case + more for more in ("", "texts/0/", "what-if/", "compare/")),
    ):
        opened.goto(address)
        if opened.evaluate("document.documentElement.scrollWidth > innerWidth"):
            too_wide.append(address)
    context.close()

    assert too_wide == []
