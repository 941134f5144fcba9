"""Hiding secrets in the browser: the same result as on the server, nothing open sent, names shown again by who has the key."""

# ruff: noqa: F811  # fixtures are imported by name

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.chromium import chromium, site  # noqa: F401
from tests.casework import HANG
from tests.diagnosis.planted import NEAR_MISSES, planted
from tests.diagnosis.test_redact import OTHER_FORMS
from tests.running import Site
from troubleshoot.diagnosis.peel import without_colour
from troubleshoot.diagnosis.redact import Redactor
from troubleshoot.diagnosis.redaction_table import as_json

pytestmark = pytest.mark.browser

ENGINE = Path(__file__).parents[2] / "static" / "js" / "redact.js"
RUN = """([table, texts]) => {
  const redactor = new UnhangRedactor(table);
  const out = texts.map(text => { redactor.startText(text); return text.split("\\n").map(line => redactor.line(line)).join("\\n"); });
  return [out, redactor.privateMap()];
}"""


def test_the_browser_hides_exactly_what_the_server_hides(chromium: Browser):
    texts = [
        *(one.text for one in planted()),
        *OTHER_FORMS,
        *NEAR_MISSES,
        "\u00a0password=\u00a0x\u3000y token: “ä”\u2028z=1",
    ]
    redactor = Redactor()
    expected = []
    for text in texts:
        redactor.start_document()
        expected.append("\n".join(redactor.line(without_colour(line)) for line in text.split("\n")))

    page = chromium.new_page()
    page.add_script_tag(path=ENGINE)
    got, private_map = page.evaluate(RUN, [json.loads(json.dumps(as_json())), texts])
    page.close()

    assert got == expected
    assert private_map == redactor.private_map()


SECRET, ADDRESS = "hf_QmVhcnNhcmVuaWNlYW5pbWFs", "52.94.236.248"
LOG = HANG.replace("Starting vllm server", f"Starting vllm server HF_TOKEN={SECRET}") + (
    f"NCCL INFO Bootstrap : Using eth0:{ADDRESS}<0>\n"
    f"gpu-7:311:402 [0] init.cc:1850 NCCL WARN connect to {ADDRESS}<4567> failed : Connection timed out\n"
)


@pytest.fixture
def sent(chromium: Browser, site: Site) -> Iterator[tuple[Page, list[str]]]:
    """A page whose console must stay silent, and everything that it sends: addresses, headers, bodies."""
    context = chromium.new_context(base_url=f"http://127.0.0.1:{site.port}", locale="en-US")
    page, requests, complaints = context.new_page(), [], []

    def note(request: Request) -> None:
        body = (request.post_data_buffer or b"").decode("latin-1")
        address = request.url.partition("#")[0]  # Playwright adds the fragment, which is not sent
        requests.append(f"{address} {request.all_headers()} {body}")

    page.on("request", note)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page, requests
    assert complaints == []
    context.close()


def upload(page: Page, folder: Path) -> str:
    send(page, folder)
    return read(page)


def send(page: Page, folder: Path) -> None:
    """Sends the log with its secrets hidden, under a name that is one too."""
    log = folder / f"{SECRET}.log"
    log.write_text(LOG, encoding="utf-8")
    page.goto("/diagnose/")
    page.locator('input[type="file"]').set_input_files([log])
    page.locator("textarea").fill(f"export DB_PASSWORD={SECRET}\n")
    page.locator("form.send").get_by_role("button", name="Diagnose").click()
    page.wait_for_url(re.compile("/cases/"))


def read(page: Page) -> str:
    """Waits for the report; the id of its case."""
    expect(page.locator("#case.report h1")).to_be_visible(timeout=30_000)
    return page.url.split("/cases/")[1].split("/")[0]


def test_neither_a_secret_nor_the_key_leaves_the_browser(sent: tuple[Page, list[str]], site: Site, tmp_path: Path):
    page, requests = sent
    site.end("worker")
    send(page, tmp_path)
    waiting = b"".join(path.read_bytes() for path in (site.folder / "data" / "spool").rglob("*") if path.is_file())
    site.start_worker()
    case_id = read(page)

    key = page.url.partition("#k=")[2]
    assert len(key) == 43
    assert b"DB_PASSWORD=<token-1>" in waiting  # as it was sent, and nobody has read it yet
    everything = "\n".join([*requests, waiting.decode()])
    assert [part for part in (SECRET, ADDRESS, key) if part in everything] == []
    row = site.row(case_id)
    assert row["private_map"]
    assert [part for part in (SECRET, ADDRESS, key) if part in repr(row)] == []
    assert [read["redactions"] for read in json.loads(row["report"])["inputs"]] == [3, 1]  # as the browser hid them


def test_the_preview_marks_each_stand_in_and_says_what_is_left_to_the_server(
    sent: tuple[Page, list[str]], tmp_path: Path
):
    page, requests = sent
    packed = tmp_path / "more.log.gz"
    packed.write_bytes(gzip.compress(LOG.encode()))
    page.goto("/diagnose/")
    page.locator("textarea").fill(LOG)
    page.locator('input[type="file"]').set_input_files([packed])

    page.get_by_role("button", name="Show what is hidden").click()

    expect(page.locator(".preview mark")).to_have_text(["<token-1>", "203.0.113.1", "203.0.113.1"])
    expect(page.locator(".redaction [role=status]")).to_have_text(
        re.compile(r"hidden here: 2\. Left to the server.*more\.log\.gz")
    )
    assert [one for one in requests if SECRET in one] == []


def test_switched_off_the_server_hides_instead(sent: tuple[Page, list[str]], site: Site):
    page, _ = sent
    page.goto("/diagnose/")
    page.locator("textarea").fill(LOG)
    page.get_by_label("Hide secrets in this browser").uncheck()
    page.locator("form.send").get_by_role("button", name="Diagnose").click()
    page.wait_for_url(re.compile("/cases/"))
    expect(page.locator("#case.report h1")).to_be_visible(timeout=30_000)

    assert "#" not in page.url
    row = site.row(page.url.split("/cases/")[1].split("/")[0])
    assert row["private_map"] == ""
    assert sum(read["redactions"] for read in json.loads(row["report"])["inputs"]) == 3


def test_a_log_pasted_on_the_front_page_is_hidden_before_it_is_sent(sent: tuple[Page, list[str]], site: Site):
    page, requests = sent
    page.goto("/")
    page.locator("textarea").fill(LOG)
    expect(page.get_by_label("Hide secrets in this browser")).to_be_checked()
    page.locator("form.box").get_by_role("button", name="Diagnose").click()
    page.wait_for_url(re.compile("/cases/"))
    case_id = read(page)

    key = page.url.partition("#k=")[2]
    assert len(key) == 43
    assert [part for part in (SECRET, ADDRESS, key) if part in "\n".join(requests)] == []
    row = site.row(case_id)
    assert row["private_map"]
    assert [read["redactions"] for read in json.loads(row["report"])["inputs"]] == [3]


def test_words_typed_on_the_front_page_are_looked_up_without_their_secrets(sent: tuple[Page, list[str]]):
    page, requests = sent
    page.goto("/")
    box = page.locator("textarea")
    with page.expect_response(re.compile("/search/")):
        box.press_sequentially(f"NCCL_P2P_DISABLE HF_TOKEN={SECRET}")
    expect(page.locator("#found .results a").first).to_be_visible()
    box.press("Enter")
    page.wait_for_url(re.compile(r"/search/\?text=NCCL_P2P_DISABLE"))

    assert "token-1" in page.url
    # While the word was typed, its beginning was no secret yet.
    assert [one for one in requests if SECRET in one] == []


PLAIN_HTTP = (
    "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined })"  # as outside a secure context
)


def test_over_plain_http_the_page_says_that_names_cannot_be_shown_again(
    sent: tuple[Page, list[str]], site: Site, tmp_path: Path
):
    page, requests = sent
    page.goto("/diagnose/")
    expect(page.get_by_text("came over plain HTTP")).to_be_hidden()

    page.add_init_script(PLAIN_HTTP)
    page.goto("/diagnose/")
    expect(page.get_by_text("came over plain HTTP")).to_be_visible()
    case_id = upload(page, tmp_path)

    assert "#" not in page.url
    assert site.row(case_id)["private_map"] == ""
    assert [one for one in requests if SECRET in one] == []


def test_who_has_the_key_sees_their_own_names_and_nobody_else(
    sent: tuple[Page, list[str]], chromium: Browser, site: Site, tmp_path: Path
):
    page, requests = sent
    case_id = upload(page, tmp_path)
    switch = page.get_by_label("Show my own names")
    expect(switch).not_to_be_checked()
    assert SECRET not in page.locator("main").inner_text()

    switch.check()
    expect(page.locator("main")).to_contain_text(f"{SECRET}.log")
    switch.uncheck()
    assert SECRET not in page.locator("main").inner_text()
    assert [one for one in requests if SECRET in one] == []

    page.goto(f"/cases/{case_id}/")  # the address without the key
    expect(page.locator("#case.report h1")).to_be_visible()
    expect(switch).to_be_hidden()


def test_a_key_that_does_not_fit_is_said_to_be_so(sent: tuple[Page, list[str]], tmp_path: Path):
    page, _ = sent
    case_id = upload(page, tmp_path)
    page.goto("about:blank")
    page.goto(f"/cases/{case_id}/#k={'A' * 43}")
    expect(page.locator("#names")).to_contain_text("does not open the names")
    expect(page.get_by_label("Show my own names")).to_be_hidden()
