"""The whole way by keyboard alone: Tab, Enter and Space, with the focus always seen, in order, and never caught."""

# ruff: noqa: F811  # fixtures are imported by name

from __future__ import annotations

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
MOST_STOPS = 150

# Whether the focused element can be seen, and that it is focused: by an outline of its own or of the box around it.
FOCUS = """() => {
  const it = document.activeElement;
  if (!it || it === document.body || it === document.documentElement) return null;
  const around = it.closest('.drop') || (it.type === 'file' && it.labels[0]) || it;
  const style = getComputedStyle(around), box = around.getBoundingClientRect();
  return {
    words: (it.getAttribute('aria-label') || it.innerText || it.textContent || it.id || '').trim().slice(0, 80),
    outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    inView: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0,
    html: it.outerHTML.slice(0, 160),
  };
}"""


@pytest.fixture(params=["en-US", "zh-CN"])
def page(request: pytest.FixtureRequest, chromium: Browser, site: Site) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=f"http://127.0.0.1:{site.port}",
        locale=request.param,
        viewport={"width": 1280, "height": 800},
        permissions=["clipboard-read", "clipboard-write"],
        reduced_motion="reduce",
    )
    context.set_default_timeout(2 * PATIENCE)
    yield context.new_page()
    context.close()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the first element of `selector` has the focus; each stop on the way is seen."""
    wanted = page.locator(selector).first
    wanted.wait_for(state="attached")
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop:
            assert stop["outlined"], f"the focus is not seen on {stop['html']}"
            assert stop["inView"], f"the focus is out of sight on {stop['html']}"
        if wanted.evaluate("it => it === document.activeElement"):
            return
    raise AssertionError(f"{selector} was not reached within {MOST_STOPS} stops on {page.url}")


def test_from_the_front_page_over_the_search_to_an_article(page: Page):
    page.goto("/")
    tab_to(page, "textarea")
    page.keyboard.type("NCCL_P2P_DISABLE")
    expect(page.locator("#found .results a").first).to_be_visible()
    expect(page.locator("[role=status]").last).to_have_text(re.compile(r"^\d+ "))  # how many, and no more than that
    expect(page.locator("textarea")).to_be_focused()

    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/search/"))
    tab_to(page, '#results a[href^="/kb/"]')
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile("/kb/"))
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("Tab")
    expect(page.locator("#install_method")).to_be_focused()


def test_from_the_upload_to_the_report_a_copy_its_proof_and_back(page: Page, tmp_path: Path):
    log = tmp_path / "launch.log"
    log.write_text(HANG, encoding="utf-8")
    page.on("filechooser", lambda chooser: None)  # asked for now: Chromium is told without waiting for its word
    page.goto("/diagnose/")
    tab_to(page, 'input[type="file"]')
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(log)
    tab_to(page, '.redaction input[type="checkbox"]')
    tab_to(page, '.send .row [type="submit"]')
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile("/cases/"))
    headline = page.locator("#case.report h1")
    expect(headline).to_be_visible(timeout=PATIENCE)
    tab_to(page, ".do button.copy")
    page.keyboard.press("Enter")
    expect(page.locator("p.unseen[role=status]")).to_have_text(re.compile("Copied|已复制"))
    assert "NCCL_P2P_DISABLE=1" in page.evaluate("navigator.clipboard.readText()")

    tab_to(page, ".do .unfold summary")
    page.keyboard.press("Space")
    expect(page.locator(".do .unfold details").first).to_have_attribute("open", "")
    tab_to(page, '.cited a[href*="/texts/0/"]')
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/texts/0/"))
    expect(page.locator("li:target")).to_be_in_viewport()

    page.goto(page.url.partition("#")[0])  # Tab would go on below the line that is proof
    tab_to(page, ".viewer > p a")
    page.keyboard.press("Enter")
    expect(headline).to_be_visible()


def test_the_keyboard_goes_on_from_the_headline_of_a_report_that_came_while_the_page_was_open(page: Page, site: Site):
    site.end("worker")
    page.goto("/diagnose/")
    page.locator("textarea").fill(HANG)
    page.locator('.send .row [type="submit"]').press("Enter")
    expect(page.locator("#case.reading")).to_be_visible()
    site.start_worker()

    expect(page.locator("#case.report h1")).to_be_focused(timeout=PATIENCE)
    tab_to(page, ".acts a")


def test_a_guide_from_its_start_to_its_end(page: Page):
    page.goto("/guides/stuck-in-starting/")
    if page.locator(".ask details summary").count():
        tab_to(page, ".ask details summary")
        page.keyboard.press("Space")
        expect(page.locator(".ask details").first).to_have_attribute("open", "")
    for _ in range(12):
        if not page.locator(".answers a").count():
            break
        before = page.url
        tab_to(page, ".answers a")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, before=before: url != before)

    expect(page.locator(".verdict h1")).to_be_visible()
    tab_to(page, ".known a")


@pytest.mark.parametrize(
    "address", ["/", "/kb/p2p-iommu-acs/", "/diagnose/", "/what-if/", "/guides/stuck-in-starting/"]
)
def test_nothing_holds_the_focus_and_its_order_is_that_of_the_page(page: Page, address: str):
    page.goto(address)
    page.evaluate("window.stops = []")
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate(
            """() => {
          const it = document.activeElement;
          if (window.stops.length && (it === document.body || it === window.stops[0])) return true;
          window.stops.push(it);
          return false;
        }"""
        ):
            break
    else:
        raise AssertionError(f"the focus does not leave {address}")

    assert page.evaluate("stops.length") > 5
    assert page.evaluate("stops[stops.length - 1].closest('footer') !== null")
    assert page.evaluate(
        "stops.every((it, n) => !n || !!(stops[n - 1].compareDocumentPosition(it) & Node.DOCUMENT_POSITION_FOLLOWING))"
    )
