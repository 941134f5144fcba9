"""The pages: what a report shows, languages, articles, guides, search, and that nobody may frame them."""

from __future__ import annotations

import copy
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from troubleshoot import shelf
from troubleshoot.models import Case, CaseText

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent
STORED = json.loads((ROOT / "tests" / "reports" / "peer-to-peer.json").read_text(encoding="utf-8"))
HTMX = {"HX-Request": "true"}
MOST_BYTES = 60 * 1024
PAGES = (
    "/",
    "/kb/",
    "/kb/p2p-iommu-acs/",
    "/guides/",
    "/guides/stuck-in-starting/",
    "/diagnose/",
    "/search/?q=nccl",
    "/guides/stuck-in-starting/map.svg?as=page",
    "/what-if/",
    "/accuracy/",
    "/redaction/",
    "/embedding/",
)


@pytest.fixture(autouse=True)
def plain_static_files(settings):
    """Static files by their own names: no test needs them collected."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def done(report: dict[str, Any] | None = None, **more: Any) -> Case:
    """A case that is read, with the sample report and its texts."""
    fields = {
        "status": Case.Status.DONE,
        "report": report or STORED,
        "content_hash": "0" * 64,
        "delete_token_hash": "0" * 64,
    }
    case = Case.objects.create(**{**fields, **more})
    for position, one in enumerate(STORED["inputs"]):
        CaseText.objects.create(
            case=case,
            position=position,
            name=one["name"],
            packed=b"",
            numbers=b"",
            line_count=one["lines"],
            byte_count=one["bytes"],
        )
    return case


def page(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, address
    return answer.content.decode()


def words(html: str) -> str:
    """The text of a page, blanks folded."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def first_snippet(html: str) -> str:
    match = re.search(r"data-copy><code[^>]*>(.*?)</code>", html, re.S)
    assert match
    return match[1]


# ---- the report


def test_a_report_leads_with_how_likely_what_and_the_number(client):
    html = page(client, done().get_absolute_url())

    assert "Very likely: GPU peer-to-peer is blocked by the IOMMU or PCI ACS" in words(html).replace(" : ", ": ")
    assert "<b>0.86</b>" in html
    assert words(html).index("Do this") < words(html).index("Where it stopped") < words(html).index("Why")


def test_evidence_links_to_its_line_in_the_redacted_text(client):
    case = done()
    cited = STORED["causes"][0]["evidence"][0]
    position = [one["name"] for one in STORED["inputs"]].index(cited["file"])

    html = page(client, case.get_absolute_url())

    assert f"{reverse('case_text', args=[case.pk, position])}?line={cited['line']}#L{cited['line']}" in html


def test_what_was_sent_is_escaped(client):
    report = copy.deepcopy(STORED)
    report["causes"][0]["evidence"][0]["text"] = "<script>alert(1)</script>"
    report["inputs"][0]["name"] = '"><img src=x>'

    html = page(client, done(report).get_absolute_url())

    assert "<script>alert(1)" not in html
    assert "<img src=x>" not in html


def test_the_chosen_install_method_comes_first_without_scripts(client):
    address = done().get_absolute_url()

    assert "docker run" in first_snippet(page(client, f"{address}?install_method=docker"))
    assert "kind: Deployment" in first_snippet(page(client, f"{address}?install_method=kubernetes"))


def test_each_phase_says_its_state_in_words(client):
    html = page(client, done().get_absolute_url())

    states = re.findall(r'<li class="([a-z-]+)"><span class="dot"', html)
    assert states == [phase["state"] for phase in STORED["timeline"]["phases"]]
    assert "not reached" in words(html)
    assert "stuck" in words(html)


def test_every_gpu_pair_stands_in_the_table(client):
    html = page(client, done().get_absolute_url())

    for pair in STORED["topology"][0]["gpu_links"]:
        assert pair.replace("-", " – ") in html
    assert "<style>" not in html, "the page's own sheet colours pictures"


def test_too_little_evidence_asks_for_more_before_anything_else(client):
    report = copy.deepcopy(STORED)
    report["verdict"] = "insufficient-evidence"

    text = words(page(client, done(report).get_absolute_url()))

    assert (
        text.index("Run this, the most telling first")
        < text.index("Where it stopped")
        < text.index("What comes closest")
    )
    assert "Do this" not in text


def test_a_case_being_read_polls_itself_and_reloads_without_scripts(client):
    case = done(status=Case.Status.READING, report=None, step="parse")

    html = page(client, case.get_absolute_url())

    assert 'hx-trigger="every' in html
    assert '<noscript><meta http-equiv="refresh"' in html
    assert re.search(r'class="now" aria-current="step">\s*Reading the lines', html)


def test_a_finished_fragment_carries_no_trigger(client):
    answer = client.get(done().get_absolute_url(), headers=HTMX)

    assert b"hx-trigger" not in answer.content
    assert b"<html" not in answer.content


def test_a_failure_of_ours_is_never_shown_as_a_verdict(client):
    html = page(client, done(status=Case.Status.FAILED, report=None, failure="gave-up").get_absolute_url())

    assert "We could not finish reading this" in html
    assert "Nothing is wrong" not in html


def test_an_expired_case_says_so(client):
    case = done(deleted=True)

    answer = client.get(case.get_absolute_url())

    assert answer.status_code == 410
    assert "This case is gone" in answer.content.decode()


def test_no_number_claims_to_be_certain(client):
    report = copy.deepcopy(STORED)
    report["confidence"] = report["causes"][0]["confidence"] = 0.9996

    html = page(client, done(report).get_absolute_url())

    assert "<b>0.99</b>" in html
    assert "1.00" not in html


def test_a_wrong_delete_token_deletes_nothing_and_says_so(client):
    case = done()

    answer = client.post(reverse("case_delete", args=[case.pk]), {"token": "wrong"})

    assert answer.status_code == 403
    assert "Nothing was deleted" in answer.content.decode()


# ---- languages


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize(("lang", "shown"), [("en", "en"), ("zh-hans", "zh-Hans")])
def test_every_page_speaks_the_language_asked_for(client, address, lang, shown):
    joined = "&" if "?" in address else "?"

    html = page(client, f"{address}{joined}lang={lang}")

    assert f'<html lang="{shown}"' in html
    assert ("跳到正文" in html) == (lang == "zh-hans")


def test_a_chosen_language_is_kept_and_an_unknown_one_ignored(client):
    chosen = client.get("/?lang=zh-hans")
    assert chosen.cookies["django_language"].value == "zh-hans"
    assert '<html lang="zh-Hans"' in page(client, "/kb/")

    unknown = client.get("/?lang=tlh")
    assert '<html lang="zh-Hans"' in unknown.content.decode()
    assert "django_language" not in unknown.cookies


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("en-GB,en;q=0.9,zh;q=0.5", "en"),
        ("fr,zh-TW;q=0.5", "zh-Hans"),
        ("fr", "en"),
        ("", "en"),
    ],
)
def test_the_browser_decides_where_nobody_has_chosen(client, header, shown):
    assert f'<html lang="{shown}"' in page(client, "/", **{"Accept-Language": header})


def test_the_language_switch_keeps_the_rest_of_the_address(client):
    html = page(client, "/kb/shm-too-small/?install_method=docker")

    assert "/kb/shm-too-small/?install_method=docker&amp;lang=zh-hans" in html


def test_the_language_switch_keeps_a_value_that_is_given_twice(client):
    html = page(client, "/kb/nvls/?x=1&x=a+b&lang=en&y=%26")

    assert 'href="/kb/nvls/?x=1&amp;x=a+b&amp;y=%26&amp;lang=zh-hans"' in html


@pytest.mark.parametrize("address", ["/kb/nvls/", "/guides/stuck-in-starting/"])
def test_a_page_names_the_site_where_it_is_asked_for_or_as_the_operator_says(client, settings, address):
    for host in ("127.0.0.1", "localhost", "127.0.0.1"):
        html = client.get(address, headers={"host": host}).content.decode()
        assert f'<link rel="canonical" href="http://{host}{address}">' in html
    settings.BASE_URL = "https://unhang.example"

    html = client.get(address, headers={"host": "localhost"}).content.decode()

    assert f'<link rel="canonical" href="https://unhang.example{address}">' in html
    assert "http://localhost" not in html


# ---- articles


def test_an_article_shows_only_the_chosen_install_method_and_keeps_it(client):
    html = page(client, "/kb/p2p-iommu-acs/?install_method=docker&version=0.6.2")

    assert '<option value="docker" selected>' in html
    assert 'name="version" value="0.6.2"' in html
    assert "kubectl" not in html
    assert "docker run" in html


def test_a_version_that_is_none_is_not_taken(client):
    html = page(client, "/kb/p2p-iommu-acs/?version=%22%3E%3Cscript%3E")

    assert 'name="version" value=""' in html


def test_an_article_can_be_discovered(client):
    html = page(client, "/kb/p2p-iommu-acs/")

    assert '<link rel="canonical" href="http://testserver/kb/p2p-iommu-acs/">' in html
    assert "application/json+oembed" in html
    assert re.search(r'<meta property="og:description" content="[^"]{20,}"', html)


def test_every_article_is_listed_and_opens_in_both_languages(client):
    listed = page(client, "/kb/")

    for article in shelf.articles().values():
        assert f'href="{article.address}"' in listed
        for lang in ("en", "zh-hans"):
            assert "<h1>" in page(client, f"{article.address}?lang={lang}")


def test_background_begins_with_what_a_newcomer_reads(client):
    html = page(client, "/kb/")

    assert (
        html.index("/kb/stuck-in-starting/")
        < html.index("/kb/where-logs-lie/")
        < html.index("/kb/after-the-workaround/")
    )


@pytest.mark.parametrize(
    "address", ["/kb/no-such/", "/guides/no-such/", "/embed/kb/no-such/", "/cases/no-such/", "/nowhere/"]
)
def test_what_is_not_there_is_told_with_a_way_back(client, address):
    answer = client.get(address)

    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()


# ---- guides


def test_a_step_asks_one_question_whose_answers_are_links(client):
    html = page(client, "/guides/stuck-in-starting/")

    answers = re.findall(r'<li><a (?:class="unknown" )?href="(\?[^"]+)"', html)
    question = shelf.guides()["stuck-in-starting"].questions["last-line"]
    assert answers == [*(f"?last-line={answer.id}" for answer in question.answers), "?last-line=unknown"]


def test_one_answer_can_be_changed_and_the_others_stay(client):
    html = page(client, "/guides/stuck-in-starting/?last-line=nccl&how-many-nodes=one&bogus=1&last-linee=x")

    assert 'href="?how-many-nodes=one"' in html
    assert 'href="?last-line=nccl"' in html
    assert "bogus" not in html.split("<main", 1)[1]


def test_the_questions_end_in_the_same_report_as_an_upload(client):
    address = "/guides/stuck-in-starting/"
    state, html = "", page(client, address)
    for _ in range(12):
        following = re.findall(
            r'<li><a (?:class="unknown" )?href="(\?[^"]+)"', html.split('class="answers"', 1)[-1].split("</ul>", 1)[0]
        )
        if 'class="answers"' not in html:
            break
        state = following[0].replace("&amp;", "&")
        html = page(client, address + state)

    assert 'class="verdict' in html
    assert "Known so far" in html


def test_answers_that_fit_several_causes_are_not_called_unreadable(client):
    address = "/guides/nccl-error/"
    html = page(client, address)
    while unknown := re.search(r'class="unknown" href="([^"]+)"', html):
        html = page(client, address + unknown[1].replace("&amp;", "&"))

    assert "Your answers fit several causes" in html
    assert "could be read" not in html


def test_a_guide_is_drawn(client):
    picture = client.get("/guides/stuck-in-starting/map.svg?last-line=nccl")
    assert picture["Content-Type"] == "image/svg+xml"

    around = page(client, "/guides/stuck-in-starting/map.svg?as=page&last-line=nccl")
    assert "<svg" in around
    assert 'href="/guides/stuck-in-starting/?last-line=nccl"' in around


@pytest.mark.parametrize(("form", "begins"), [("mmd", "graph TD"), ("dot", "digraph")])
def test_a_guide_is_drawn_as_text_for_other_tools(client, form, begins):
    answer = client.get(f"/guides/stuck-in-starting/map.{form}", {"lang": "zh"})

    assert answer["Content-Type"].startswith("text/plain")
    assert answer.content.decode().startswith(begins)
    assert "不知道" in answer.content.decode()
    assert client.get("/guides/stuck-in-starting/map.png").status_code == 404


def test_guides_are_listed_by_what_people_come_with_first(client):
    html = page(client, "/guides/")

    assert html.index("stuck-in-starting") < html.index("nccl-error") < html.index("did-the-fix-take")


# ---- search


def test_search_works_as_a_plain_form_and_as_a_fragment(client):
    whole = page(client, "/search/?q=NCCL_P2P_DISABLE")
    part = client.get("/search/?text=NCCL_P2P_DISABLE", headers=HTMX).content.decode()

    assert 'class="results"' in whole
    assert 'class="results"' in part
    assert "<html" not in part


def test_a_pasted_log_is_not_searched_for_while_typing(client):
    assert client.get("/search/?text=one%0Atwo", headers=HTMX).content == b""


def test_the_front_page_searches_and_diagnoses_without_scripts(client):
    html = page(client, "/")

    assert '<form class="box" method="post" action="/diagnose/" enctype="multipart/form-data"' in html
    assert 'formaction="/search/" formmethod="get"' in html
    assert html.count('<li><a href="/guides/') >= 5 + 1


# ---- all pages


@pytest.mark.parametrize("address", [*PAGES, "/collect.sh", "/oembed", "/nowhere/"])
def test_nobody_may_frame_a_page(client, address):
    answer = client.get(address)

    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("address", PAGES)
def test_pages_load_nothing_from_elsewhere_and_run_no_inline_script(client, address):
    html = page(client, address)

    loaded = re.findall(
        r"<(?:script|img|iframe|source)[^>]+src=\"([^\"]+)\"|<link rel=\"(?:stylesheet|icon)\" href=\"([^\"]+)\"", html
    )
    assert loaded
    assert all((script or sheet).startswith("/static/") for script, sheet in loaded)
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"<[^>]+\son[a-z]+=", html)


def test_no_page_is_over_60_kb_of_html_css_and_javascript(client):
    case = done()
    sizes = {}
    for address in (*PAGES, case.get_absolute_url(), "/embed/guides/stuck-in-starting/"):
        html = page(client, address)
        total = len(gzip.compress(html.encode(), 6))
        for path in set(re.findall(r"(?:src|href)=\"/static/([^\"]+\.(?:js|css))\"", html)):
            total += len(gzip.compress((ROOT / "static" / path).read_bytes(), 6))
        sizes[address] = total

    assert {address: size for address, size in sizes.items() if size > MOST_BYTES} == {}


def test_a_page_is_sent_compressed_to_who_can_read_it(client):
    packed = client.get("/kb/p2p-iommu-acs/", headers={"Accept-Encoding": "gzip"})

    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(client.get("/kb/p2p-iommu-acs/").content) / 3


@pytest.mark.parametrize("code", [400, 403, 404, 410, 413, 429, 500])
def test_every_error_has_a_page_in_both_languages(code):
    from django.template.loader import render_to_string
    from django.utils import translation

    texts = []
    for lang in ("en", "zh-hans"):
        with translation.override(lang):
            texts.append(words(render_to_string(f"{code}.html")))

    assert all(str(code) in text for text in texts)
    assert texts[0] != texts[1]
