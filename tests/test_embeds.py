"""The faces for other people's wikis: headers, oEmbed, and what each wiki needs (docs/embedding.md)."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from django.http import HttpResponse
from django.test import Client

from troubleshoot import shelf

EMBEDS = (
    "/embed/kb/p2p-iommu-acs/",
    "/embed/guides/stuck-in-starting/",
    "/embed/guides/stuck-in-starting/?last-line=nccl&lang=zh-hans&theme=dark",
)


@pytest.fixture(autouse=True)
def plain_static_files(settings):
    """Static files by their own names: no test needs them collected."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def outline_refuses(answer: HttpResponse) -> str:
    """Why Outline would not offer this address as an embed, or "" (its server/utils/embeds.ts)."""
    if answer.status_code >= 400:
        return f"status {answer.status_code}"
    if re.match(r"(?i)deny|sameorigin|allow-from", answer.headers.get("X-Frame-Options", "")):
        return "X-Frame-Options"
    ancestors = re.search(r"frame-ancestors([^;]*)", answer.headers.get("Content-Security-Policy", ""))
    if ancestors and "*" not in ancestors[1].split():
        return f"frame-ancestors{ancestors[1]}"
    if answer.headers.get("Cross-Origin-Embedder-Policy", "unsafe-none") != "unsafe-none":
        return "Cross-Origin-Embedder-Policy"
    return ""


def ask(client: Client, **query: str) -> HttpResponse:
    return client.get("/oembed", query)


# ---- headers


@pytest.mark.parametrize("address", EMBEDS)
def test_an_embed_can_be_framed_cached_and_sets_no_cookie(client, settings, address):
    settings.EMBED_ORIGINS = ["*"]

    answer = client.get(address)

    assert outline_refuses(answer) == ""
    assert "X-Frame-Options" not in answer.headers
    assert not answer.cookies
    assert "max-age" in answer["Cache-Control"]
    assert "Cookie" not in answer.get("Vary", "")


def test_only_the_origins_the_operator_names_may_frame(client, settings):
    settings.EMBED_ORIGINS = ["https://wiki.example", "https://docs.example:8443"]

    answer = client.get(EMBEDS[0])

    assert "frame-ancestors https://wiki.example https://docs.example:8443" in answer["Content-Security-Policy"]
    assert outline_refuses(answer)


def test_no_origin_means_nobody(client, settings):
    settings.EMBED_ORIGINS = []

    assert "frame-ancestors 'none'" in client.get(EMBEDS[0])["Content-Security-Policy"]


def test_outline_refuses_every_page_that_is_no_embed(client):
    for address in ("/", "/kb/p2p-iommu-acs/", "/diagnose/"):
        assert outline_refuses(client.get(address)) == "X-Frame-Options"


@pytest.mark.parametrize("address", EMBEDS)
def test_an_unchanged_embed_is_not_sent_again(client, address):
    tag = client.get(address)["ETag"]

    again = client.get(address, headers={"If-None-Match": tag})

    assert again.status_code == 304
    assert not again.content
    assert "frame-ancestors" in again["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_an_embed_can_only_be_read(client, method):
    assert getattr(client, method)(EMBEDS[0]).status_code == 405


# ---- behaviour


def test_an_embed_needs_no_form_and_keeps_language_theme_and_method_in_its_links(client):
    page = client.get("/embed/guides/stuck-in-starting/?lang=zh-hans&theme=dark&install_method=docker").content.decode()

    assert "<form" not in page
    assert 'data-theme="dark"' in page
    assert '<html lang="zh-Hans"' in page
    assert "?last-line=nccl&amp;lang=zh-hans&amp;theme=dark&amp;install_method=docker" in page


def test_the_cookie_of_the_whole_site_does_not_reach_an_embed(client):
    client.get("/?lang=zh-hans")

    assert '<html lang="en"' in client.get(EMBEDS[0]).content.decode()


def test_an_embed_leads_to_the_whole_page_with_the_same_answers(client):
    page = client.get("/embed/guides/stuck-in-starting/?last-line=nccl&theme=dark").content.decode()

    assert '<a href="/guides/stuck-in-starting/?last-line=nccl" target="_blank" rel="noopener">' in page


def test_the_whole_guide_can_be_walked_in_its_embed(client):
    address, page = "/embed/guides/stuck-in-starting/", ""
    state = ""
    for _ in range(12):
        page = client.get(address + state).content.decode()
        if 'class="answers"' not in page:
            break
        state = html.unescape(re.findall(r'href="(\?[^"]+)"', page.split('class="answers"')[1])[0])

    assert 'class="verdict' in page
    assert not re.search(r'method="post"', page)


# ---- oEmbed


@pytest.mark.parametrize(
    "path",
    [
        "/kb/p2p-iommu-acs/",
        "/embed/kb/p2p-iommu-acs/",
        "/kb/p2p-iommu-acs",
        "/guides/stuck-in-starting/?last-line=nccl",
    ],
)
def test_oembed_answers_for_pages_and_embeds_alike(client, path):
    answer = ask(client, url=f"http://testserver{path}")

    told = json.loads(answer.content)
    assert told["version"] == "1.0"
    assert told["type"] == "rich"
    assert told["title"]
    source = html.unescape(re.search(r'src="([^"]+)"', told["html"])[1])
    assert source.startswith("http://testserver/embed/")
    assert ("last-line=nccl" in source) == ("last-line=nccl" in path)
    assert "<script" not in told["html"]


def test_oembed_keeps_the_limits_it_is_given(client):
    told = json.loads(ask(client, url="http://testserver/kb/nvls/", maxwidth="200", maxheight="150").content)

    assert (told["width"], told["height"]) == (200, 150)
    assert 'width="200" height="150"' in told["html"]


@pytest.mark.parametrize("limit", ["0", "-5", "abc", "9" * 40])
def test_oembed_takes_no_nonsense_for_a_limit(client, limit):
    told = json.loads(ask(client, url="http://testserver/kb/nvls/", maxwidth=limit).content)

    assert told["width"] == 720


def test_oembed_speaks_xml(client):
    answer = ask(client, url="http://testserver/kb/nvls/", format="xml")

    told = ElementTree.fromstring(answer.content)  # our own answer
    assert told.tag == "oembed"
    assert told.findtext("type") == "rich"
    assert told.findtext("html", "").startswith("<iframe")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"url": "https://evil.example/kb/nvls/"}, 404),
        ({"url": "http://testserver.evil.example/kb/nvls/"}, 404),
        ({"url": "javascript:alert(1)"}, 404),
        ({"url": "http://testserver/cases/abc/"}, 404),
        ({"url": "http://testserver/kb/no-such/"}, 404),
        ({"url": "http://testserver/diagnose/"}, 404),
        ({"url": "http://["}, 404),
        ({}, 400),
        ({"url": "http://testserver/kb/nvls/", "format": "yaml"}, 501),
    ],
)
def test_oembed_refuses_what_is_not_ours_to_embed(client, query, status):
    assert ask(client, **query).status_code == status


@pytest.mark.django_db
def test_oembed_is_found_from_every_page(client):
    for address in ("/kb/nvls/", "/guides/stuck-in-starting/"):
        found = re.search(r'type="application/json\+oembed"[^>]*href="([^"]+)"', client.get(address).content.decode())
        assert found
        link = html.unescape(found[1]).removeprefix("http://testserver")
        assert client.get(link).status_code == 200


# ---- what to paste


@pytest.mark.parametrize("lang", ["en", "zh-hans"])
def test_the_snippet_page_names_each_wiki_and_the_chosen_page(client, lang):
    page = client.get(f"/embedding/?page=kb/nvls&lang={lang}").content.decode()

    for wiki in (
        "Outline",
        "Docmost",
        "BookStack",
        "wiki.js",
        "MediaWiki",
        "DokuWiki",
        "Confluence",
        "GitLab",
        "Notion",
    ):
        assert wiki in page
    assert "http://testserver/embed/kb/nvls/" in page
    assert '<option value="kb/nvls" selected>' in page


def test_every_page_that_the_snippet_page_offers_can_be_embedded(client):
    offered = re.findall(r'<option value="((?:kb|guides)/[^"]+)"', client.get("/embedding/").content.decode())

    assert len(offered) == len(shelf.articles()) + len(shelf.guides())
    for page in offered:
        assert client.get(f"/embed/{page}/").status_code == 200


def test_snippets_use_the_address_the_operator_gives(client, settings):
    settings.BASE_URL = "https://kb.example"

    page = client.get("/embedding/?page=kb/nvls").content.decode()
    told = json.loads(ask(client, url="https://kb.example/kb/nvls/").content)

    assert "https://kb.example/embed/kb/nvls/" in page
    assert "https://kb.example/embed/kb/nvls/" in told["html"]
    assert quote("https://kb.example/kb/nvls/", safe="") in client.get("/kb/nvls/").content.decode()


def test_links_of_an_embed_stay_in_the_frame_or_open_outside(client):
    html = client.get("/embed/kb/nccl-path-choice/?lang=en&theme=dark").content.decode()

    assert re.search(r'href="/embed/kb/iommu-acs-ats/\?lang=en&amp;theme=dark"', html)
    assert re.findall(r'<a href="/kb/[^>]*>', html) == re.findall(r'<a href="/kb/[^>]* target="_blank"[^>]*>', html)
    assert re.search(r'<a target="_blank" rel="noopener" href="/what-if/"', html)


def test_the_report_of_an_embedded_guide_links_to_embeds(client):
    html = client.get("/embed/guides/before-you-deploy/?virtual=unknown&shm=small").content.decode()

    for link in re.findall(r"<a [^>]*href=\"/[^>]*>", html):
        assert "/embed/" in link or 'target="_blank"' in link
