"""On paper: what is read and nothing to press, black on white also from the dark theme, code and proof whole."""

# ruff: noqa: F811  # fixtures are imported by name

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import chromium, site  # noqa: F401
from tests.casework import HANG
from tests.running import Site

pytestmark = pytest.mark.browser

PAPER = {"width": 680, "height": 960}  # what A4 leaves within its margins
NOT_ON_PAPER = "header.top, footer.foot, .skip, button, select, input, textarea, .toc, .acts, .onwards"
SEEN = "it => it.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true})"


@pytest.fixture
def page(chromium: Browser, site: Site) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=f"http://127.0.0.1:{site.port}", locale="en-US", color_scheme="dark", viewport=PAPER
    )
    opened = context.new_page()
    opened.emulate_media(media="print", color_scheme="dark")
    yield opened
    context.close()


@pytest.fixture(scope="module")
def case(site: Site) -> str:
    """The address of a report with a GPU matrix."""
    matrix = "\tGPU0\tGPU1\tCPU Affinity\nGPU0\t X \tPHB\t0-31\nGPU1\tPHB\t X \t0-31\n"
    answer = json.loads(site.send((HANG + matrix).encode(), "?wait=30").text)
    assert answer["status"] == "done"
    return f"/cases/{answer['id']}/"


def guides_end(page: Page) -> str:
    page.goto("/guides/stuck-in-starting/")
    for _ in range(12):
        if not page.locator(".answers a").count():
            break
        page.goto(page.locator(".answers a").first.evaluate("it => it.href"))
    return page.url


@pytest.mark.parametrize("which", ["report", "article", "guide"])
def test_paper_shows_what_is_read_and_nothing_to_press(page: Page, case: str, which: str):
    page.goto({"report": case, "article": "/kb/p2p-iommu-acs/"}.get(which) or guides_end(page))

    pressed = page.locator(NOT_ON_PAPER).evaluate_all(f"all => all.filter({SEEN}).map(it => it.outerHTML.slice(0, 90))")
    assert pressed == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('main h1')).color") in (
        "rgb(0, 0, 0)",
        "rgb(138, 28, 18)",
    )
    cut = page.locator("pre").evaluate_all(
        f"all => all.filter({SEEN}).filter(it => it.scrollWidth > it.clientWidth + 1).map(it => it.innerText.slice(0, 60))"
    )
    assert cut == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_proof_and_the_way_back_are_printed_without_unfolding(page: Page, case: str):
    page.goto(case)

    proof = page.locator(".why .evidence > li")
    assert proof.count() > 0
    assert proof.evaluate_all(f"all => all.every({SEEN})")
    assert proof.first.evaluate("it => getComputedStyle(it).breakInside") == "avoid"
    folded = page.locator(".remedy:first-child > .snippet .unfold details > div")
    assert folded.count() > 0
    assert folded.evaluate_all(f"all => all.every({SEEN})")
    assert page.locator(".topology svg").evaluate(SEEN)


def test_addresses_of_sources_can_be_read_on_paper(page: Page):
    page.set_content('<main class="prose"><p><a href="https://example.com/x">a source</a></p></main>')
    page.add_style_tag(path="static/css/unhang.css")

    assert "https://example.com/x" in page.locator("a").evaluate("it => getComputedStyle(it, '::after').content")
