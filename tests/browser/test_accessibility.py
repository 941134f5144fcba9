"""axe-core finds nothing on any page, in both languages and both themes."""

# ruff: noqa: F811  # fixtures are imported by name

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import AXE, chromium, site  # noqa: F401
from tests.casework import HANG
from tests.running import Site

pytestmark = pytest.mark.browser

ADDRESSES = (
    "/",
    "/diagnose/",
    "/kb/",
    "/kb/p2p-iommu-acs/",
    "/kb/stuck-in-starting/?install_method=docker",
    "/guides/",
    "/guides/stuck-in-starting/",
    "/guides/stuck-in-starting/?last-line=nccl",
    "/search/?q=nccl",
    "/search/?q=zzzzqqq",
    "/guides/stuck-in-starting/map.svg?as=page&last-line=nccl",
    "/what-if/",
    "/accuracy/",
    "/redaction/",
    "/embedding/",
    "/embed/kb/p2p-iommu-acs/",
    "/embed/guides/stuck-in-starting/",
    "/no-such-page/",
)
OF_A_CASE = ("texts/0/?line=7#L7", "what-if/?matrix=0", "compare/", "compare/?with=nonsense", "?told=fixed")
MATRIX = """\
\tGPU0\tGPU1\tGPU2\tCPU Affinity\tNUMA Affinity
GPU0\t X \tPHB\tSYS\t0-31\t0
GPU1\tPHB\t X \tSYS\t0-31\t0
GPU2\tSYS\tSYS\t X \t32-63\t1
"""


@pytest.fixture(scope="module")
def case(site: Site) -> str:
    """The address of a report that is done."""
    answer = json.loads(site.send((HANG + MATRIX).encode(), "?wait=30").text)
    assert answer["status"] == "done"
    return f"/cases/{answer['id']}/"


def violations(page: Page) -> list[str]:
    """What axe-core finds on this page with everything unfolded, as "rule: the elements"."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{one['id']}: {[node['html'][:140] for node in one['nodes'][:4]]}" for one in found["violations"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_axe_finds_no_violation(chromium: Browser, site: Site, case: str, locale: str, theme: str):
    context = chromium.new_context(
        base_url=f"http://127.0.0.1:{site.port}",
        locale=locale,
        color_scheme=theme,
        bypass_csp=True,
        reduced_motion="reduce",
    )
    page = context.new_page()
    found = {}
    for address in (*ADDRESSES, case, *(case + more for more in OF_A_CASE)):
        page.goto(address)
        assert page.evaluate("document.documentElement.lang") == ("en" if locale == "en-US" else "zh-Hans"), (
            f"{address} speaks another language: {page.content()[:300]}"
        )
        if wrong := violations(page):
            found[re.sub(r"/cases/[^/]+", "/cases/…", address)] = wrong
    context.close()

    assert found == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_maintainers_pages_too(
    chromium: Browser, site: Site, case: str, theme: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "only-for-this-test")
    name = f"keeper-{theme}"
    site.manage("createsuperuser", "--noinput", "--username", name, "--email", f"{name}@example.org")
    context = chromium.new_context(
        base_url=f"http://127.0.0.1:{site.port}", color_scheme=theme, bypass_csp=True, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto("/maintain/")
    page.locator("#id_username").fill(name)
    page.locator("#id_password").fill("only-for-this-test")
    page.locator("#id_password").press("Enter")
    page.wait_for_url(re.compile("/maintain/$"))

    assert violations(page) == []
    context.close()
