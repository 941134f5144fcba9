"""Our embeds inside a page of another origin: shown where allowed, refused where not, and as tall as their content."""

# ruff: noqa: F811  # fixtures are imported by name

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import chromium, site_with_pages  # noqa: F401
from tests.running import Site

pytestmark = pytest.mark.browser

SCRIPTS_ONLY = "allow-scripts"
GITLAB = "allow-scripts allow-popups allow-same-origin"


class Wiki:
    """Another site, which shows `body`."""

    def __init__(self) -> None:
        self.body = ""
        wiki = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = f"<!doctype html><title>wiki</title>{wiki.body}".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def wikis() -> Iterator[tuple[Wiki, Wiki]]:
    """One whose origin the operator has named, and one whose origin not."""
    named, other = Wiki(), Wiki()
    yield named, other
    for wiki in (named, other):
        wiki.server.shutdown()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, wikis: tuple[Wiki, Wiki]) -> Iterator[Site]:
    running = site_with_pages(tmp_path_factory.mktemp("framed"), UNHANG_EMBED_ORIGINS=wikis[0].origin)
    try:
        running.start_web()
        yield running
    finally:
        running.close()


def framed(chromium: Browser, wiki: Wiki, site: Site, path: str, more: str = "", sandbox: str = "") -> Page:
    held = f'sandbox="{sandbox}"' if sandbox else ""
    wiki.body = (
        f'<iframe id="it" src="http://127.0.0.1:{site.port}{path}" width="640" height="400" {held}></iframe>{more}'
    )
    page = chromium.new_page()
    page.goto(wiki.origin)
    return page


@pytest.mark.parametrize("path", ["/embed/kb/p2p-iommu-acs/", "/embed/guides/stuck-in-starting/"])
def test_an_embed_is_shown_where_the_operator_allows_it(chromium: Browser, wikis, site: Site, path: str):
    page = framed(chromium, wikis[0], site, path)

    expect(page.frame_locator("#it").locator("h1")).to_be_visible()
    page.close()


def test_an_embed_is_refused_elsewhere(chromium: Browser, wikis, site: Site):
    page = framed(chromium, wikis[1], site, "/embed/kb/p2p-iommu-acs/")
    page.wait_for_load_state("networkidle")

    assert page.frames[1].url.startswith("chrome-error:")
    expect(page.frame_locator("#it").locator(".lead")).to_have_count(0)
    page.close()


@pytest.mark.parametrize("path", ["/kb/p2p-iommu-acs/", "/", "/diagnose/"])
def test_a_whole_page_is_refused_even_where_embeds_are_allowed(chromium: Browser, wikis, site: Site, path: str):
    page = framed(chromium, wikis[0], site, path)
    page.wait_for_load_state("networkidle")

    assert page.frames[1].url.startswith("chrome-error:")
    page.close()


@pytest.mark.parametrize("sandbox", [SCRIPTS_ONLY, GITLAB, "allow-popups"])
def test_the_guide_is_walked_to_its_report_in_every_sandbox(chromium: Browser, wikis, site: Site, sandbox: str):
    page = framed(chromium, wikis[0], site, "/embed/guides/stuck-in-starting/", sandbox=sandbox)
    inside = page.frame_locator("#it")
    expect(inside.locator("h1")).to_be_visible()
    for _ in range(12):
        before = inside.locator("h1").inner_text()
        if not inside.locator(".answers a").count():
            break
        inside.locator(".answers a").first.click()
        expect(inside.locator("h1")).not_to_have_text(before)

    expect(inside.locator(".verdict h1")).to_be_visible()
    page.close()


def test_a_frame_grows_with_its_content_and_not_for_strangers(chromium: Browser, wikis, site: Site):
    resize = f'<script src="http://127.0.0.1:{site.port}/static/embed/resize.js"></script>'
    page = framed(chromium, wikis[0], site, "/embed/kb/p2p-iommu-acs/", resize)
    frame = page.locator("#it")
    page.wait_for_function("document.getElementById('it').clientHeight > 900")
    grown = frame.evaluate("it => it.clientHeight")

    page.evaluate("window.postMessage({type: 'gpukb:resize', v: 1, height: 200}, '*')")
    page.wait_for_timeout(200)

    assert frame.evaluate("it => it.clientHeight") == grown
    assert grown <= 4000
    page.close()


def test_the_wiki_tells_the_embed_its_theme(chromium: Browser, wikis, site: Site):
    page = framed(chromium, wikis[0], site, "/embed/kb/nvls/")
    inside = page.frame_locator("#it").locator("html")
    expect(page.frame_locator("#it").locator("html.scripted")).to_have_count(1)

    page.evaluate(
        "document.getElementById('it').contentWindow.postMessage({type: 'gpukb:theme', v: 1, theme: 'dark'}, '*')"
    )

    expect(inside).to_have_attribute("data-theme", "dark")
    page.close()
