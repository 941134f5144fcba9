"""A real Chromium on a real site for the browser tests: web server, Redis and worker, in a folder of their own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.running import Site, new_site

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"


def executable() -> str:
    """The Chromium to use. Its absence fails the tests: a walk that nobody took proves nothing."""
    found = (
        os.environ.get("UNHANG_CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    assert found, "no Chromium: set UNHANG_CHROMIUM to its path, or run `make test`, which gets one"
    return found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        yield browser
        browser.close()


def site_with_pages(folder: Path, **settings: str) -> Site:
    """A site whose static files are gathered and whose words are compiled; nothing of it runs yet."""
    made = new_site(folder, **settings)
    made.manage("translate")
    made.manage("collectstatic", "--noinput", "--verbosity", "0")
    return made


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A whole installation, running."""
    running = site_with_pages(tmp_path_factory.mktemp("site"))
    try:
        running.start_redis()
        running.start_worker()
        running.start_web()
        yield running
    finally:
        running.close()
